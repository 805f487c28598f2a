//! How long the records of single people are kept, and their deletion.
//!
//! The plan says for how many days after the report at the lock of the data, and everybody was told so. When they are over, what is
//! kept of single people goes by itself: who was assigned what, what was noted of them, what became of them, and the lists they came
//! on. The plan, the frozen report, the looks and the audit stay.
//!
//! An event may be another trial's too, and is kept as long as one of them is that its person is in. Its place in the order of events
//! stays for good, without anything that says whom it was about, so that trials go on counting what was sent about people who are
//! not theirs as they did: a server that folds the log anew finds the same.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Days, Utc};
use fairtrial_domain::{Pseudonym, note::NoteKind, trial::LinkId};
use fairtrial_store::{
    Store, StoreError,
    audit::{self, NewEntry},
    deletions::{self, DeletionRow, EmptiedEvent, NewDeletion},
    frozen_reports, log, notes,
};
use serde_json::json;

use crate::{
    error::AppError,
    sealing::MasterKey,
    state::{
        App, Directory,
        directory::{self, Trial, instant},
        projections::{PAGE, other_of},
    },
};

/// Rows that go in one transaction: others wait for it no longer than for a group of events.
const AT_ONCE: usize = 1_000;

/// How often it is tried to empty the database's log while somebody reads, and how long it is waited between.
const MOST_TRIES: u32 = 60;
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// How long a server runs before it deletes anything.
const UNTIL_TRUSTED: Duration = Duration::from_secs(3_600);

/// What stays of the time at which an event came: its quarter of an hour, so that it stays on its day in every time zone.
const QUARTER_OF_AN_HOUR: i64 = 900_000_000;

/// The deletion of a trial's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// When it began. From then on nobody reads them any more.
    pub begun_at: DateTime<Utc>,
    /// When it was done.
    pub finished_at: Option<DateTime<Utc>>,
    /// People who were in the trial.
    pub people: u64,
    /// Notes that have gone: deliveries, harms, overrides, opt-outs.
    pub notes: u64,
    /// Events whose content has gone. Those that are another trial's too stay until its records go.
    pub events: u64,
    /// Lists of people whose content has gone.
    pub lists: u64,
}

impl Deletion {
    pub(crate) fn of(row: &DeletionRow) -> Self {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        Self {
            begun_at: instant(row.begun_at),
            finished_at: row.finished_at.map(instant),
            people: count(row.people),
            notes: count(row.notes),
            events: count(row.events),
            lists: count(row.lists),
        }
    }
}

impl Trial {
    /// From when on the records of single people are kept no longer; none before the data are locked.
    #[must_use]
    pub fn records_due_at(&self) -> Option<DateTime<Utc>> {
        let days = Days::new(u64::from(self.plan.protocol().data.retain_units_days));
        self.locked_at?.checked_add_days(days)
    }

    /// Goes on only while the records of single people are kept.
    pub(crate) fn with_records(&self) -> Result<(), AppError> {
        let Some(deletion) = &self.deletion else { return Ok(()) };
        let day = self.day_of(deletion.begun_at.timestamp_micros()).format("%-d %B %Y");
        let detail = format!(
            "the records of single people were deleted from {day} on, as the plan says; what was reported when the data were locked stays"
        );
        Err(AppError::conflict("records_deleted", detail))
    }
}

impl App {
    /// Deletes the records of single people of every trial whose plan keeps them no longer; returns how many trials are done with.
    /// What was broken off before goes on. Several servers may do it at once.
    ///
    /// # Errors
    /// When the database fails; what has gone has gone, and the rest goes the next time.
    pub async fn delete_due_records(&self) -> Result<usize, AppError> {
        let mut done = 0;
        for trial in self.directory.load_full().by_id.values() {
            let due = trial.records_due_at().filter(|due| *due <= self.ambient.now());
            let Some(due) = due.filter(|_| trial.deletion.is_none_or(|begun| begun.finished_at.is_none())) else {
                continue;
            };
            if trial.deletion.is_none() && !self.begin_deletion(trial, due).await? {
                continue;
            }
            done += usize::from(self.delete_records(trial).await?);
        }
        if done > 0 {
            self.empty_log().await;
        }
        Ok(done)
    }

    /// Empties the database's log of what was deleted, as soon as nobody reads what is in it.
    async fn empty_log(&self) {
        let mut tries = 0;
        while let Err(error) = self.store.empty_log().await {
            tries += 1;
            if tries == MOST_TRIES {
                tracing::warn!(%error, "what was deleted may stand in the database's log until that is written anew");
                return;
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    }

    /// Trials whose records should have gone by a moment, with the moment until which their plans keep them. For whoever looks after
    /// an installation, beside a server or without one.
    ///
    /// # Errors
    /// When the database fails, or the master key is another.
    pub async fn overdue_records(
        store: &Store,
        key: &MasterKey,
        by: DateTime<Utc>,
    ) -> Result<Vec<(String, DateTime<Utc>)>, AppError> {
        let directory = Directory::build(store.read(directory::read).await?, key)?;
        let overdue = |trial: &Arc<Trial>| {
            let kept = trial.deletion.is_none_or(|deletion| deletion.finished_at.is_none());
            trial.records_due_at().filter(|due| kept && *due <= by).map(|due| (trial.key().to_owned(), due))
        };
        Ok(directory.trials.values().filter_map(overdue).collect())
    }

    /// Deletes the records that are due beside all else, unless that is under way, once the server has run for an hour: its clock has
    /// kept its time for so long then, and what is deleted too early does not come back. Whoever calls it trusts the clock.
    pub(crate) fn delete_records_beside(self: &Arc<Self>) {
        if self.ambient.steady().is_some_and(|steady| steady < UNTIL_TRUSTED) {
            return;
        }
        let Ok(turn) = Arc::clone(&self.deleting).try_lock_owned() else { return };
        let app = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = turn;
            if let Err(error) = app.delete_due_records().await {
                tracing::warn!(%error, "records that are due could not be deleted; it is tried again");
            }
        });
    }

    /// Whether this server has begun; false when another one has, which then goes on.
    async fn begin_deletion(&self, trial: &Arc<Trial>, due: DateTime<Utc>) -> Result<bool, AppError> {
        // It is frozen at the lock; where a server died between the two, by whoever comes first.
        self.compute_report(trial).await?;
        let new = NewDeletion {
            trial_id: trial.id,
            due_at: due.timestamp_micros(),
            begun_at: self.ambient.now_micros(),
            people: i64::try_from(self.people_in(trial)).unwrap_or(i64::MAX),
            event_place: trial.started_sequence.unwrap_or(0),
        };
        let entry =
            self.entry_by_itself(trial, "records.deletion_begun", &json!({"due_at": due, "people": new.people}));
        let begun = self.store.write(move |c| {
            deletions::begin(c, &new)?;
            audit::append(c, &entry)
        });
        let begun = match begun.await {
            Ok(_) => true,
            Err(StoreError::Exists) => false,
            Err(error) => return Err(error.into()),
        };
        self.reload_directory().await?;
        Ok(begun)
    }

    /// Deletes what is left; whether this server has done the last of it.
    async fn delete_records(&self, trial: &Arc<Trial>) -> Result<bool, AppError> {
        self.catch_up().await?;
        self.forget_deleted().await?;
        let id = trial.id;
        let rows = self.store.read(move |c| log::assignments_of(c, id)).await?;
        let units: HashSet<Pseudonym> = rows.iter().filter_map(|row| Pseudonym::from_bytes(&row.unit)).collect();
        drop(rows);
        // The assignments go last: while any is left, it is known whose the rest is.
        self.empty_events(trial, &units).await?;
        self.delete_notes(trial, &units).await?;
        self.store.write(move |c| deletions::empty_lists(c, id)).await?;
        let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        while self.store.write(move |c| deletions::delete_assignments(c, id, most)).await? > 0 {}
        let finished = self.finish_deletion(trial).await?;
        self.reload_directory().await?;
        self.forget_deleted().await?;
        Ok(finished)
    }

    async fn finish_deletion(&self, trial: &Trial) -> Result<bool, AppError> {
        let (id, now) = (trial.id, self.ambient.now_micros());
        let frozen = self.store.read(move |c| frozen_reports::of_trial(c, id)).await?;
        let digest = frozen.map(|frozen| frozen.digest);
        let entry = self.entry_by_itself(trial, "records.deleted", &json!({}));
        let finished = self.store.write(move |c| {
            let Some(row) = deletions::finish(c, id, now)? else { return Ok(false) };
            let detail = json!({"people": row.people, "assignments": row.assignments, "notes": row.notes,
                "events": row.events, "lists": row.lists, "report": digest});
            audit::append(c, &NewEntry { detail: detail.to_string(), ..entry })?;
            Ok(true)
        });
        Ok(finished.await?)
    }

    /// Goes through the log of events from the start of the trial on.
    async fn empty_events(&self, trial: &Arc<Trial>, units: &HashSet<Pseudonym>) -> Result<(), AppError> {
        let id = trial.id;
        let begun = self.store.read(move |c| deletions::of_trial(c, id)).await?;
        let mut after = begun.map_or(0, |row| row.event_place);
        loop {
            let (rows, directory) = self.read_with_directory(move |c| log::events_after(c, after, PAGE)).await?;
            let Some(last) = rows.last().map(|row| row.sequence) else { return Ok(()) };
            let listeners = Listeners::new(&directory, trial);
            let mut gone: Vec<EmptiedEvent> = Vec::new();
            for row in &rows {
                if self.goes(&directory, trial, &listeners, units, row)? {
                    gone.push(listeners.emptied(row));
                }
            }
            while !gone.is_empty() {
                let later = gone.split_off(gone.len().min(AT_ONCE));
                let up_to = later.first().map_or(last, |next| next.sequence - 1);
                self.store.write(move |c| deletions::empty_events(c, id, &gone, up_to)).await?;
                gone = later;
            }
            after = last;
        }
    }

    /// Whether an event goes with the records of a trial: it is one that the trial listened to, about somebody who was in it, or
    /// about whom nobody else listens; and about nobody who is in another trial that listens to it.
    fn goes(
        &self,
        directory: &Directory,
        trial: &Trial,
        listeners: &Listeners<'_>,
        units: &HashSet<Pseudonym>,
        row: &log::EventRow,
    ) -> Result<bool, AppError> {
        let damaged = || AppError::Internal(format!("event {} cannot be read", row.sequence));
        let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
        if row.agency_id != trial.agency_id || *unit.bytes() == [0; 16] {
            return Ok(false);
        }
        let (only, kind) = match LinkId::unmark(&row.kind) {
            None => (None, row.kind.as_str()),
            Some((link, kind)) => {
                let link = directory.links.get(link.as_str()).ok_or_else(damaged)?;
                (Some(link.trial.id), kind)
            }
        };
        let listened = trial.plan.protocol().outcomes.iter().any(|outcome| outcome.event == kind);
        if !listened || only.is_some_and(|only| only != trial.id) {
            return Ok(false);
        }
        let others = listeners.to(kind).filter(|_| only.is_none());
        let Some(others) = others else { return Ok(true) };
        let mut names = self.identities.others(&unit, None);
        names.push(unit);
        let elsewhere = |name: &Pseudonym| self.known.trials_of(name).iter().any(|id| others.contains(id));
        Ok(!names.iter().any(elsewhere) && names.iter().any(|name| units.contains(name)))
    }

    /// Goes through the notes: what was noted of the trial goes, and that two names are one person where the person is in no other.
    async fn delete_notes(&self, trial: &Arc<Trial>, units: &HashSet<Pseudonym>) -> Result<(), AppError> {
        let (id, agency_id) = (trial.id, trial.agency_id);
        let (mut names, mut nameless): (Vec<i64>, HashSet<Pseudonym>) = Default::default();
        let mut after = 0;
        loop {
            let rows = self.store.read(move |c| notes::after(c, after, PAGE)).await?;
            let Some(last) = rows.last().map(|row| row.sequence) else { break };
            let mut gone = Vec::new();
            for row in rows.iter().filter(|row| row.agency_id == agency_id) {
                if row.trial_id == id {
                    gone.push(row.sequence);
                } else if let Some(pair) = self.only_in(units, row)? {
                    nameless.extend(pair);
                    names.push(row.sequence);
                }
            }
            while !gone.is_empty() {
                let later = gone.split_off(gone.len().min(AT_ONCE));
                self.store.write(move |c| deletions::delete_notes(c, id, &gone, agency_id, &[])).await?;
                gone = later;
            }
            after = last;
        }
        // All at once: who somebody is may be known over several notes.
        if !names.is_empty() {
            let nameless: Vec<Pseudonym> = nameless.into_iter().collect();
            self.store.write(move |c| deletions::delete_notes(c, id, &names, agency_id, &nameless)).await?;
        }
        Ok(())
    }

    /// The two names of a note that says they are one person, or are not, when they were known for this trial's sake alone.
    fn only_in(&self, units: &HashSet<Pseudonym>, row: &notes::NoteRow) -> Result<Option<[Pseudonym; 2]>, AppError> {
        let damaged = || AppError::Internal(format!("note {} cannot be read", row.sequence));
        let kind = NoteKind::from_word(&row.kind).ok_or_else(damaged)?;
        if !matches!(kind, NoteKind::SamePerson | NoteKind::Apart) {
            return Ok(None);
        }
        let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
        let (other, _) = other_of(row).ok_or_else(damaged)?;
        let mut names = self.identities.others(&unit, None);
        names.extend(self.identities.others(&other, None));
        names.extend([unit, other]);
        let was_in = names.iter().any(|name| units.contains(name));
        let elsewhere = names.iter().any(|name| !self.known.trials_of(name).is_empty());
        Ok((was_in && !elsewhere).then_some([unit, other]))
    }
}

/// The other trials of an agency that listen to events, with their records still kept.
struct Listeners<'a> {
    /// By kind of event.
    by_kind: HashMap<&'a str, HashSet<i64>>,
    /// When they started, in microseconds, the last one first.
    starts: Vec<i64>,
}

impl<'a> Listeners<'a> {
    fn new(directory: &'a Directory, but: &Trial) -> Self {
        let mut by_kind: HashMap<&str, HashSet<i64>> = HashMap::new();
        let mut starts = Vec::new();
        let listens = |trial: &&Arc<Trial>| {
            trial.id != but.id
                && trial.agency_id == but.agency_id
                && trial.state.has_started()
                && trial.deletion.is_none()
        };
        for trial in directory.by_id.values().filter(listens) {
            starts.extend(trial.started_at.map(|at| at.timestamp_micros()));
            for outcome in &trial.plan.protocol().outcomes {
                by_kind.entry(outcome.event.as_str()).or_default().insert(trial.id);
            }
        }
        starts.sort_unstable_by(|one, other| other.cmp(one));
        Self { by_kind, starts }
    }

    fn to(&self, kind: &str) -> Option<&HashSet<i64>> {
        self.by_kind.get(kind)
    }

    /// Of a time no more than which trials had started by then: that is all they ask of an event about somebody who is not theirs.
    fn coarse(&self, at: i64) -> i64 {
        self.starts.iter().copied().find(|start| *start <= at).unwrap_or(0).min(at)
    }

    fn emptied(&self, row: &log::EventRow) -> EmptiedEvent {
        EmptiedEvent {
            sequence: row.sequence,
            occurred_at: self.coarse(row.occurred_at),
            received_at: row.received_at - row.received_at.rem_euclid(QUARTER_OF_AN_HOUR),
            before_occurred_at: row.replaces.as_ref().map(|before| self.coarse(before.before_occurred_at)),
        }
    }
}
