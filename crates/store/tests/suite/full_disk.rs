//! A disk without room: what has no room is refused, the rest goes on, and it ends by itself.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use diesel::connection::SimpleConnection;
use fairtrial_store::{AssignAnswer, Ballast, DiskRoom, StoreError, log};
use fairtrial_testkit::database::{Kind, TestDatabase};

use super::installation::{Installation, event, request};

/// Sets how large the file may become, on the writer's own connection: to SQLite a limit is as good as a full disk.
fn room_for(installation: &Installation, pages: u32) {
    let pragma = format!("PRAGMA max_page_count = {pages}");
    installation.write(move |c| c.batch_execute(&pragma).map_err(Into::into)).unwrap();
}

/// The same although the disk is full.
fn more_room(installation: &Installation) {
    let set =
        installation.store.write_urgently(|c| c.batch_execute("PRAGMA max_page_count = 1000000").map_err(Into::into));
    installation.wait(set).unwrap();
}

fn pages(installation: &Installation) -> u32 {
    installation.lines("SELECT CAST(page_count AS TEXT) AS line FROM pragma_page_count")[0].parse().unwrap()
}

/// Events until the disk is full; how many were kept, and why no more.
fn fill(installation: &Installation) -> (usize, StoreError) {
    let mut kept = 0;
    loop {
        let batch: Vec<_> = (0..100).map(|n| event(&format!("e-{kept}-{n}"), n, Some(1))).collect();
        match installation.wait(installation.store.record(installation.batch(batch))) {
            Ok(_) => kept += 100,
            Err(error) => return (kept, error),
        }
        assert!(kept < 10_000, "there is a limit");
    }
}

fn full() -> StoreError {
    StoreError::Unavailable("database or disk is full".into())
}

#[test]
fn it_refuses_and_recovers_by_itself() {
    let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
    let installation = Installation::new(&database);
    let drawing = installation.simple("open-door", 1_000);
    let first = installation.assign(request(&drawing, 1));
    room_for(&installation, pages(&installation) + 8);
    let (kept, refusal) = fill(&installation);
    assert_eq!(refusal, full());
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

const MEGABYTE: u64 = 1 << 20;

/// An installation with so much room set aside on a disk of which the test says how much is free.
fn with_ballast(database: &TestDatabase, wanted: u64, free: u64) -> (Installation, Ballast, Arc<AtomicU64>, PathBuf) {
    let installation = Installation::new(database);
    let file = Path::new(database.url().strip_prefix("sqlite:").unwrap()).to_owned();
    let free = Arc::new(AtomicU64::new(free));
    let measured = Arc::clone(&free);
    let ballast = Ballast::with_measure(&file, wanted, move || Ok(measured.load(Ordering::SeqCst)));
    ballast.look();
    installation.store.set_aside(ballast.clone());
    (installation, ballast, free, Ballast::place(&file))
}

/// Bytes of blocks that a file has, whatever length it says.
fn blocks_of(path: &Path) -> u64 {
    fs::metadata(path).unwrap().blocks() * 512
}

#[test]
fn what_was_set_aside_is_left_to_what_is_urgent_until_there_is_twice_as_much_room() {
    let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
    let (installation, ballast, free, place) = with_ballast(&database, 2 * MEGABYTE, 1 << 30);
    assert_eq!(ballast.room(), DiskRoom { set_aside: 2 * MEGABYTE, is_full: false, times_full: 0 });
    assert!(blocks_of(&place) >= 2 * MEGABYTE, "a file that is only long takes no room");
    let drawing = installation.simple("open-door", 1_000);
    installation.assign(request(&drawing, 1));

    room_for(&installation, pages(&installation) + 8);
    free.store(2 * MEGABYTE, Ordering::SeqCst);
    let (kept, refusal) = fill(&installation);
    assert_eq!((refusal, blocks_of(&place)), (full(), 0));
    let once = DiskRoom { set_aside: 0, is_full: true, times_full: 1 };
    assert_eq!(ballast.room(), once);

    // There is room now, as what was set aside is: it is not for what apps send, nor for what can wait.
    more_room(&installation);
    let batch = || installation.batch(vec![event("later", 1, Some(1))]);
    for _ in 0..3 {
        assert_eq!(installation.wait(installation.store.record(batch())), Err(full()));
        assert_eq!(installation.wait(installation.store.assign(request(&drawing, 2))), Err(full()));
        assert_eq!(installation.write(|_| Ok(())), Err(full()));
    }
    let stored = || installation.store.read_blocking(|c| log::events_after(c, 0, 100_000)).unwrap().len();
    assert_eq!((stored(), ballast.room()), (kept, once), "one time, however many were refused");

    free.store(4 * MEGABYTE - 1, Ordering::SeqCst);
    ballast.look();
    assert_eq!((ballast.room(), installation.write(|_| Ok(()))), (once, Err(full())));
    free.store(4 * MEGABYTE, Ordering::SeqCst);
    ballast.look();
    assert_eq!(ballast.room(), DiskRoom { set_aside: 2 * MEGABYTE, is_full: false, times_full: 1 });
    assert!(blocks_of(&place) >= 2 * MEGABYTE);
    installation.wait(installation.store.record(batch())).unwrap();
    assert_eq!(stored(), kept + 1);

    // Another time is another.
    free.store(2 * MEGABYTE, Ordering::SeqCst);
    room_for(&installation, pages(&installation) + 8);
    assert_eq!((fill_again(&installation), ballast.room().times_full), (full(), 2));
    // Whoever ends may use it for anything.
    more_room(&installation);
    installation.store.spend_what_is_set_aside();
    installation.write(|_| Ok(())).unwrap();
    free.store(1 << 30, Ordering::SeqCst);
    ballast.look();
    assert_eq!(blocks_of(&place), 0, "nothing is set aside any more");
}

/// With other events.
fn fill_again(installation: &Installation) -> StoreError {
    for round in 0..100 {
        let batch: Vec<_> = (0..100).map(|n| event(&format!("f-{round}-{n}"), n, Some(1))).collect();
        if let Err(error) = installation.wait(installation.store.record(installation.batch(batch))) {
            return error;
        }
    }
    panic!("there is a limit")
}

#[test]
fn a_disk_gives_no_more_than_it_can_spare() {
    let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
    let (installation, ballast, free, place) = with_ballast(&database, 4 * MEGABYTE, 8 * MEGABYTE - 1);
    assert_eq!((ballast.room().set_aside, place.exists()), (0, false), "an eighth is less than is worth it");
    free.store(16 * MEGABYTE, Ordering::SeqCst);
    ballast.look();
    assert_eq!(ballast.room().set_aside, 2 * MEGABYTE);
    for (bytes, set_aside) in [(20, 2), (2, 2), (30, 4), (1_000, 4)] {
        free.store(bytes * MEGABYTE, Ordering::SeqCst);
        ballast.look();
        assert_eq!(ballast.room().set_aside, set_aside * MEGABYTE, "{bytes} are free");
    }
    // What a start finds, it keeps: a file that is whole, and not one that only says so.
    let file = Path::new(database.url().strip_prefix("sqlite:").unwrap());
    let found = |free: u64, wanted: u64| {
        let ballast = Ballast::with_measure(file, wanted, move || Ok(free));
        ballast.look();
        (ballast.room().set_aside, place.metadata().map_or(0, |found| found.len()))
    };
    assert_eq!(found(0, 4 * MEGABYTE), (4 * MEGABYTE, 4 * MEGABYTE));
    assert_eq!(found(0, MEGABYTE), (MEGABYTE, MEGABYTE));
    fs::remove_file(&place).unwrap();
    fs::File::create(&place).unwrap().set_len(4 * MEGABYTE).unwrap();
    assert_eq!(found(0, 4 * MEGABYTE).0, 0);
    assert_eq!(found(1 << 30, 4 * MEGABYTE), (4 * MEGABYTE, 4 * MEGABYTE));
    assert!(blocks_of(&place) >= 4 * MEGABYTE);
    assert_eq!((found(1 << 30, 0), place.exists()), ((0, 0), false), "with 0 it is given back");
    drop(installation);
}
