//! What is done to the servers while callers call.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

use super::{
    house::{Door, House, Server, TRIALS},
    ledger::{Counts, Ledger, Promise, Promises},
    load::{just_after, under_load},
    proxy::Proxy,
    verdict::{judge, judge_copy},
    wire::Line,
};

/// How large a story is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) callers: u64,
    /// How often the fault comes.
    pub(crate) faults: u32,
    /// Promises between two faults, on average.
    pub(crate) promises: u64,
    /// Most people in the trial with a cap.
    pub(crate) most: u64,
}

impl Size {
    /// Some seconds.
    pub(crate) const SMALL: Self = Self { callers: 6, faults: 4, promises: 150, most: 100 };
}

/// What came of a story.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    pub(crate) promises: Promises,
    pub(crate) faults: Vec<String>,
    /// How long each server that was ended was gone: until it was there again and somebody had an answer. Shortest first.
    pub(crate) absences: Vec<Duration>,
}

impl Outcome {
    /// The absence that 95 in 100 do not exceed, and the longest.
    #[allow(dead_code, reason = "the long stories tell it")]
    pub(crate) fn absence(&self) -> Option<(Duration, Duration)> {
        let most = self.absences.len().checked_sub(1)?;
        Some((self.absences[most * 95 / 100], self.absences[most]))
    }
}

/// An installation under load, with the servers that answer for it.
struct Scene<'a> {
    house: &'a House,
    door: &'a Door,
    ledger: &'a Ledger,
    servers: Vec<Server>,
    chance: ChaCha12Rng,
    absences: Vec<Duration>,
}

impl Scene<'_> {
    fn open(&self) {
        self.door.set(&self.servers.iter().collect::<Vec<_>>());
    }

    /// Waits for so many more promises, more or less, and a moment.
    fn wait(&mut self, promises: u64) {
        let more = self.chance.random_range(promises / 2..=promises + promises / 2);
        let until = self.ledger.counts().promises + more;
        self.ledger.wait_for("more answers", |counts| counts.promises >= until);
        let moment = self.chance.random_range(0..10_000);
        self.door.moment(Duration::from_micros(moment));
    }

    /// Ends one server in this way, and starts it again.
    fn replace(&mut self, end: impl FnOnce(Server)) {
        let number = self.chance.random_range(0..self.servers.len());
        let began = Instant::now();
        end(self.servers.remove(number));
        self.open();
        let again = self.house.start(number, "");
        self.servers.insert(number, again);
        self.open();
        let before = self.ledger.counts().promises;
        self.ledger.wait_for("an answer", |counts| counts.promises > before);
        self.absences.push(began.elapsed());
    }
}

/// Plays a story, brings it to its end, and judges it.
fn play(house: &House, servers: usize, callers: u64, conduct: impl FnOnce(&mut Scene<'_>)) -> Outcome {
    play_with(house, (servers, ""), callers, conduct)
}

/// The same with words of a shell before each program that is there from the beginning.
fn play_with(
    house: &House,
    (servers, limits): (usize, &str),
    callers: u64,
    conduct: impl FnOnce(&mut Scene<'_>),
) -> Outcome {
    let (door, ledger) = (Door::default(), Ledger::new(house.folder.path().join("ledger")));
    let servers = (0..servers).map(|number| house.start(number, limits)).collect();
    let chance = ChaCha12Rng::seed_from_u64(1);
    let mut scene = Scene { house, door: &door, ledger: &ledger, servers, chance, absences: Vec::new() };
    scene.open();
    under_load(house, &door, &ledger, callers, || conduct(&mut scene));
    house.wait_until_handed_over(&door);
    for server in scene.servers.drain(..) {
        let status = server.stop();
        assert!(status.success(), "a server that is told to end ends with {status}: {}", house.log());
    }
    let promises = Promises::read(&ledger.path);
    let faults = judge(house, &promises, Some(0));
    scene.absences.sort_unstable();
    Outcome { counts: ledger.counts(), promises, faults, absences: scene.absences }
}

/// Servers are killed at any moment and started again.
pub(crate) fn killed(url: &str, program: &Path, size: Size, servers: usize) -> Outcome {
    let house = House::build(url, program, size.most);
    play(&house, servers, size.callers, |scene| {
        for _ in 0..size.faults {
            scene.wait(size.promises);
            scene.replace(Server::kill);
        }
        scene.wait(size.promises);
    })
}

/// Servers are ended as an operator ends them, one after the other, as for a new version.
pub(crate) fn rolled(url: &str, program: &Path, size: Size, servers: usize) -> Outcome {
    let house = House::build(url, program, size.most);
    play(&house, servers, size.callers, |scene| {
        for _ in 0..size.faults {
            scene.wait(size.promises);
            scene.replace(|server| {
                let status = server.stop();
                assert!(status.success(), "a server that is told to end ends with {status}");
            });
        }
        scene.wait(size.promises);
    })
}

/// Copies are made while callers call. Each is brought back into a database of its own, which `place` names by its number, and judged.
#[allow(dead_code, reason = "the long stories copy")]
pub(crate) fn copied(house: &House, size: Size, place: impl Fn(usize) -> String) -> Outcome {
    let copies = tempfile::tempdir().expect("a folder");
    let copy = |number: usize| copies.path().join(number.to_string()).to_string_lossy().into_owned();
    let mut before = Vec::new();
    let mut outcome = play(house, 1, size.callers, |scene| {
        for number in 0..size.faults as usize {
            scene.wait(size.promises);
            before.push(Promises::read(&scene.ledger.path));
            house.command(&["backup", &copy(number)]);
        }
        scene.wait(size.promises);
    });
    for (number, before) in before.iter().enumerate() {
        let restored = house.elsewhere(&place(number));
        restored.command(&["restore", &copy(number)]);
        let faults = judge_copy(&restored, before, &outcome.promises);
        outcome.faults.extend(faults.into_iter().map(|fault| format!("copy {number}: {fault}")));
    }
    outcome
}

/// The power fails, under database and server, and comes back.
#[allow(dead_code, reason = "cutting the power needs root: the long stories do")]
pub(crate) fn power_cut(house: &House, size: Size, cut: impl Fn(), back: impl Fn()) -> Outcome {
    play(house, 1, size.callers, |scene| {
        for _ in 0..size.faults {
            scene.wait(size.promises);
            scene.door.cut_power(true);
            cut();
            scene.servers.pop().expect("a server").kill();
            scene.open();
            back();
            scene.servers.push(scene.house.start(0, ""));
            // By now whoever had an answer of the old server before them has read it.
            scene.door.cut_power(false);
            scene.open();
        }
        scene.wait(size.promises);
    })
}

/// The clock of the server jumps, as `set` says in the words of libfaketime; `limits` make the program see it.
#[allow(dead_code, reason = "a clock that jumps needs libfaketime: the long stories have it")]
pub(crate) fn clock_jumps(house: &House, size: Size, limits: &str, set: impl Fn(&str)) -> Outcome {
    const JUMPS: [&str; 8] = ["-1h", "+10y", "+2h", "-3d", "+14y", "-10m", "+90y", "+1h"];
    set("+0");
    play_with(house, (1, limits), size.callers, |scene| {
        for jump in JUMPS.iter().cycle().take(size.faults as usize) {
            scene.wait(size.promises);
            set(jump);
            scene.wait(size.promises);
            set("+0");
        }
        scene.wait(size.promises);
    })
}

/// How a database goes away, and what is kept meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absence {
    /// A file that cannot grow: small writes may still find room.
    Full,
    /// A server that is gone: events wait on the disk of the program.
    Gone,
    /// The same, and the program dies before the database is back.
    GoneWithProgram,
}

/// The database goes away and comes back. Meanwhile people who are known are served, and events wait.
pub(crate) fn cut_off(url: &str, program: &Path, size: Size, absence: Absence) -> Outcome {
    behind_proxy(url, program, size, absence, Proxy::cut)
}

/// The database keeps its connections and says nothing.
pub(crate) fn silent(url: &str, program: &Path, size: Size) -> Outcome {
    behind_proxy(url, program, size, Absence::Gone, Proxy::silence)
}

fn behind_proxy(url: &str, program: &Path, size: Size, absence: Absence, away: impl Fn(&Proxy)) -> Outcome {
    let mut house = House::build(url, program, size.most);
    let database = address_in(url);
    let proxy = Proxy::before(database);
    house.served_by = Some(url.replace(&database.to_string(), &proxy.address.to_string()));
    without_store(&house, size, absence, || away(&proxy), || proxy.mend())
}

/// The same, with any way to take the database away and to bring it back.
pub(crate) fn without_store(house: &House, size: Size, absence: Absence, away: impl Fn(), back: impl Fn()) -> Outcome {
    play(house, 1, size.callers, |scene| {
        for fault in 0..size.faults {
            scene.wait(size.promises);
            away();
            without_database(scene, absence, fault);
            if absence == Absence::GoneWithProgram {
                scene.servers.pop().expect("a server").kill();
                scene.open();
                back();
                scene.servers.push(scene.house.start(0, ""));
                scene.open();
            } else {
                back();
            }
            scene.wait(size.promises);
        }
    })
}

/// What a server does whose database is away.
fn without_database(scene: &Scene<'_>, absence: Absence, fault: u32) {
    let before = scene.ledger.counts();
    scene.ledger.wait_for("refusals", |counts| counts.refused >= before.refused + 20);
    let known = Promises::read(&scene.ledger.path).places;
    let ((trial, unit), (arm, at)) = known.into_iter().next().expect("somebody is known");
    let path = format!("/v1/trials/{trial}/assignments");
    let mut line = Line::open(scene.servers[0].address).expect("it listens");
    let mut ask = |path: &str, body: Value| line.post(path, &scene.house.token, &body).expect("an answer");
    let answer = ask(&path, json!({"unit": unit}));
    assert_eq!((answer.status, answer.body["arm"].as_str()), (200, Some(arm.as_str())), "{}", answer.body);
    if absence == Absence::Full {
        return;
    }
    let answer = ask("/v1/trials/open/assignments", json!({"unit": "never-assigned-x"}));
    assert_eq!((answer.status, &answer.body["code"]), (503, &json!("unavailable")), "{}", answer.body);
    assert!(answer.retry_after.is_some_and(|seconds| seconds > 0));
    // Trials that know the person answer also where they are asked together with one that does not.
    let answer = ask("/v1/touchpoints/counter/assignments", json!({"unit": unit}));
    let of = |list: &str, field: &str| {
        let rows = answer.body[list].as_array().into_iter().flatten();
        rows.map(|row| (row["trial"].clone(), row[field].clone())).collect::<Vec<_>>()
    };
    let (told, unanswered) = (of("assignments", "arm"), of("unanswered", "code"));
    assert!(answer.status == 200 && told.contains(&(json!(trial), json!(arm))), "{}", answer.body);
    assert_eq!(told.len() + unanswered.len(), TRIALS.len(), "{}", answer.body);
    assert!(unanswered.iter().all(|(_, code)| code == "unavailable"), "{}", answer.body);
    let answer = ask("/ofrep/v1/evaluate/flags", json!({"context": {"targetingKey": unit}}));
    let flags: Vec<&Value> = answer.body["flags"].as_array().into_iter().flatten().collect();
    assert!(flags.iter().any(|flag| flag["key"] == trial && flag["variant"] == arm), "{}", answer.body);
    let failed = flags.iter().filter(|flag| flag["errorCode"] == "GENERAL").count();
    assert_eq!((answer.status, failed), (200, unanswered.len()), "{}", answer.body);
    let answer = ask("/v1/touchpoints/counter/assignments", json!({"unit": "never-assigned-x"}));
    assert_eq!((answer.status, &answer.body["code"]), (503, &json!("unavailable")), "{}", answer.body);
    // A number that no caller reaches.
    let number = 900_000_000 + u64::from(fault);
    let event = json!({"event_id": format!("e-{number}"), "unit": unit, "event": "money.came", "value": number,
        "occurred_at": just_after(&at)});
    let answer = ask("/v1/events", json!({"events": [event]}));
    let told = json!({"accepted": 1, "duplicate": 0, "rejected": 0, "spooled": 1, "results": []});
    assert_eq!((answer.status, &answer.body), (202, &told));
    scene.ledger.write(&Promise::Kept { numbers: vec![number] });
}

/// What can be said of, and done to, the small disk of a SQLite file while a server uses it.
#[allow(dead_code, reason = "the long stories fill a disk")]
pub(crate) struct SmallDisk<'a> {
    /// Bytes that are free.
    pub(crate) free: &'a dyn Fn() -> u64,
    /// Entries of the audit that tell that it was full.
    pub(crate) told: &'a dyn Fn() -> u32,
    /// Makes it as large as for this time: 0, 1.
    pub(crate) enlarge: &'a dyn Fn(u32),
}

/// The disk of a SQLite file fills up, and is made larger; the last time the server ends, and starts, while it is full.
#[allow(dead_code, reason = "mounting a small disk needs root: the long stories do")]
pub(crate) fn full_disk(house: &House, size: Size, limits: &str, disk: &SmallDisk<'_>) -> Outcome {
    /// Until the audit tells of it; a server takes less than a second.
    const SOON: Duration = Duration::from_secs(10);
    /// What ends of commits and the log of a process that dies may take of what was set aside.
    const SMALL: u64 = 256 * 1024;
    let mut faults = Vec::new();
    let mut outcome = play_with(house, (1, limits), size.callers, |scene| {
        for time in 0..2 {
            scene.wait(size.promises);
            without_database(scene, Absence::Full, 0);
            let began = Instant::now();
            while (disk.told)() <= time && began.elapsed() < SOON {
                scene.door.moment(Duration::from_millis(50));
            }
            let told = (disk.told)();
            if told != time + 1 {
                faults.push(format!("the disk was full {} times, and the audit tells {told}", time + 1));
            }
            let free = (disk.free)();
            without_database(scene, Absence::Full, 0);
            without_database(scene, Absence::Full, 0);
            let left = (disk.free)();
            if free < 2 * SMALL || left + SMALL < free {
                faults.push(format!("of {free} bytes that were given back {left} are left: what apps send took them"));
            }
            if time == 1 {
                let status = scene.servers.pop().expect("a server").stop();
                if !status.success() {
                    faults.push(format!("on a full disk a server ends with {status}"));
                }
                scene.open();
                scene.servers.push(scene.house.start(0, limits));
                scene.open();
            }
            (disk.enlarge)(time);
        }
        scene.wait(size.promises);
    });
    outcome.faults.append(&mut faults);
    outcome
}

/// Host and port of a database's address.
pub(crate) fn address_in(url: &str) -> SocketAddr {
    let (_, rest) = url.split_once('@').expect("a user");
    rest.split('/').next().and_then(|place| place.parse().ok()).expect("a host and a port")
}

/// A file that may not grow: a write that fails in a way that says nothing about what is on the disk.
pub(crate) fn failing_disk(url: &str, program: &Path, size: Size) -> Outcome {
    /// A server ends two seconds after the fault; this long is for a machine with much else to do.
    const LONGEST: Duration = Duration::from_secs(60);
    let house = House::build(url, program, size.most);
    let mut went_on = false;
    let mut outcome = play(&house, 1, size.callers, |scene| {
        scene.wait(size.promises);
        scene.servers.pop().expect("a server").kill();
        scene.open();
        // Blocks of 512 bytes: the log of the database soon has no room.
        let limited = scene.house.start(0, "trap '' XFSZ; ulimit -f 800;");
        scene.door.set(&[&limited]);
        match limited.ends_within(LONGEST) {
            Some(status) => {
                let why = "it ends by itself, for somebody to start it again";
                assert_eq!(status.code(), Some(1), "{why}: {}", scene.house.log());
            }
            None => went_on = true,
        }
        scene.open();
        scene.servers.push(scene.house.start(0, ""));
        scene.open();
        scene.wait(size.promises);
    });
    if went_on {
        outcome.faults.push(format!("a server whose disk failed was still there after {} s", LONGEST.as_secs()));
    }
    outcome
}
