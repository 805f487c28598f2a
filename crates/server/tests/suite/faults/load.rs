//! Callers: people who are new and known, single events, batches, and everything once more.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

use super::{
    house::{Door, House, TRIALS},
    ledger::{Ledger, Promise},
    wire::{Answer, Line},
};

/// Numbers of events and people are this far apart for one caller, so that no two callers share one.
const STRIDE: u64 = 64;

/// What all callers share.
pub(crate) struct Load<'a> {
    pub(crate) house: &'a House,
    pub(crate) door: &'a Door,
    pub(crate) ledger: &'a Ledger,
    pub(crate) ending: &'a AtomicBool,
    /// Hears how long each answer took.
    pub(crate) clock: &'a (dyn Fn(Kind, Duration) + Sync),
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// For a place, of somebody who has one.
    Known,
    /// For a place, of somebody who has none.
    New,
    /// To keep an event.
    Event,
    /// To keep several events.
    Events,
    /// For a page, by somebody who has signed in.
    Page,
    /// For all flags at once.
    Flags,
}

/// Runs callers until `conduct` returns; each then brings what it has begun to its end.
pub(crate) fn under_load(house: &House, door: &Door, ledger: &Ledger, callers: u64, conduct: impl FnOnce()) {
    let ending = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..callers {
            let load = Load { house, door, ledger, ending: &ending, clock: &|_, _| () };
            scope.spawn(move || Caller::new(load, number).run());
        }
        // Also when it fails, so that the callers end.
        let end = EndOnDrop(&ending, door);
        conduct();
        drop(end);
    });
}

struct EndOnDrop<'a>(&'a AtomicBool, &'a Door);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
        if std::thread::panicking() {
            self.1.give_up();
        }
    }
}

/// Somebody who is in a trial, as far as the caller was told.
struct Person {
    trial: &'static str,
    unit: String,
    arm: String,
    assigned_at: String,
}

pub(crate) struct Caller<'a> {
    load: Load<'a>,
    chance: ChaCha12Rng,
    line: Option<Line>,
    next: u64,
    people: Vec<Person>,
    sent: Vec<Vec<Value>>,
    /// Events of which nothing has taken the place yet.
    standing: Vec<Value>,
    /// Numbers of events that were on a server's disk only: they may not be in the database yet when they are sent once more.
    spooled: BTreeSet<u64>,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(load: Load<'a>, number: u64) -> Self {
        let chance = ChaCha12Rng::seed_from_u64(number);
        let (people, sent, standing, spooled) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
        Self { load, chance, line: None, next: number, people, sent, standing, spooled }
    }

    fn run(mut self) {
        while !self.load.ending.load(Ordering::SeqCst) {
            match self.chance.random_range(0..20) {
                0..7 => self.assign_somebody_new(),
                7..10 => self.ask_again(),
                10..15 => self.send_events(1),
                17 => self.correct_one(),
                15..17 => {
                    let many = self.chance.random_range(2..40);
                    self.send_events(many);
                }
                _ => self.send_once_more(),
            }
        }
    }

    fn number(&mut self) -> u64 {
        self.next += STRIDE;
        self.next
    }

    pub(crate) fn assign_somebody_new(&mut self) {
        let trial = if self.chance.random_bool(0.2) { TRIALS[1] } else { TRIALS[0] };
        self.assign_in(trial);
    }

    pub(crate) fn assign_in(&mut self, trial: &'static str) {
        let unit = format!("case-{}-x", self.number());
        let (answer, certain) = self.ask(Kind::New, &format!("/v1/trials/{trial}/assignments"), &json!({"unit": unit}));
        let outcome = answer.body["outcome"].as_str().expect("an outcome").to_owned();
        if trial == TRIALS[1] && outcome == "cap_reached" {
            return;
        }
        assert!(outcome == "assigned" || outcome == "existing" && !certain, "{trial}: {outcome} of somebody new");
        let text = |name: &str| answer.body[name].as_str().expect("text").to_owned();
        let (arm, assigned_at) = (text("arm"), text("assigned_at"));
        self.placed(trial, &unit, &arm, &assigned_at);
        self.people.push(Person { trial, unit, arm, assigned_at });
    }

    fn placed(&self, trial: &str, unit: &str, arm: &str, assigned_at: &str) {
        let (trial, unit, arm, assigned_at) = (trial.into(), unit.into(), arm.into(), assigned_at.into());
        self.load.ledger.write(&Promise::Placed { trial, unit, arm, assigned_at });
    }

    pub(crate) fn ask_again(&mut self) {
        let Some(person) = self.people.choose(&mut self.chance) else { return };
        let (trial, unit) = (person.trial, person.unit.clone());
        let told = (person.arm.clone(), person.assigned_at.clone());
        let (answer, _) = self.ask(Kind::Known, &format!("/v1/trials/{trial}/assignments"), &json!({"unit": unit}));
        assert_eq!(answer.body["outcome"], "existing");
        let text = |name: &str| answer.body[name].as_str().expect("text").to_owned();
        let now = (text("arm"), text("assigned_at"));
        assert_eq!(now, told, "a person flipped");
        self.placed(trial, &unit, &now.0, &now.1);
    }

    /// Events about people of this caller, and about nobody now and then.
    pub(crate) fn send_events(&mut self, many: usize) {
        let mut events = Vec::with_capacity(many);
        for _ in 0..many {
            let number = self.number();
            let Some(person) = self.people.choose(&mut self.chance) else { return };
            let unit = if self.chance.random_bool(0.05) { format!("nobody-{number}-x") } else { person.unit.clone() };
            events
                .push(json!({"event_id": format!("e-{number}"), "unit": unit, "event": "money.came", "value": number,
                "occurred_at": just_after(&person.assigned_at)}));
        }
        let (answer, certain) = self.ask(of(&events), "/v1/events", &json!({"events": events}));
        let count = |name: &str| answer.body[name].as_u64().expect("a count");
        if self.load.house.clock_jumps && count("rejected") > 0 {
            return self.kept(&without_the_future(&events, &answer));
        }
        assert_eq!((count("rejected"), count("accepted") + count("duplicate")), (0, many as u64), "{}", answer.body);
        assert!(!certain || count("duplicate") == 0, "an event is a repeat that was never sent: {}", answer.body);
        self.kept(&events);
        if answer.status == 202 {
            self.spooled.extend(events.iter().filter_map(|event| event["value"].as_u64()));
        } else if self.standing.len() < 200 {
            self.standing.extend(events.first().cloned());
        }
        self.remember(events);
    }

    /// Another value in the place of one that the database holds, of an event or of a correction.
    pub(crate) fn correct_one(&mut self) {
        if self.standing.is_empty() {
            return;
        }
        let place = self.chance.random_range(0..self.standing.len());
        let mut event = self.standing.swap_remove(place);
        let number = self.number();
        event["corrects"] = event["event_id"].take();
        event["event_id"] = format!("e-{number}").into();
        event["value"] = number.into();
        let events = vec![event];
        let (answer, _) = self.ask(of(&events), "/v1/events", &json!({"events": events}));
        let count = |name: &str| answer.body[name].as_u64().expect("a count");
        if self.load.house.clock_jumps && count("rejected") > 0 {
            return self.kept(&without_the_future(&events, &answer));
        }
        assert_eq!((count("rejected"), count("accepted") + count("duplicate")), (0, 1), "{}", answer.body);
        self.kept(&events);
        if answer.status == 202 {
            self.spooled.insert(number);
        } else {
            self.standing.extend(events.first().cloned());
        }
        self.remember(events);
    }

    fn remember(&mut self, events: Vec<Value>) {
        if self.sent.len() < 200 {
            self.sent.push(events);
        } else {
            let place = self.chance.random_range(0..200);
            self.sent[place] = events;
        }
    }

    fn kept(&self, events: &[Value]) {
        let numbers = events.iter().map(|event| event["value"].as_u64().expect("a number")).collect();
        self.load.ledger.write(&Promise::Kept { numbers });
    }

    pub(crate) fn send_once_more(&mut self) {
        let Some(events) = self.sent.choose(&mut self.chance).cloned() else { return };
        let (answer, _) = self.ask(of(&events), "/v1/events", &json!({"events": events}));
        let count = |name: &str| answer.body[name].as_u64().unwrap_or(0);
        if self.load.house.clock_jumps && count("rejected") > 0 {
            return self.kept(&without_the_future(&events, &answer));
        }
        // While the database is away, nobody can tell that they are repeats.
        let repeated = count("duplicate") + count("spooled");
        let spooled_before = events.iter().filter(|event| self.spooled.contains(&event["value"].as_u64().unwrap_or(0)));
        let at_least = events.len() - spooled_before.count();
        assert!(repeated >= at_least as u64, "what was kept is not known any more: {}", answer.body);
        assert_eq!(count("accepted") + count("duplicate"), events.len() as u64, "{}", answer.body);
        self.kept(&events);
    }

    /// Asks until there is an answer; tells whether the first attempt had it, so that nothing can have been done before.
    fn ask(&mut self, kind: Kind, path: &str, body: &Value) -> (Answer, bool) {
        let mut certain = true;
        loop {
            let asked = Instant::now();
            if let Some(answer) = self.try_to_ask(path, body).filter(|_| self.load.door.has_power()) {
                (self.load.clock)(kind, asked.elapsed());
                match answer.status {
                    200 => return (answer, certain),
                    207 | 422 if self.load.house.clock_jumps => return (answer, certain),
                    202 => {
                        self.load.ledger.count(|counts| counts.spooled += 1);
                        return (answer, certain);
                    }
                    503 => {
                        assert!(
                            answer.retry_after.is_some_and(|seconds| seconds > 0),
                            "503 does not say when to return"
                        );
                        self.load.ledger.count(|counts| counts.refused += 1);
                        self.load.door.moment(Duration::from_millis(20));
                    }
                    status => panic!("{path} answers {status}: {}", answer.body),
                }
            } else {
                self.line = None;
                self.load.ledger.count(|counts| counts.broken_off += 1);
                self.load.door.moment(Duration::from_millis(5));
            }
            certain = false;
        }
    }

    fn try_to_ask(&mut self, path: &str, body: &Value) -> Option<Answer> {
        let to = self.load.door.pick(self.chance.random_range(0..1_000));
        let mut line = match self.line.take().filter(|line| line.to == to) {
            Some(line) => line,
            None => Line::open(to).ok()?,
        };
        let answer = line.post(path, &self.load.house.token, body).ok()?;
        self.line = Some(line);
        Some(answer)
    }
}

fn of(events: &[Value]) -> Kind {
    if events.len() == 1 { Kind::Event } else { Kind::Events }
}

/// The events that were taken, where others were refused because they have not happened yet by the server's clock.
fn without_the_future(events: &[Value], answer: &Answer) -> Vec<Value> {
    let results = answer.body["results"].as_array().expect("results");
    let refused = results.iter().filter(|result| result["status"].as_u64() >= Some(400));
    let refused: BTreeSet<usize> = refused
        .map(|result| {
            assert_eq!(result["code"], "time_in_future", "{}", answer.body);
            usize::try_from(result["index"].as_u64().expect("a place")).expect("a place")
        })
        .collect();
    let taken = events.iter().enumerate().filter(|(place, _)| !refused.contains(place));
    taken.map(|(_, event)| event.clone()).collect()
}

/// A moment after somebody was assigned: the answer tells thousandths of a second, the row holds millionths.
pub(crate) fn just_after(assigned_at: &str) -> String {
    let at: DateTime<Utc> = assigned_at.parse().expect("a time");
    (at + chrono::Duration::milliseconds(1)).to_rfc3339()
}
