//! A clock that can be set while the demonstration is played, and then follows real time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};

use crate::ambient::Clock;

/// No time is set: follow the real clock.
const REAL: i64 = i64::MIN;

/// The clock. Clones share their setting.
#[derive(Clone)]
pub struct DemoClock {
    real: Arc<dyn Clock>,
    set_to: Arc<AtomicI64>,
}

impl std::fmt::Debug for DemoClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DemoClock")
    }
}

impl DemoClock {
    /// A clock that follows a real one until it is set.
    pub fn new(real: impl Clock + 'static) -> Self {
        Self { real: Arc::new(real), set_to: Arc::new(AtomicI64::new(REAL)) }
    }

    pub(super) fn real_now(&self) -> DateTime<Utc> {
        self.real.now()
    }

    pub(super) fn set(&self, to: DateTime<Utc>) {
        self.set_to.store(to.timestamp_micros(), Ordering::Release);
    }

    pub(super) fn follow_real_time(&self) {
        self.set_to.store(REAL, Ordering::Release);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> DateTime<Utc> {
        match self.set_to.load(Ordering::Acquire) {
            REAL => self.real.now(),
            micros => DateTime::from_timestamp_micros(micros).unwrap_or_else(|| self.real.now()),
        }
    }
}
