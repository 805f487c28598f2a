//! A server that is asked the same all day long: does it stay as it is?
//!
//! Apps ask for places and send events at a steady beat, somebody reads pages, an app takes its flags and listens, and copies are made
//! now and then. Every minute it is written down how large the server is and how long its answers took. In the end the judge of all
//! stories looks for what was promised, the last copy is restored, and [`level`] looks at the minutes.

pub(crate) mod level;
pub(crate) mod minutes;
mod rhythm;
mod visitors;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::{Duration, Instant},
};

use self::{
    level::Finding,
    minutes::{Gauges, Minute, Process, Table, Tray},
    rhythm::Beat,
    visitors::{Flags, Reader},
};
use super::{
    house::{Door, House, Server},
    ledger::{Ledger, Promises},
    load::{Caller, Load},
    stories::Outcome,
    verdict::judge,
};

/// A short run is looked at so often, a long one every minute.
const LOOKS: u32 = 48;

/// A copy is made after each of these parts but the last: every hour of eight.
const PARTS: u32 = 8;

/// What came of it.
pub(crate) struct Day {
    pub(crate) outcome: Outcome,
    pub(crate) minutes: Vec<Minute>,
    pub(crate) findings: Vec<Finding>,
}

/// Plays the story for so long on a new SQLite file, with a table of its minutes in a file.
pub(crate) fn steady(url: &str, program: &Path, length: Duration, table: &Path) -> Day {
    let file = PathBuf::from(url.strip_prefix("sqlite:").expect("one server with a file of its own"));
    let warm_up = length / PARTS;
    // Of those who come in the first eighth a fifth asks for the trial with a cap: it is full before that is over.
    let most = (warm_up.as_secs_f64() * rhythm::NEW * 0.05) as u64 + 1;
    let house = House::build(url, program, most);
    let watched = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let server = house.start(0, &format!("export FAIRTRIAL_METRICS_LISTEN={watched};"));
    let (door, ledger) = (Door::default(), Ledger::new(house.folder.path().join("ledger")));
    door.set(&[&server]);
    let mut flags = Flags::new(server.address, &house.token, &ledger);
    let stage = Stage {
        house: &house,
        program,
        door: &door,
        ledger: &ledger,
        server: &server,
        gauges: Gauges::at(watched),
        tray: Tray::default(),
        ending: AtomicBool::new(false),
        began: Instant::now(),
        length,
    };
    let stream = flags.take(&stage.tray);
    let (losses, mut copies, mut minutes) = (AtomicU32::new(0), Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        for number in 0..rhythm::CALLERS {
            let stage = &stage;
            scope.spawn(move || stage.call(number));
        }
        scope.spawn(|| stage.read());
        scope.spawn(|| stage.take(&mut flags));
        scope.spawn(|| {
            let _end = stage.end(false);
            losses.store(visitors::listen(server.address, &stream, &stage.ending), Ordering::SeqCst);
        });
        scope.spawn(|| copies = stage.copy());
        let _end = stage.end(true);
        minutes = stage.watch(&file, &mut Table::create(table));
    });
    let status = server.stop();
    assert!(status.success(), "a server that is told to end ends with {status}: {}", house.log());
    let mut findings = level::findings(&minutes);
    findings.push(level::pace(&minutes, (rhythm::PLACES, rhythm::EVENTS), rhythm::BATCH));
    findings.push(level::stream(losses.into_inner()));
    findings.push(level::copies(&copies, PARTS as usize - 1));
    let promises = Promises::read(&ledger.path);
    let mut faults = judge(&house, &promises, Some(0));
    faults.extend(restored(&house, program, copies.len()).err());
    Day { outcome: Outcome { counts: ledger.counts(), promises, faults, absences: Vec::new() }, minutes, findings }
}

/// A day under way.
struct Stage<'a> {
    house: &'a House,
    program: &'a Path,
    door: &'a Door,
    ledger: &'a Ledger,
    server: &'a Server,
    gauges: Gauges,
    tray: Tray,
    ending: AtomicBool,
    began: Instant,
    length: Duration,
}

impl Stage<'_> {
    /// Ends everything when it is dropped, or only when whoever holds it fails.
    fn end(&self, always: bool) -> impl Drop {
        struct End<'a>(&'a AtomicBool, &'a Door, bool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                if self.2 || std::thread::panicking() {
                    self.0.store(true, Ordering::SeqCst);
                }
                if std::thread::panicking() {
                    self.1.give_up();
                }
            }
        }
        End(&self.ending, self.door, always)
    }

    fn beat(&self, first: Duration, every: Duration) -> Beat<'_> {
        Beat::new(self.began + first, every, &self.ending, &self.tray)
    }

    fn call(&self, number: u64) {
        let _end = self.end(false);
        let clock = |kind, time| self.tray.took(kind, time);
        let load =
            Load { house: self.house, door: self.door, ledger: self.ledger, ending: &self.ending, clock: &clock };
        // Not all at once.
        let mut beat = self.beat(Duration::from_millis(3 * number), rhythm::BEAT);
        let is_warming_up = || self.began.elapsed() < self.length / PARTS;
        rhythm::call(Caller::new(load, number), number, is_warming_up, &mut beat);
    }

    fn read(&self) {
        let _end = self.end(false);
        let mut readers = visitors::READERS.map(|email| Reader::signed_in(self.server.address, email));
        let mut beat = self.beat(self.began.elapsed(), Duration::from_secs(1));
        for pages in visitors::PAGES.iter().cycle() {
            for (reader, page) in readers.iter_mut().zip(pages) {
                if !beat.wait() {
                    return;
                }
                reader.open(page, &self.tray);
            }
        }
    }

    fn take(&self, flags: &mut Flags) {
        let _end = self.end(false);
        let mut beat = self.beat(Duration::ZERO, Duration::from_secs(10));
        while beat.wait() {
            flags.take(&self.tray);
        }
    }

    /// Makes the copies, as an operator does; the seconds that each took.
    fn copy(&self) -> Vec<f64> {
        let _end = self.end(false);
        let part = self.length / PARTS;
        let (mut beat, mut times) = (self.beat(part, part), Vec::new());
        while times.len() + 1 < PARTS as usize && beat.wait() {
            let asked = Instant::now();
            let folder = copy_in(self.house, times.len() + 1);
            let mut command = fairtrial(self.program, self.house);
            command.args(["backup".as_ref(), folder.as_os_str(), "--database-url".as_ref(), self.house.url.as_ref()]);
            said(command.arg("--data").arg(self.house.data(0))).unwrap_or_else(|why| panic!("no copy was made: {why}"));
            let seconds = asked.elapsed().as_secs_f64();
            drop(std::fs::remove_dir_all(copy_in(self.house, times.len())));
            self.tray.copied(seconds);
            times.push(seconds);
        }
        times
    }

    /// Writes the minutes down until the end.
    fn watch(&self, file: &Path, table: &mut Table) -> Vec<Minute> {
        let every = (self.length / LOOKS).min(Duration::from_secs(60));
        let looks_in_it = (every.as_secs() / 5).max(1) as u32;
        let (mut minutes, mut before) = (Vec::new(), self.ledger.counts());
        let mut beat = self.beat(every / looks_in_it, every / looks_in_it);
        while self.began.elapsed() < self.length {
            let mut minute = Minute::default();
            for _ in 0..looks_in_it {
                if !beat.wait() {
                    return minutes;
                }
                let [behind, known] = self.gauges.read(["fairtrial_tallies_behind_seconds", "fairtrial_known_units"]);
                minute.behind = minute.behind.max(behind);
                minute.known = known as u64;
            }
            let now = self.ledger.counts();
            minute.refused = now.refused - before.refused;
            minute.broken_off = now.broken_off - before.broken_off;
            before = now;
            minute.at = self.began.elapsed().as_secs_f64();
            minute.process = Process::read(self.server.pid());
            minute.file = minutes::size(file);
            minute.log = minutes::size(Path::new(&format!("{}-wal", file.display())));
            minute.load = minutes::load_of_the_machine();
            self.tray.empty_into(&mut minute);
            table.add(&minute);
            minutes.push(minute);
        }
        minutes
    }
}

fn copy_in(house: &House, number: usize) -> PathBuf {
    house.folder.path().join(format!("copy-{number}"))
}

/// Whether the last copy comes back.
fn restored(house: &House, program: &Path, number: usize) -> Result<(), String> {
    let mut command = fairtrial(program, house);
    command.arg("restore").arg(copy_in(house, number)).arg("--data").arg(house.folder.path().join("restored"));
    said(&mut command).map_err(|why| format!("the last copy does not come back: {why}"))
}

/// The program as an operator calls it.
fn fairtrial(program: &Path, house: &House) -> Command {
    let mut command = Command::new(program);
    command.env_remove("DATABASE_URL").env("FAIRTRIAL_MASTER_KEY", "07".repeat(32)).current_dir(house.folder.path());
    command
}

fn said(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let why = || format!("{} {}", output.status, String::from_utf8_lossy(&output.stderr));
    output.status.success().then_some(()).ok_or_else(why)
}
