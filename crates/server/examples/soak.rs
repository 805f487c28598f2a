//! The stories of `tests/suite/faults` at full length: what `scripts/soak` runs.
//!
//! ```text
//! soak PROGRAM STORY FAULTS DATABASE_URL [SERVERS]
//! ```
//!
//! The database is a new one. It prints one line with what was counted, and ends with 1 when a promise was broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a story that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a program for the command line")]

#[allow(dead_code, reason = "the small stories use more of it")]
#[path = "../tests/suite/faults/mod.rs"]
mod faults;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use faults::{
    house::House,
    stories::{self, Absence, Size},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [program, story, faults, url, rest @ ..] = words.as_slice() else {
        panic!("PROGRAM STORY FAULTS URL [SERVERS]")
    };
    let servers = rest.first().map_or(1, |servers| servers.parse().expect("a number of servers"));
    let faults = faults.parse().expect("a number of faults");
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
        // Of a small file system in memory, which load alone fills.
        "full-disk" => {
            let room = url.strip_prefix("sqlite:").and_then(|file| Path::new(file).parent()).expect("a folder");
            let more = || assert!(said("mount", &["-o", "remount,size=1g", &room.to_string_lossy()]).is_some());
            let once = Size { faults: 1, ..size };
            stories::without_store(&House::build(url, program, size.most), once, Absence::Full, || (), more)
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
    for fault in &outcome.faults {
        println!("  {fault}");
    }
    ExitCode::from(u8::from(!outcome.faults.is_empty()))
}

/// The server of PostgreSQL itself, which `scripts/postgres` has started for nobody else.
struct Postgres {
    url: String,
    data: PathBuf,
}

impl Postgres {
    fn of(url: &str) -> Self {
        let data = said("psql", &["-X", "-A", "-t", "-c", "SHOW data_directory", url]).expect("the server answers");
        Self { url: url.to_owned(), data: data.into() }
    }

    /// Ends it with all that it has started, as a loss of power does.
    fn kill(&self) {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).expect("it runs");
        let first = file.lines().next().expect("a process").to_owned();
        let others = said("ps", &["--ppid", &first, "-o", "pid="]).unwrap_or_default();
        for pid in std::iter::once(first.as_str()).chain(others.split_whitespace()) {
            // One of them may have ended by itself in between.
            drop(Command::new("kill").args(["-9", pid]).stderr(Stdio::null()).status());
        }
    }

    /// Starts it again as it was started, and waits until it answers.
    fn start(&self) {
        drop(std::fs::remove_file(self.data.join("postmaster.pid")));
        // Whoever was killed may not have been buried yet, and would be taken for a server that still runs.
        let folder = self.data.parent().expect("a folder");
        let files = std::fs::read_dir(folder).expect("its files").map(|file| file.expect("a file").path());
        for lock in files.filter(|file| file.extension().is_some_and(|kind| kind == "lock")) {
            drop(std::fs::remove_file(lock));
        }
        let line = std::fs::read_to_string(self.data.join("postmaster.opts")).expect("how it was started");
        let log = std::fs::File::create(self.data.join("log-again")).expect("a log");
        let mut command = if said("id", &["-u"]).as_deref() == Some("0") {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]);
            command
        } else {
            Command::new("env")
        };
        command.args(["sh", "-c", &format!("exec {line}")]).current_dir("/").stdout(Stdio::null()).stderr(log);
        drop(command.spawn().expect("it starts"));
        while said("psql", &["-X", "-A", "-t", "-c", "SELECT 1", &self.url]).as_deref() != Some("1") {
            std::thread::yield_now();
        }
    }
}

/// What a program says, when it ends well.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
