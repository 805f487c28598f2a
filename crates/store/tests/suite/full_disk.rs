//! A disk without room: what has no room is refused, the rest goes on, and it ends by itself.

use diesel::connection::SimpleConnection;
use fairtrial_store::{AssignAnswer, StoreError, log};
use fairtrial_testkit::database::{Kind, TestDatabase};

use super::installation::{Installation, event, request};

/// Sets how large the file may become, on the writer's own connection: to SQLite a limit is as good as a full disk.
fn room_for(installation: &Installation, pages: u32) {
    let pragma = format!("PRAGMA max_page_count = {pages}");
    installation.write(move |c| c.batch_execute(&pragma).map_err(Into::into)).unwrap();
}

#[test]
fn it_refuses_and_recovers_by_itself() {
    let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
    let installation = Installation::new(&database);
    let drawing = installation.simple("open-door", 1_000);
    let first = installation.assign(request(&drawing, 1));
    let pages: u32 =
        installation.lines("SELECT CAST(page_count AS TEXT) AS line FROM pragma_page_count")[0].parse().unwrap();
    room_for(&installation, pages + 8);
    let mut kept = 0;
    let refusal = loop {
        let batch: Vec<_> = (0..100).map(|n| event(&format!("e-{kept}-{n}"), n, Some(1))).collect();
        match installation.wait(installation.store.record(installation.batch(batch))) {
            Ok(_) => kept += 100,
            Err(error) => break error,
        }
        assert!(kept < 10_000, "there is a limit");
    };
    assert_eq!(refusal, StoreError::Unavailable("database or disk is full".into()));
    assert!(kept > 0);
    // Reading goes on, and whoever is in is still told where.
    let stored = || installation.store.read_blocking(|c| log::events_after(c, 0, 100_000)).unwrap().len();
    assert_eq!(stored(), kept);
    let (AssignAnswer::New(place), again) = (first, installation.assign(request(&drawing, 1))) else {
        panic!("{first:?}")
    };
    assert_eq!(again, AssignAnswer::Existing(place));

    room_for(&installation, 1_000_000);
    installation.record((0..100).map(|n| event(&format!("e-{kept}-{n}"), n, Some(1))).collect());
    assert_eq!(stored(), kept + 100, "the same batch again, once");
}
