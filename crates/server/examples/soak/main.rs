//! The stories of `tests/suite/faults` at full length: what `scripts/soak` runs.
//!
//! ```text
//! soak PROGRAM STORY FAULTS DATABASE_URL [SERVERS | IMAGE MOUNT | LIBRARY]
//! soak PROGRAM steady HOURS DATABASE_URL TABLE
//! ```
//!
//! The story `house` only makes the installation and prints the token of a program. The database is a new one. It prints one line with what was counted, and ends with 1 when a promise was broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a story that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a program for the command line")]

#[allow(dead_code, reason = "the small stories use more of it")]
#[path = "../../tests/suite/faults/mod.rs"]
mod faults;

mod disk;
mod postgres;
mod standby;
mod steady;

use std::{
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use disk::Disk;
use faults::{
    house::House,
    stories::{self, Absence, Size},
};
use postgres::Postgres;
use standby::{Waits, primary_lost};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [program, story, faults, url, rest @ ..] = words.as_slice() else {
        panic!("PROGRAM STORY FAULTS URL [SERVERS | IMAGE MOUNT]")
    };
    if *story == "steady" {
        let [table] = rest else { panic!("PROGRAM steady HOURS URL TABLE") };
        return steady::play(Path::new(program), url, faults, table);
    }
    let servers = rest.first().and_then(|servers| servers.parse().ok()).unwrap_or(1);
    let faults = faults.parse().expect("a number of faults");
    if *story == "house" {
        // Only the installation, for programs that have stories of their own.
        println!("{}", House::build(url, Path::new(program), 100).token);
        return ExitCode::SUCCESS;
    }
    let size = Size { callers: 16, faults, promises: 800, most: 5_000 };
    let (program, began) = (Path::new(program), Instant::now());
    let outcome = match *story {
        "killed" => stories::killed(url, program, size, servers),
        "rolled" => stories::rolled(url, program, size, servers),
        "cut-off" => stories::cut_off(url, program, size, Absence::Gone),
        "cut-off-and-killed" => stories::cut_off(url, program, size, Absence::GoneWithProgram),
        "silent" => stories::silent(url, program, size),
        "store-killed" => {
            let server = Postgres::of(url);
            stories::without_store(
                &House::build(url, program, size.most),
                size,
                Absence::Gone,
                || server.kill(),
                || server.start(),
            )
        }
        "copied" => {
            let place = |number| match url.strip_prefix("sqlite:") {
                Some(file) => format!("sqlite:{file}-{number}"),
                None => postgres::beside(url, number),
            };
            stories::copied(&House::build(url, program, size.most), size, place)
        }
        // Of two servers of PostgreSQL, of which one has every commit of the other; the second of one that has it later, and must be
        // found out.
        "primary-lost" => primary_lost(url, program, size, Waits::Yes),
        "primary-lost-unprepared" => primary_lost(url, program, size, Waits::No),
        // Of a small file system in memory, which load alone fills. The second is a server that is not prepared for it, and must be
        // found out.
        "full-disk" => disk::fills(url, program, size, ""),
        "full-disk-unprepared" => disk::fills(url, program, size, "export FAIRTRIAL_BALLAST_MEGABYTES=0;"),
        // Of a disk of its own, an image that is mounted, with database and server on it.
        "power-cut" => {
            let [image, mount] = rest else { panic!("IMAGE MOUNT") };
            let (disk, server) = (Disk::new(image, mount), url.starts_with("postgres").then(|| Postgres::of(url)));
            let mut house = House::build(url, program, size.most);
            house.room = Path::new(mount).join("servers");
            let outcome = stories::power_cut(
                &house,
                size,
                || disk.cut(),
                || {
                    if let Some(server) = &server {
                        server.kill();
                    }
                    disk.mount_again();
                    match &server {
                        Some(server) => server.start(),
                        None => disk::check_database(url),
                    }
                },
            );
            println!("of {faults} cuts {} lost what was written and not synced", disk.lost());
            assert!(disk.lost() > 0, "the cuts cut nothing");
            outcome
        }
        // With libfaketime, whose words the file holds.
        "clock-jumps" => {
            let [library] = rest else { panic!("LIBRARY") };
            let mut house = House::build(url, program, size.most);
            house.clock_jumps = true;
            let file = house.folder.path().join("clock");
            let limits = format!(
                "export LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE={} FAKETIME_NO_CACHE=1 \
                 FAKETIME_DONT_FAKE_MONOTONIC=1;",
                file.display()
            );
            // At once and whole: the program reads it all the time.
            let set = |words: &str| {
                let part = file.with_extension("part");
                std::fs::write(&part, words).and_then(|()| std::fs::rename(part, &file)).expect("the clock can be set");
            };
            stories::clock_jumps(&house, size, &limits, set)
        }
        "failing-disk" => stories::failing_disk(url, program, size),
        other => panic!("{other} is no story"),
    };
    let (counts, promises) = (outcome.counts, &outcome.promises);
    println!(
        "{story}: {faults} faults in {} s; {} answers, {} refused, {} spooled, {} broken off; {} people and {} events promised; broken \
         promises: {}",
        began.elapsed().as_secs(),
        counts.promises,
        counts.refused,
        counts.spooled,
        counts.broken_off,
        promises.places.len(),
        promises.events.len(),
        outcome.faults.len(),
    );
    if let Some((usual, longest)) = outcome.absence() {
        let (usual, longest) = (usual.as_millis(), longest.as_millis());
        println!(
            "  95 in 100 servers were gone for at most {usual} ms until somebody had an answer, the longest for {longest} ms"
        );
    }
    for fault in &outcome.faults {
        println!("  {fault}");
    }
    ExitCode::from(u8::from(!outcome.faults.is_empty()))
}

/// What a program says, when it ends well.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
