//! Every started trial, folded from the two logs in their order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    Decimal, Pseudonym,
    allocation::Crossing,
    eligibility::Attributes,
    note::{DeliveryStatus, NoteKind, OptOutKind},
    projection::{AssignedUnit, Evidence, FoldedEvent, TrialProjection, UnitEvidence, UnitNote},
};
use fairtrial_store::{Store, log, notes};

use super::{
    directory::{Directory, Trial, instant},
    known::Known,
    wishes::Wishes,
};
use crate::{ambient::Ambient, error::AppError};

/// Rows read at once.
const PAGE: i64 = 10_000;

/// A started trial and its fold.
type Listening = (Arc<Trial>, Arc<Mutex<TrialProjection>>);

/// The folded trials and how far the logs are read.
#[derive(Debug, Default)]
pub(crate) struct Projections {
    trials: RwLock<HashMap<i64, Arc<Mutex<TrialProjection>>>>,
    /// Only one reader of the logs at a time: a row must be folded once.
    marks: tokio::sync::Mutex<Marks>,
    event_mark: std::sync::atomic::AtomicI64,
    kinds: Mutex<HashMap<String, Arc<str>>>,
}

/// What is kept in memory of single people, fed by the same reading of the logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory<'a> {
    pub(crate) known: &'a Known,
    pub(crate) wishes: &'a Wishes,
}

#[derive(Debug, Default)]
struct Marks {
    assignments: i64,
    notes: i64,
    events: i64,
}

/// A place in each log, up to which everything is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) assignments: i64,
    pub(crate) notes: i64,
    pub(crate) events: i64,
}

impl Marks {
    fn cut(&self) -> Cut {
        Cut { assignments: self.assignments, notes: self.notes, events: self.events }
    }
}

impl Projections {
    /// Folds everything that is committed.
    ///
    /// Events and notes are read before the assignments that are folded first: whoever sends an outcome has had the answer to an
    /// assignment, so an event that is committed never belongs to an assignment that is not.
    pub(crate) async fn catch_up(
        &self,
        store: &Store,
        directory: &Directory,
        memory: Memory<'_>,
        ambient: &Ambient,
    ) -> Result<(), AppError> {
        let mut marks = self.marks.lock().await;
        loop {
            let after = marks.events;
            let events = store.read(move |c| log::events_after(c, after, PAGE)).await?;
            loop {
                let after = marks.notes;
                let noted = store.read(move |c| notes::after(c, after, PAGE)).await?;
                self.fold_assignments(store, directory, memory, &mut marks).await?;
                let full = i64::try_from(noted.len()).is_ok_and(|n| n == PAGE);
                for row in noted {
                    self.note(directory, memory, &row)?;
                    marks.notes = row.sequence;
                }
                if !full {
                    break;
                }
            }
            let full = i64::try_from(events.len()).is_ok_and(|n| n == PAGE);
            self.fold(directory, events, &mut marks, ambient)?;
            self.event_mark.store(marks.events, std::sync::atomic::Ordering::Release);
            if !full {
                return Ok(());
            }
        }
    }

    async fn fold_assignments(
        &self,
        store: &Store,
        directory: &Directory,
        memory: Memory<'_>,
        marks: &mut Marks,
    ) -> Result<(), AppError> {
        loop {
            let after = marks.assignments;
            let assignments = store.read(move |c| log::assignments_after(c, after, PAGE)).await?;
            let full = i64::try_from(assignments.len()).is_ok_and(|n| n == PAGE);
            for row in assignments {
                self.assign(directory, memory.known, &row)?;
                marks.assignments = row.sequence;
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// Folds a note: what people want and what they are served into memory, the rest into the trial's counts.
    fn note(&self, directory: &Directory, memory: Memory<'_>, row: &notes::NoteRow) -> Result<(), AppError> {
        let damaged = || AppError::Internal(format!("note {} cannot be read", row.sequence));
        let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
        let kind = NoteKind::from_word(&row.kind).ok_or_else(damaged)?;
        let small = |number: Option<i16>| number.and_then(|n| u8::try_from(n).ok()).ok_or_else(damaged);
        let note = match kind {
            NoteKind::OptOut | NoteKind::OptIn => {
                let wish = OptOutKind::from_word(&row.code).ok_or_else(damaged)?;
                memory.wishes.set(unit, wish, row.trial_id, kind == NoteKind::OptOut);
                return Ok(());
            }
            NoteKind::Delivery => UnitNote::Delivery(DeliveryStatus::from_word(&row.code).ok_or_else(damaged)?),
            NoteKind::Override => {
                let arm = small(row.arm)?;
                memory.known.give(row.trial_id, &unit, arm);
                UnitNote::Override(arm)
            }
            NoteKind::Harm => UnitNote::Harm(small(row.severity)?),
            NoteKind::Left => UnitNote::OptedOut,
            NoteKind::DataWithdrawn => UnitNote::DataWithdrawn,
        };
        if row.late {
            return Ok(());
        }
        let trial = directory.by_id.get(&row.trial_id);
        let trial = trial.ok_or_else(|| AppError::Internal("a note is ahead of the directory".into()))?;
        self.of(trial).lock().unwrap_or_else(PoisonError::into_inner).note(&unit, note);
        Ok(())
    }

    fn assign(&self, directory: &Directory, known: &Known, row: &log::AssignmentRow) -> Result<(), AppError> {
        let damaged = || AppError::Internal(format!("assignment {} cannot be read", row.sequence));
        let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
        let arm = usize::try_from(row.arm).map_err(|_| damaged())?;
        known.insert(row.trial_id, unit, arm, row.assigned_at);
        let Some(trial) = directory.by_id.get(&row.trial_id) else {
            return Err(AppError::Internal("an assignment is ahead of the directory".into()));
        };
        let projection = self.of(trial);
        let calendar = trial.drawing.as_ref().and_then(|drawing| drawing.allocator.calendar());
        let day = trial.day_of(row.assigned_at);
        let in_transition = calendar.is_some_and(|calendar| calendar.in_transition(&row.stratum, day));
        let assigned_at = instant(row.assigned_at);
        let unit = AssignedUnit { unit, arm, group: row.stratum.clone(), assigned_at, in_transition };
        projection.lock().unwrap_or_else(PoisonError::into_inner).assign(&unit);
        Ok(())
    }

    fn fold(
        &self,
        directory: &Directory,
        events: Vec<log::EventRow>,
        marks: &mut Marks,
        ambient: &Ambient,
    ) -> Result<(), AppError> {
        let now = ambient.now();
        let mut listening: HashMap<i64, Vec<Listening>> = HashMap::new();
        for trial in directory.trials.values().filter(|trial| trial.state.has_started()) {
            listening.entry(trial.agency_id).or_default().push((Arc::clone(trial), self.of(trial)));
        }
        for row in events {
            marks.events = row.sequence;
            let unit = Pseudonym::from_bytes(&row.unit)
                .ok_or_else(|| AppError::Internal(format!("event {} cannot be read", row.sequence)))?;
            let event = FoldedEvent {
                sequence: row.sequence,
                unit,
                kind: self.kind(&row.kind),
                value: row.value.and_then(Decimal::from_millionths),
                occurred_at: instant(row.occurred_at),
            };
            for (trial, projection) in listening.get(&row.agency_id).into_iter().flatten() {
                // What happened before the start belongs to no trial; leaving it out keeps a fold that saw it live and one
                // that reads it later the same.
                let begun = trial.started_at.is_some_and(|start| event.occurred_at >= start);
                if begun && trial.locked_sequence.is_none_or(|last| row.sequence <= last) {
                    projection.lock().unwrap_or_else(PoisonError::into_inner).fold(&event, now);
                }
            }
        }
        for (_, projection) in listening.values().flatten() {
            projection.lock().unwrap_or_else(PoisonError::into_inner).forget_early(now);
        }
        Ok(())
    }

    fn of(&self, trial: &Trial) -> Arc<Mutex<TrialProjection>> {
        if let Some(found) = self.trials.read().unwrap_or_else(PoisonError::into_inner).get(&trial.id) {
            return Arc::clone(found);
        }
        let mut trials = self.trials.write().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Mutex::new(TrialProjection::new(Arc::clone(&trial.plan))));
        Arc::clone(trials.entry(trial.id).or_insert_with(new))
    }

    fn kind(&self, name: &str) -> Arc<str> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        match kinds.get(name) {
            Some(kind) => Arc::clone(kind),
            None => {
                let kind: Arc<str> = name.into();
                kinds.insert(name.to_owned(), Arc::clone(&kind));
                kind
            }
        }
    }

    /// What is known of a trial: as of its data lock, or of now.
    pub(crate) fn evidence(&self, trial: &Trial, ambient: &Ambient, not_enrolled: Vec<(String, u64)>) -> Evidence {
        let mark = self.event_mark.load(std::sync::atomic::Ordering::Acquire);
        let as_of = trial.locked_at.unwrap_or_else(|| ambient.now());
        let data_cut = trial.locked_sequence.unwrap_or(mark);
        let projection = self.of(trial);
        let projection = projection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut evidence = projection.evidence(as_of, data_cut, trial.locked_at.is_some(), not_enrolled);
        let calendar = trial.drawing.as_ref().and_then(|drawing| drawing.allocator.calendar());
        if let (Some(wedge), Some(calendar)) = (&mut evidence.wedge, calendar) {
            let crossing = |(site, at): (&str, &Crossing)| (site.to_owned(), at.on, at.counted_from);
            wedge.crossings = calendar.sites().map(crossing).collect();
        }
        evidence
    }

    /// The people of a trial one by one, with what was kept of their attributes.
    pub(crate) fn people(
        &self,
        trial: &Trial,
        as_of: DateTime<Utc>,
        attributes: &HashMap<Pseudonym, Attributes>,
    ) -> UnitEvidence {
        self.of(trial).lock().unwrap_or_else(PoisonError::into_inner).unit_evidence(as_of, attributes)
    }

    /// A trial exactly as of a place in each log, and that place: nothing is folded meanwhile.
    pub(crate) async fn at_cut(&self, trial: &Trial, ambient: &Ambient) -> (Evidence, Cut) {
        let marks = self.marks.lock().await;
        (self.evidence(trial, ambient, Vec::new()), marks.cut())
    }

    /// What [`TrialProjection::so_far`] says, with the place in the logs.
    pub(crate) async fn so_far_at_cut(&self, trial: &Trial, place: usize) -> ((Vec<u64>, Vec<u64>), Cut) {
        let marks = self.marks.lock().await;
        (self.progress(trial, |projection| projection.so_far(place)), marks.cut())
    }

    /// Something that a trial's fold can say, as of whatever is folded now.
    pub(crate) fn progress<T>(&self, trial: &Trial, read: impl FnOnce(&TrialProjection) -> T) -> T {
        read(&self.of(trial).lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// People in a trial.
    pub(crate) fn units(&self, trial: &Trial) -> usize {
        self.of(trial).lock().unwrap_or_else(PoisonError::into_inner).units()
    }
}
