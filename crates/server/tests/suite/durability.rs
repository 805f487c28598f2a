//! Nothing that was promised is lost, doubled or changed, whatever happens to the servers: small, for every change.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use fairtrial_store::Ballast;
use fairtrial_testkit::{
    database::{Kind, TestDatabase},
    on_both_databases,
};

use serde_json::Value;

use crate::faults::{
    house::{Door, House},
    ledger::Promises,
    stories::{self, Absence, Outcome, Size},
    verdict::Stored,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fairtrial");

fn faultless(outcome: &Outcome) {
    assert_eq!(outcome.faults, Vec::<String>::new(), "{:?}", outcome.counts);
    assert!(outcome.promises.places.len() > 20 && outcome.promises.events.len() > 200, "{:?}", outcome.counts);
}

on_both_databases! {
    fn nothing_is_lost_or_doubled_when_a_server_is_killed(database) {
        let outcome = stories::killed(database.url(), Path::new(PROGRAM), Size::SMALL, 1);
        faultless(&outcome);
        assert!(outcome.counts.broken_off > 0, "calls were under way: {:?}", outcome.counts);
    }

    /// The judge is not blind.
    fn a_ledger_and_a_database_that_differ_are_told_apart(database) {
        let quiet = Size { faults: 0, ..Size::SMALL };
        let outcome = stories::killed(database.url(), Path::new(PROGRAM), quiet, 1);
        faultless(&outcome);
        let (stored, promises, most) = (Stored::read(database.url()), outcome.promises, quiet.most);
        assert_eq!(stored.faults(&promises, most), Vec::<String>::new());
        let spoilt = |spoil: fn(&mut Stored, &mut Promises)| {
            let (mut stored, mut promises) = (stored.clone(), promises.clone());
            spoil(&mut stored, &mut promises);
            stored.faults(&promises, most).join("; ")
        };
        let missing = spoilt(|stored, _| drop(stored.events.pop()));
        assert_eq!(missing, "1 events are missing");
        assert_eq!(spoilt(|stored, _| stored.events.extend_from_within(7..8)), "1 events are doubled");
        let forgotten = spoilt(|_, promises| {
            promises.events.pop_first();
        });
        assert_eq!(forgotten, "1 events are foreign");
        assert!(spoilt(|stored, _| drop(stored.assignments[0].pop())).contains("were promised a place in open"));
        let twice = spoilt(|stored, _| {
            let row = stored.assignments[1][0].clone();
            stored.assignments[1].push(row);
        });
        assert!(twice.contains("were promised a place in full"), "{twice}");
        let flipped = spoilt(|_, promises| promises.broken.push("a unit flipped".into()));
        assert_eq!(flipped, "a unit flipped");
        let mut moved = stored.clone();
        moved.assignments[0][0].arm ^= 1;
        assert_ne!(moved.recount(), stored.recount(), "whoever is moved is missed in the count");
        assert!(stored.faults(&promises, 1).join("").contains("the cap of 1 was passed"));
    }
}

#[test]
fn two_servers_on_one_database_keep_all_promises_while_they_are_killed() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    faultless(&stories::killed(database.url(), Path::new(PROGRAM), Size::SMALL, 2));
}

#[test]
fn a_rolling_restart_breaks_no_promise() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    faultless(&stories::rolled(database.url(), Path::new(PROGRAM), Size::SMALL, 2));
}

#[test]
fn while_the_database_is_away_events_wait_and_nobody_new_is_placed() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let size = Size { faults: 2, ..Size::SMALL };
    let outcome = stories::cut_off(database.url(), Path::new(PROGRAM), size, Absence::Gone);
    faultless(&outcome);
    assert!(outcome.counts.spooled > 0, "{:?}", outcome.counts);
}

#[test]
fn what_waits_on_its_disk_outlives_a_server_that_is_killed() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let size = Size { faults: 2, ..Size::SMALL };
    faultless(&stories::cut_off(database.url(), Path::new(PROGRAM), size, Absence::GoneWithProgram));
}

#[test]
fn a_database_that_says_nothing_is_away() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let size = Size { faults: 1, ..Size::SMALL };
    faultless(&stories::silent(database.url(), Path::new(PROGRAM), size));
}

#[test]
fn a_server_whose_disk_fails_ends_and_keeps_what_it_promised() {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("a database");
    faultless(&stories::failing_disk(database.url(), Path::new(PROGRAM), Size::SMALL));
}

/// What `fairtrial doctor` says of the room that is set aside.
fn ballast_of(url: &str, data: &Path, megabytes: &str) -> (String, String) {
    let mut doctor = Command::new(PROGRAM);
    doctor.args(["doctor", "--json", "--database-url", url, "--data"]).arg(data);
    doctor.env("FAIRTRIAL_MASTER_KEY", "07".repeat(32)).env("FAIRTRIAL_BALLAST_MEGABYTES", megabytes);
    let said = doctor.output().expect("it runs").stdout;
    let said: Value = serde_json::from_slice(&said).expect("JSON");
    let finding = said["findings"].as_array().unwrap().iter().find(|finding| finding["what"] == "ballast");
    let word = |name: &str| finding.unwrap()[name].as_str().unwrap().to_owned();
    (word("state"), word("detail"))
}

#[test]
fn a_server_sets_room_aside_and_gives_it_back_as_it_is_told() {
    let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
    let house = House::build(database.url(), Path::new(PROGRAM), 100);
    let file = database.url().strip_prefix("sqlite:").unwrap();
    let place = Ballast::place(Path::new(file));
    let said = |megabytes| ballast_of(database.url(), &house.data(0), megabytes);
    std::fs::create_dir(house.data(0)).unwrap();
    assert_eq!(said("2").0, "note");
    let wait_for = |bytes: u64| {
        let began = Instant::now();
        while Ballast::taken_by(&place).unwrap() != bytes {
            assert!(began.elapsed() < Duration::from_secs(60), "{} bytes are not there: {}", bytes, house.log());
            Door::default().moment(Duration::from_millis(20));
        }
    };
    for (megabytes, bytes) in [("2", 2 << 20), ("1", 1 << 20), ("0", 0)] {
        let server = house.start(0, &format!("export FAIRTRIAL_BALLAST_MEGABYTES={megabytes};"));
        wait_for(bytes);
        assert!(server.stop().success());
        wait_for(bytes);
        let wanted = match bytes {
            0 => ("note".to_owned(), "no room is set aside for when the disk is full, as the settings say".to_owned()),
            _ => ("well".to_owned(), format!("{megabytes} MiB are set aside for when the disk is full")),
        };
        assert_eq!(said(megabytes), wanted);
    }
}
