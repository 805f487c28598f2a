//! Whether every promise was kept, by what is stored and by what the program says of it.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use fairtrial_app::{Ambient, App, Clock, MasterKey, trials::life::Move};
use fairtrial_domain::{UnitText, trial::Verb};
use fairtrial_server::server::{SystemClock, SystemRandomness};
use fairtrial_store::{Store, WriterSettings, log, trials};
use serde_json::Value;

use super::{
    house::{House, KEY, TRIALS, run, sign_in},
    ledger::Promises,
};

/// What is stored, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// By trial, in the order of [`TRIALS`].
    pub(crate) assignments: Vec<Vec<log::AssignmentRow>>,
    pub(crate) events: Vec<log::EventRow>,
    /// When each trial was started: what happened before counts in none.
    started_at: Vec<i64>,
}

impl Stored {
    pub(crate) fn read(url: &str) -> Self {
        let store = Store::open(&url.parse().expect("an address"), WriterSettings::default()).expect("it opens");
        let read = store.read_blocking(|c| {
            let mut events: Vec<log::EventRow> = Vec::new();
            loop {
                let page = log::events_after(c, events.last().map_or(0, |row| row.sequence), 10_000)?;
                if page.is_empty() {
                    break;
                }
                events.extend(page);
            }
            let (mut assignments, mut started_at) = (Vec::new(), Vec::new());
            for key in TRIALS {
                let trial = trials::by_key(c, key)?.expect("the trial is there");
                assignments.push(log::assignments_of(c, trial.id)?);
                started_at.push(trial.started_at.expect("it was started"));
            }
            Ok(Self { assignments, events, started_at })
        });
        read.expect("it can be read")
    }

    /// What is wrong with the rows, by the ledger.
    pub(crate) fn faults(&self, promises: &Promises, most: u64) -> Vec<String> {
        self.faults_between(promises, promises, most)
    }

    /// The same of what is stored as of a moment: what had been promised before it is there, and nothing that never was.
    fn faults_between(&self, before: &Promises, ever: &Promises, most: u64) -> Vec<String> {
        let mut faults = ever.broken.clone();
        let mut rows: BTreeMap<u64, u32> = BTreeMap::new();
        for row in &self.events {
            let number = row.value.and_then(|value| u64::try_from(value / 1_000_000).ok()).unwrap_or(0);
            *rows.entry(number).or_default() += 1;
        }
        let (mut missing, mut doubled, mut foreign) = (0, 0, 0);
        missing += before.events.keys().filter(|number| !rows.contains_key(number)).count();
        doubled += rows.values().filter(|times| **times > 1).count();
        foreign += rows.keys().filter(|number| !ever.events.contains_key(number)).count();
        for (what, events) in [("missing", missing), ("doubled", doubled), ("foreign", foreign)] {
            if events > 0 {
                faults.push(format!("{events} events are {what}"));
            }
        }
        for (key, rows) in TRIALS.iter().zip(&self.assignments) {
            let [least, promised] =
                [before, ever].map(|promises| promises.places.keys().filter(|(trial, _)| trial == key).count());
            let units: std::collections::HashSet<&[u8]> = rows.iter().map(|row| row.unit.as_slice()).collect();
            if !(least..=promised).contains(&rows.len()) || units.len() != rows.len() {
                faults.push(format!("{promised} people were promised a place in {key}, {} rows are there", rows.len()));
            }
        }
        if self.assignments[1].len() as u64 > most {
            faults.push(format!("the cap of {most} was passed: {} people", self.assignments[1].len()));
        }
        faults
    }

    /// The rows that stand: of each line that begins with an event the last.
    fn standing(&self) -> Vec<&log::EventRow> {
        let mut lines: BTreeMap<i64, &log::EventRow> = BTreeMap::new();
        for row in &self.events {
            lines.insert(row.replaces.as_ref().map_or(row.sequence, |replaced| replaced.root), row);
        }
        lines.into_values().filter(|row| row.replaces.as_ref().is_none_or(|replaced| !replaced.retracts)).collect()
    }

    /// By trial and arm: people, and the sum of their events, counted from the rows by the plainest rule.
    pub(crate) fn recount(&self) -> Vec<Vec<[u64; 2]>> {
        let standing = self.standing();
        let of_trial = |(rows, started_at): (&Vec<log::AssignmentRow>, &i64)| {
            let place: HashMap<&[u8], &log::AssignmentRow> =
                rows.iter().map(|row| (row.unit.as_slice(), row)).collect();
            let mut sums: HashMap<&[u8], u64> = HashMap::new();
            for event in &standing {
                let Some(row) = place.get(event.unit.as_slice()) else { continue };
                let after = event.occurred_at - row.assigned_at;
                if (0..86_400_000_000).contains(&after) && event.occurred_at >= *started_at {
                    let value = event.value.and_then(|value| u64::try_from(value / 1_000_000).ok()).unwrap_or(0);
                    *sums.entry(event.unit.as_slice()).or_default() += value;
                }
            }
            let mut arms = vec![[0; 2]; 2];
            for row in rows {
                let arm = &mut arms[usize::try_from(row.arm).expect("an arm")];
                arm[0] += 1;
                arm[1] += sums.get(row.unit.as_slice()).unwrap_or(&0);
            }
            arms
        };
        self.assignments.iter().zip(&self.started_at).map(of_trial).collect()
    }
}

/// The clock of this machine, so many days on: everybody's follow-up is over.
struct Later(i64);

impl Clock for Later {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + Duration::days(self.0)
    }
}

async fn app_of(house: &House, folder: Option<&Path>) -> Arc<App> {
    let store = Store::open(&house.url.parse().expect("an address"), WriterSettings::default()).expect("it opens");
    // Also of those who were assigned by a clock that was far ahead.
    let days = if house.clock_jumps { 40_000 } else { 10 };
    App::load_beside(folder, store, MasterKey::new(&KEY), Ambient::new(Later(days), SystemRandomness))
        .await
        .expect("it loads")
}

/// Reads a report's counts as [`Stored::recount`] does.
fn counts(report: &Value) -> Vec<[u64; 2]> {
    let arms = report["outcomes"][0]["arms"].as_array().expect("arms");
    let of_arm = |arm: &Value| {
        let people = arm["analysed"].as_u64().expect("a count");
        [people, (arm["mean"].as_f64().unwrap_or(0.0) * people as f64).round() as u64]
    };
    arms.iter().map(of_arm).collect()
}

/// Judges a run whose servers have ended: all faults, in words.
pub(crate) fn judge(house: &House, promises: &Promises, folded_by: Option<usize>) -> Vec<String> {
    judge_between(house, promises, promises, folded_by)
}

/// Judges a copy of a database: what had been promised before it was begun is in it, and nothing that was never promised.
#[allow(dead_code, reason = "the long stories copy")]
pub(crate) fn judge_copy(house: &House, before: &Promises, ever: &Promises) -> Vec<String> {
    judge_between(house, before, ever, None)
}

fn judge_between(house: &House, before: &Promises, ever: &Promises, folded_by: Option<usize>) -> Vec<String> {
    let stored = Stored::read(&house.url);
    let mut faults = stored.faults_between(before, ever, house.most);
    let store = Store::open(&house.url.parse().expect("an address"), WriterSettings::default()).expect("it opens");
    run(async {
        // Two servers that read the same counters would draw a place of a block twice.
        let (_, differ) = App::draws_that_differ(&store, &MasterKey::new(&KEY)).await.expect("all is drawn again");
        faults.extend(
            differ.into_iter().map(|(trial, what)| format!("{trial}: the draws do not come out again: {what}")),
        );
        let folder = folded_by.map(|server| house.data(server));
        let app = app_of(house, folder.as_deref()).await;
        if folder.is_some() && app.rows_from_kept_fold() == 0 {
            faults.push("the server kept nothing of what it had folded".into());
        }
        let key = app.key_actor(&house.token).expect("the key is known");
        let mut flips = 0;
        for ((trial, unit), (arm, assigned_at)) in &before.places {
            let unit = UnitText::new(unit).expect("a unit");
            let found = app.look_up(&key, trial, &unit).await.ok();
            let found = found.and_then(|found| {
                let at = found.assigned_at?.to_rfc3339_opts(SecondsFormat::Millis, true);
                Some((found.arm?.as_str().to_owned(), at))
            });
            flips += usize::from(found.as_ref() != Some(&(arm.clone(), assigned_at.clone())));
        }
        if flips > 0 {
            faults.push(format!("{flips} people are not where they were told"));
        }
        let (designer, analyst) = (sign_in(&app, "designer").await, sign_in(&app, "analyst").await);
        for key in TRIALS {
            for verb in [Verb::Stop, Verb::LockData] {
                app.move_trial(&designer, key, &Move::plain(verb, "the test is over")).await.expect("it moves");
            }
        }
        let anew = app_of(house, None).await;
        for (key, rows) in TRIALS.iter().zip(stored.recount()) {
            for (app, how) in [(&app, "by the server that was under load"), (&anew, "from the logs")] {
                let report = serde_json::to_value(app.report(&analyst, key).await.expect("a report").1).expect("JSON");
                if counts(&report) != rows {
                    faults.push(format!("{key}: folded {how} {:?}, counted from the rows {rows:?}", counts(&report)));
                }
            }
        }
    });
    faults
}
