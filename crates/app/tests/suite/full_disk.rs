//! A full disk: what is urgent is done, all else is refused, and the audit tells of it once each time.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::Duration;
use fairtrial_app::{Ambient, App, AppError, Clock as _, MasterKey, frontline::assign::AssignCall, trials::life::Move};
use fairtrial_domain::trial::Verb;
use fairtrial_store::{Ballast, Store, StoreError, WriterSettings, audit};
use fairtrial_testkit::database::{Kind, TestDatabase};
use serde_json::json;

use crate::stage::{Company, PASSWORD, Seeded, StandingClock, call, plan, run};

const MEGABYTE: u64 = 1 << 20;

/// The moments of the entries that tell of a full disk.
fn told(store: &Store) -> Vec<i64> {
    let rows = store.read_blocking(|c| audit::after(c, 0, 1_000)).unwrap();
    rows.iter().filter(|row| row.action == "storage.full").map(|row| row.at).collect()
}

/// A write that finds no room, as far as the writer can tell.
async fn find_no_room(store: &Store) {
    let full = StoreError::Unavailable("database or disk is full".into());
    let answer = full.clone();
    assert_eq!(store.write(move |_| Err::<(), _>(answer)).await, Err(full));
}

#[test]
fn a_trial_can_be_stopped_and_the_audit_tells_once() {
    run(async {
        let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
        let (clock, url) = (StandingClock::new(), database.url().parse().unwrap());
        Store::migrate(&url).unwrap();
        let store = Store::open(&url, WriterSettings::default()).unwrap();
        let ambient = Ambient::new(clock.clone(), Seeded::new(1));
        let app = App::load(store.clone(), MasterKey::new(&[5; 32]), ambient).await.unwrap();
        let company = Company::hire(&app, "justice").await;
        let trial = company.start(&app, &plan("letter", "justice", &json!({}))).await;
        let known = app.assign(&company.key, &trial, &call("known")).await.unwrap();

        let free = Arc::new(AtomicU64::new(1 << 30));
        let measured = Arc::clone(&free);
        let file = Path::new(database.url().strip_prefix("sqlite:").unwrap()).to_owned();
        let ballast = Ballast::with_measure(&file, MEGABYTE, move || Ok(measured.load(Ordering::SeqCst)));
        ballast.look();
        store.set_aside(ballast.clone());
        app.note_full_disk().await.unwrap();
        assert_eq!(told(&store), [0; 0], "nothing has happened yet");

        free.store(MEGABYTE, Ordering::SeqCst);
        find_no_room(&store).await;
        let first = clock.now().timestamp_micros();
        app.note_full_disk().await.unwrap();
        clock.advance(Duration::minutes(5));
        for n in 0..3 {
            let refused = app.assign(&company.key, &trial, &call(&format!("new-{n}"))).await;
            assert!(matches!(refused, Err(AppError::Unavailable(_))), "{refused:?}");
            app.note_full_disk().await.unwrap();
        }
        assert_eq!(told(&store), [first]);
        assert_eq!(app.assign(&company.key, &trial, &call("known")).await.unwrap().arm, known.arm);
        // What is only counted waits; whoever must act can.
        let looked_ahead = AssignCall { dry_run: true, ..call("known") };
        app.assign(&company.key, &trial, &looked_ahead).await.unwrap();
        let waits = app.write_counters().await;
        assert!(matches!(waits, Err(AppError::Unavailable(_))), "{waits:?}");
        app.sign_in("designer@justice.example", PASSWORD).await.unwrap();
        let wrong = app.sign_in("designer@justice.example", "four quiet red doors").await;
        assert!(matches!(wrong, Err(AppError::Unauthenticated)), "{wrong:?}");
        let other = app.create_trial(&company.designer, &plan("other", "justice", &json!({}))).await;
        assert!(matches!(other, Err(AppError::Unavailable(_))), "{other:?}");
        app.move_trial(&company.designer, &trial, &Move::plain(Verb::Suspend, "people are harmed")).await.unwrap();
        let last = store.read_blocking(|c| audit::latest(c, "letter", "trial.suspend")).unwrap();
        assert!(last.is_some(), "it is kept");

        free.store(2 * MEGABYTE, Ordering::SeqCst);
        ballast.look();
        app.write_counters().await.unwrap();
        find_no_room(&store).await;
        let second = clock.now().timestamp_micros();
        // A server that ends tells it too, and writes what it has counted.
        app.assign(&company.key, &trial, &looked_ahead).await.unwrap();
        app.write_last_counters().await.unwrap();
        assert_eq!(told(&store), [first, second]);
    });
}
