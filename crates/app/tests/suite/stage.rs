//! An application on a database of its own, with a clock that tests set and chance that they can repeat.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Duration, Utc};
use fairtrial_app::{Ambient, App, Clock, MasterKey, RandomSource};
use fairtrial_store::{Store, WriterSettings};
use fairtrial_testkit::database::TestDatabase;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// A clock that stands until it is moved.
#[derive(Clone)]
pub(crate) struct StandingClock(Arc<AtomicI64>);

impl StandingClock {
    pub(crate) fn new() -> Self {
        let start: DateTime<Utc> = "2026-11-23T09:00:00Z".parse().unwrap();
        Self(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.num_microseconds().unwrap(), Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Chance that repeats.
pub(crate) struct Seeded(Mutex<ChaCha12Rng>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha12Rng::seed_from_u64(seed)))
    }
}

impl RandomSource for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(buffer);
    }
}

pub(crate) async fn open(database: &TestDatabase, clock: impl Clock + 'static) -> Arc<App> {
    let url = database.url().parse().unwrap();
    Store::migrate(&url).unwrap();
    let store = Store::open(&url, WriterSettings::default()).unwrap();
    App::load(store, MasterKey::new(&[5; 32]), Ambient::new(clock, Seeded::new(1))).await.unwrap()
}
