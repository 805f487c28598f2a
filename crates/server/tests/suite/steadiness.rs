//! A server that is asked the same all day long stays as it is, and one that does not is found: days that were made up, and one of
//! seconds that is played.

use std::{collections::BTreeMap, path::Path, time::Duration};

use crate::faults::{
    load::Kind,
    steady::{
        level::{Finding, findings, is_level, pace},
        minutes::{Minute, Process, Took},
        steady,
    },
};

/// Eight hours of a server that stays as it is, as far as one can see it beside its noise.
fn level_day() -> Vec<Minute> {
    let mut minutes: Vec<Minute> = (1..=480).map(minute).collect();
    // What a server takes while it warms up says nothing.
    for minute in &mut minutes[..60] {
        minute.process.resident -= 40_000_000 - (minute.at * 11_000.0) as u64;
    }
    minutes
}

fn minute(number: u64) -> Minute {
    // Between 0 and 6, without an order that a line could follow.
    let noise = number * 5 % 7;
    let took = |p99: f64| Took { answers: 6_000, median: p99 / 4.0, p99: p99 + noise as f64 / 10.0 };
    Minute {
        at: number as f64 * 60.0,
        process: Process {
            resident: 250_000_000 + noise * 300_000,
            anonymous: 220_000_000 + noise * 300_000,
            descriptors: 60 + noise,
            threads: 20 + noise % 3,
        },
        file: number * 5_000_000,
        log: 67_000_000,
        known: 45_000,
        behind: 0.2,
        took: BTreeMap::from([(Kind::Known, took(3.0)), (Kind::Events, took(20.0)), (Kind::Page, took(8.0))]),
        ..Minute::default()
    }
}

/// The words of what is wrong with a day that was spoilt in each of its minutes.
fn wrong_of(mut minutes: Vec<Minute>, spoil: impl Fn(&mut Minute)) -> Vec<String> {
    minutes.iter_mut().for_each(spoil);
    let wrong = findings(&minutes).into_iter().filter_map(|finding| match finding {
        Finding::Wrong(words) => Some(words.split(':').next().unwrap_or_default().to_owned()),
        Finding::Level(_) | Finding::TooShort(_) => None,
    });
    wrong.collect()
}

fn wrong(spoil: impl Fn(&mut Minute)) -> Vec<String> {
    wrong_of(level_day(), spoil)
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_level_day_is_level() {
    assert_eq!(wrong(|_| ()), NOTHING);
    let found = findings(&level_day());
    assert!(is_level(&found) && found.iter().all(|finding| matches!(finding, Finding::Level(_))), "{found:?}");
    assert_eq!(found.len(), 8, "memory, descriptors, threads, log, tallies, and three kinds of answers: {found:?}");
}

#[test]
fn memory_that_leaks_is_found() {
    let leak = |megabytes: f64| {
        move |minute: &mut Minute| minute.process.resident += (minute.at / 3_600.0 * megabytes * 1e6) as u64
    };
    assert_eq!(wrong(leak(0.5)), NOTHING);
    assert_eq!(wrong(leak(2.0)), ["resident memory"]);
    // Also what is only kept from the middle of the day on.
    let late = |minute: &mut Minute| {
        minute.process.resident += ((minute.at - 14_400.0).max(0.0) / 3_600.0 * 3e6) as u64;
    };
    assert_eq!(wrong(late), ["resident memory"]);
    let said = format!("{:?}", findings(&level_day())[0]);
    assert!(said.contains("45000 people at first and 45000 in the end"), "{said}");
}

#[test]
fn descriptors_and_threads_that_leak_are_found() {
    assert_eq!(wrong(|minute| minute.process.descriptors += (minute.at / 3_600.0) as u64), ["open descriptors"]);
    assert_eq!(wrong(|minute| minute.process.threads += (minute.at / 3_600.0) as u64), ["threads"]);
    // What comes and goes with what is done leaks nothing.
    assert_eq!(
        wrong(|minute| minute.process.descriptors += u64::from((minute.at as u64 / 60).is_multiple_of(10)) * 50),
        NOTHING
    );
}

#[test]
fn a_log_without_an_end_is_found() {
    // Five hundred events a second, of which nothing goes into the file.
    assert_eq!(wrong(|minute| minute.log = (minute.at * 500.0 * 143.0) as u64), ["log beside the file"]);
    assert_eq!(wrong(|minute| minute.log = 130_000_000), NOTHING);
}

#[test]
fn answers_that_become_slower_are_found() {
    let slower = |kind: Kind, factor: f64| {
        move |minute: &mut Minute| {
            let took = minute.took.get_mut(&kind).expect("it is asked");
            took.p99 *= 1.0 + (factor - 1.0) * (minute.at / 28_800.0);
        }
    };
    // From the middle of the second quarter to the middle of the last they become twice as slow.
    assert_eq!(wrong(slower(Kind::Events, 4.2)), ["events"]);
    assert_eq!(wrong(slower(Kind::Events, 1.2)), NOTHING);
    // What is quick may double: that is the machine's noise, as is a minute here and there.
    assert_eq!(wrong(slower(Kind::Known, 2.0)), NOTHING);
    assert_eq!(wrong(slower(Kind::Known, 20.0)), ["known"]);
    let now_and_then = |minute: &mut Minute| {
        if (minute.at as u64 / 60).is_multiple_of(10) {
            minute.took.values_mut().for_each(|took| took.p99 = 900.0);
        }
    };
    assert_eq!(wrong(now_and_then), NOTHING);
}

#[test]
fn tallies_that_fall_behind_are_found() {
    assert_eq!(wrong(|minute| minute.behind = minute.at / 2_000.0), ["tallies"]);
}

#[test]
fn a_pace_that_was_not_kept_is_found() {
    // Six thousand calls for a place and as many batches of twenty in each minute.
    let day = level_day();
    assert!(matches!(pace(&day, (100.0, 2_000.0), 20), Finding::Level(_)));
    assert!(matches!(pace(&day, (120.0, 2_000.0), 20), Finding::Wrong(_)));
    assert!(matches!(pace(&day, (100.0, 2_200.0), 20), Finding::Wrong(_)));
    let mut refused = day;
    refused[400].refused = 1;
    assert!(matches!(pace(&refused, (100.0, 2_000.0), 20), Finding::Wrong(_)));
}

#[test]
fn a_run_of_minutes_says_nothing_of_what_still_fills() {
    let short = || level_day().drain(..20).collect::<Vec<_>>();
    let leak = |minute: &mut Minute| minute.process.resident += (minute.at * 1e6) as u64;
    assert_eq!(wrong_of(short(), leak), NOTHING);
    let mut minutes = short();
    minutes.iter_mut().for_each(leak);
    assert!(matches!(findings(&minutes)[0], Finding::TooShort(_)));
    assert_eq!(wrong_of(short(), |minute| minute.log += 70_000_000), ["log beside the file"]);
    assert!(!is_level(&findings(&[])));
    assert!(!is_level(&findings(&level_day()[..7])), "of less than this there are no quarters");
}

/// What is measured is what there is: of this process.
#[test]
fn what_a_process_takes_is_seen() {
    const SIZE: usize = 64 << 20;
    let read = || Process::read(std::process::id());
    let before = read();
    let files: Vec<_> = (0..20).map(|_| std::fs::File::open("/dev/null").expect("it is there")).collect();
    // Written to, as the kernel gives no memory that nobody has touched.
    let memory = std::hint::black_box(vec![1_u8; SIZE]);
    let (stay, go) = std::sync::mpsc::channel::<()>();
    let go = std::sync::Mutex::new(go);
    std::thread::scope(|scope| {
        let wait = || go.lock().expect("nobody fails").recv().is_err();
        (0..3).for_each(|_| drop(scope.spawn(wait)));
        let now = read();
        assert_eq!((now.descriptors, now.threads), (before.descriptors + 20, before.threads + 3));
        let more = |size: fn(&Process) -> u64| size(&now).saturating_sub(size(&before));
        for size in [more(|process| process.resident), more(|process| process.anonymous)] {
            assert!((60_000_000..80_000_000).contains(&size), "{size} bytes more");
        }
        drop(stay);
    });
    drop((files, memory));
    let after = read();
    assert_eq!(after.descriptors, before.descriptors);
    assert!(after.resident < before.resident + 20_000_000, "it was given back: {after:?}");
}

#[test]
fn a_day_of_seconds_is_played_to_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("fairtrial.db").display());
    let table = folder.path().join("minutes.csv");
    let day = steady(&url, Path::new(env!("CARGO_BIN_EXE_fairtrial")), Duration::from_millis(4_800), &table);
    assert_eq!(day.outcome.faults, Vec::<String>::new(), "{:?}", day.outcome.counts);
    let (people, events) = (day.outcome.promises.places.len(), day.outcome.promises.events.len());
    assert!(people > 20 && events > 200, "{people} people, {events} events");
    let rows = std::fs::read_to_string(&table).expect("the table");
    let columns: Vec<usize> = rows.lines().map(|row| row.split(',').count()).collect();
    assert_eq!((columns.len(), columns.iter().min()), (day.minutes.len() + 1, columns.iter().max()), "{rows}");
    let said = format!("{:?}", day.findings);
    assert!(said.contains("copies: 7 of 7") && said.contains("lost 0 times"), "{said}");
    let answers = |kind: Kind| {
        day.minutes.iter().filter_map(|minute| minute.took.get(&kind)).map(|took| took.answers).sum::<usize>()
    };
    for kind in [Kind::Known, Kind::New, Kind::Event, Kind::Events, Kind::Page, Kind::Flags] {
        assert!(answers(kind) > 0, "nobody asked for {kind:?}");
    }
    let last = day.minutes.last().expect("minutes");
    assert!(last.process.resident > 5_000_000 && last.process.descriptors > 10 && last.file > 0, "{last:?}");
    assert_eq!(last.known, people as u64, "the server counts whom it placed");
}
