//! Somebody who reads for long: writers go on, and the log beside the file, which grows meanwhile, goes back within its bound by itself.

use std::{fs, time::Instant};

use diesel::connection::SimpleConnection;
use fairtrial_store::DbConnection;
use fairtrial_testkit::database::{Kind, TestDatabase};

use super::installation::{Installation, event};

/// What the log may keep between two restarts of it: `journal_size_limit`, and what a copy of the log begins with.
const BOUND: u64 = 64 * 1024 * 1024 + 32 * 1024 * 1024;

#[test]
fn the_log_of_a_file_goes_back_when_a_long_reader_ends() {
    let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
    let installation = Installation::new(&database);
    let log = || fs::metadata(format!("{}-wal", database.url().strip_prefix("sqlite:").unwrap())).unwrap().len();
    let mut number = 0;
    let mut write = |batches: u32| {
        let began = Instant::now();
        for _ in 0..batches {
            let events = (0..1_000).map(|n| event(&format!("e-{}", number * 1_000 + n), n, Some(1))).collect();
            installation.record(events);
            number += 1;
        }
        began.elapsed() / batches
    };
    let alone = write(20);
    let mut reader = DbConnection::open(&database.url().parse().unwrap()).unwrap();
    reader.batch_execute("BEGIN; SELECT COUNT(*) FROM events").unwrap();
    // Large texts fill the log sooner than events do.
    let mut filler = DbConnection::open(&database.url().parse().unwrap()).unwrap();
    filler.batch_execute("CREATE TABLE filler (x BLOB)").unwrap();
    for _ in 0..40 {
        if log() > BOUND + 32 * 1024 * 1024 {
            break;
        }
        filler.batch_execute("INSERT INTO filler VALUES (zeroblob(8000000))").unwrap();
    }
    assert!(log() > BOUND, "the log grows while somebody reads: {} bytes", log());
    let before = log();
    let beside = write(20);
    let each = (log() - before) / 20_000;
    let grown = log();
    // It stays while the reader stays: nothing else is what brings it back.
    write(2);
    assert!(log() >= grown);
    reader.batch_execute("COMMIT").unwrap();
    // Whoever copies the log back may be in the middle of it, and then the next commits begin it anew.
    for _ in 0..30 {
        write(2);
        if log() <= BOUND {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert!(log() <= BOUND, "{} bytes are left of {grown}", log());
    eprintln!("{each} bytes an event; a call of 1,000 took {alone:?} alone, and {beside:?} beside a reader");
}
