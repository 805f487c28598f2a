//! Every started trial, folded from the two logs in their order.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    Pseudonym,
    allocation::Crossing,
    eligibility::{Attribute, Attributes},
    note::{DeliveryStatus, NoteKind, OptOutKind},
    projection::{AssignedUnit, Evidence, TrialProjection, UnitEvidence, UnitNote},
    trial::LinkId,
};
use fairtrial_store::{log, notes};
use serde::{Deserialize, Serialize};

use super::{
    App,
    directory::{Directory, Trial, instant},
    facts::Fact,
    read, write,
};
use crate::{ambient::Ambient, error::AppError};

/// Rows read at once.
pub(crate) const PAGE: i64 = 10_000;

type ByKind<'a> = HashMap<(i64, Option<i64>, &'a str), Vec<Fact>>;

/// A row of the log of events, and the other names of the person it is about.
type OfPerson<'a> = (&'a Fact, Rc<[Pseudonym]>);

/// A trial's fold: read by many at once, also while it is written down.
pub(super) type Shared = Arc<RwLock<TrialProjection>>;

/// The folded trials and how far the logs are read.
#[derive(Debug, Default)]
pub(crate) struct Projections {
    trials: RwLock<HashMap<i64, Shared>>,
    /// Only one reader of the logs at a time: a row must be folded once.
    fold: Arc<tokio::sync::Mutex<Fold>>,
    event_mark: AtomicI64,
    /// Places in all logs together at which the fold began: 0 without a kept fold.
    begun_at: AtomicI64,
    kinds: Mutex<HashMap<String, Arc<str>>>,
}

/// How far each log is folded.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marks {
    pub(crate) assignments: i64,
    pub(crate) notes: i64,
    pub(crate) events: i64,
}

impl Marks {
    /// Places in all logs together.
    pub(super) fn rows(&self) -> i64 {
        self.assignments + self.notes + self.events
    }
}

/// How far the logs are folded, and how far they were when that was last written down.
#[derive(Debug, Default)]
pub(super) struct Fold {
    pub(super) marks: Marks,
    pub(super) kept: i64,
}

/// The other unit of a note about two, and the place in the log of events.
pub(crate) fn other_of(row: &notes::NoteRow) -> Option<(Pseudonym, i64)> {
    Some((Pseudonym::from_bytes(row.other.as_deref()?)?, row.event_place?))
}

/// What a note says of a unit of its trial; none of one that is about wishes or names, or about somebody who was not in the trial then,
/// also when they entered later.
pub(crate) fn said_of_unit(row: &notes::NoteRow) -> Result<Option<(Pseudonym, UnitNote)>, AppError> {
    let damaged = || AppError::Internal(format!("note {} cannot be read", row.sequence));
    let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
    let small = |number: Option<i16>| number.and_then(|n| u8::try_from(n).ok()).ok_or_else(damaged);
    let note = match NoteKind::from_word(&row.kind).ok_or_else(damaged)? {
        NoteKind::OptOut | NoteKind::OptIn | NoteKind::SamePerson | NoteKind::Apart => return Ok(None),
        NoteKind::Harm if row.arm.is_none() => return Ok(None),
        NoteKind::Harm => UnitNote::Harm(small(row.severity)?),
        NoteKind::Delivery => UnitNote::Delivery(DeliveryStatus::from_word(&row.code).ok_or_else(damaged)?),
        NoteKind::Override => UnitNote::Override(small(row.arm)?),
        // Whose place it is: from now on in no result, as some of what is known may be about the other.
        NoteKind::KeptPlace => return Ok(Some((other_of(row).ok_or_else(damaged)?.0, UnitNote::LinkTakenBack))),
        NoteKind::Left => UnitNote::OptedOut,
        NoteKind::DataWithdrawn => UnitNote::DataWithdrawn,
        NoteKind::Refused => UnitNote::Refused,
    };
    Ok(Some((unit, note)))
}

/// An assignment as the fold takes it.
pub(crate) fn assigned_unit(trial: &Trial, row: &log::AssignmentRow) -> Result<AssignedUnit, AppError> {
    let damaged = || AppError::Internal(format!("assignment {} cannot be read", row.sequence));
    let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
    let arm = usize::try_from(row.arm).map_err(|_| damaged())?;
    let calendar = trial.drawing.as_ref().and_then(|drawing| drawing.allocator.calendar());
    let day = trial.day_of(row.assigned_at);
    let in_transition = calendar.is_some_and(|calendar| calendar.in_transition(&row.stratum, day));
    let assigned_at = instant(row.assigned_at);
    let (group, event_place) = (row.stratum.clone(), row.event_place);
    let plan = trial.plan.protocol();
    let kept = row.attributes.as_deref().filter(|_| plan.counts_levels());
    let attributes = kept.map(|text| Attribute::read_kept(&plan.attributes, text)).unwrap_or_default();
    Ok(AssignedUnit { unit, arm, group, assigned_at, event_place, in_transition, attributes })
}

/// The evidence of a stepped wedge with its calendar, which a fold does not know; any other as it is.
pub(crate) fn with_calendar(trial: &Trial, mut evidence: Evidence) -> Evidence {
    let calendar = trial.drawing.as_ref().and_then(|drawing| drawing.allocator.calendar());
    if let (Some(wedge), Some(calendar)) = (&mut evidence.wedge, calendar) {
        let crossing = |(site, at): (&str, &Crossing)| (site.to_owned(), at.on, at.counted_from);
        wedge.crossings = calendar.sites().map(crossing).collect();
    }
    evidence
}

impl Projections {
    /// The place in the log of events up to which they are folded.
    pub(crate) fn events_folded(&self) -> i64 {
        self.event_mark.load(Ordering::Acquire)
    }

    /// Folds everything that is committed.
    ///
    /// Events and notes are read before the assignments that are folded first: whoever sends an outcome has had the answer to an
    /// assignment, so an event that is committed never belongs to an assignment that is not.
    pub(crate) async fn catch_up(&self, app: &App) -> Result<(), AppError> {
        let mut fold = self.fold.lock().await;
        let marks = &mut fold.marks;
        loop {
            let after = marks.events;
            let (events, _) = app.read_with_directory(move |c| log::events_after(c, after, PAGE)).await?;
            loop {
                let after = marks.notes;
                let (noted, _) = app.read_with_directory(move |c| notes::after(c, after, PAGE)).await?;
                let directory = self.fold_assignments(app, marks).await?;
                let full = is_full(&noted);
                for row in noted {
                    self.note(&directory, app, &row)?;
                    marks.notes = row.sequence;
                }
                if !full {
                    break;
                }
            }
            let full = is_full(&events);
            self.fold_events(&app.directory.load(), app, &events, marks)?;
            self.event_mark.store(marks.events, Ordering::Release);
            if !full {
                return Ok(());
            }
        }
    }

    async fn fold_assignments(&self, app: &App, marks: &mut Marks) -> Result<Arc<Directory>, AppError> {
        loop {
            let after = marks.assignments;
            let (rows, directory) = app.read_with_directory(move |c| log::assignments_after(c, after, PAGE)).await?;
            let behind = Self::read_behind(app, &rows, marks.events).await?;
            // From here on nothing is waited for: whoever is given up while they wait has folded both or neither.
            for row in &rows {
                self.assign(&directory, app, row)?;
                marks.assignments = row.sequence;
            }
            self.fold_behind(&directory, app, &rows, &behind)?;
            if !is_full(&rows) {
                return Ok(directory);
            }
        }
    }

    /// Folds a note: what people want and what they are served into memory, the rest into the trial's counts.
    fn note(&self, directory: &Directory, app: &App, row: &notes::NoteRow) -> Result<(), AppError> {
        let damaged = || AppError::Internal(format!("note {} cannot be read", row.sequence));
        if directory.by_id.get(&row.trial_id).is_some_and(|trial| trial.deletion.is_some()) {
            return Ok(());
        }
        let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
        let kind = NoteKind::from_word(&row.kind).ok_or_else(damaged)?;
        match kind {
            NoteKind::OptOut | NoteKind::OptIn => {
                let wish = OptOutKind::from_word(&row.code).ok_or_else(damaged)?;
                app.wishes.set(unit, wish, row.trial_id, kind == NoteKind::OptOut);
                return Ok(());
            }
            NoteKind::SamePerson => return self.same_person(directory, app, row),
            NoteKind::Apart => {
                let (other, place) = other_of(row).ok_or_else(damaged)?;
                app.identities.part(unit, other, place);
                return Ok(());
            }
            NoteKind::KeptPlace => {
                let (other, _) = other_of(row).ok_or_else(damaged)?;
                app.identities.keep(row.trial_id, unit, other);
            }
            _ => {}
        }
        let Some((unit, note)) = said_of_unit(row)? else { return Ok(()) };
        if let UnitNote::Override(arm) = note {
            app.known.give(row.trial_id, &unit, arm);
        }
        if row.late {
            return Ok(());
        }
        let trial = directory.by_id.get(&row.trial_id);
        let trial = trial.ok_or_else(|| AppError::Internal("a note is ahead of the directory".into()))?;
        write(&self.of(trial)).note(&unit, note);
        Ok(())
    }

    /// Folds that two units are one person: into memory, and into each trial whose data were open when it was said.
    fn same_person(&self, directory: &Directory, app: &App, row: &notes::NoteRow) -> Result<(), AppError> {
        let damaged = || AppError::Internal(format!("note {} cannot be read", row.sequence));
        let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
        let (other, place) = other_of(row).ok_or_else(damaged)?;
        app.identities.link(unit, other, place);
        let mut units = app.identities.others(&unit, None);
        units.push(unit);
        let open = |trial: &&Arc<Trial>| {
            trial.agency_id == row.agency_id
                && trial.state.has_started()
                && trial.deletion.is_none()
                && trial.locked_sequence.is_none_or(|last| place <= last)
        };
        directory.trials.values().filter(open).for_each(|trial| write(&self.of(trial)).same_person(&units, place));
        Ok(())
    }

    fn assign(&self, directory: &Directory, app: &App, row: &log::AssignmentRow) -> Result<(), AppError> {
        let Some(trial) = directory.by_id.get(&row.trial_id) else {
            return Err(AppError::Internal("an assignment is ahead of the directory".into()));
        };
        if trial.deletion.is_some() {
            return Ok(());
        }
        let assigned = assigned_unit(trial, row)?;
        app.known.insert(row.trial_id, assigned.unit, assigned.arm, row.assigned_at);
        write(&self.of(trial)).assign(&assigned);
        Ok(())
    }

    /// The events that were folded already and came behind one of these assignments. They are few: those of the moment for which
    /// a commit takes.
    async fn read_behind(
        app: &App,
        assigned: &[log::AssignmentRow],
        folded: i64,
    ) -> Result<Vec<log::EventRow>, AppError> {
        let mut behind = Vec::new();
        let mut after = assigned.iter().map(|row| row.event_place).min().unwrap_or(folded);
        while after < folded {
            let (mut rows, _) = app.read_with_directory(move |c| log::events_after(c, after, PAGE)).await?;
            rows.retain(|row| row.sequence <= folded);
            let Some(last) = rows.last() else { break };
            after = last.sequence;
            behind.append(&mut rows);
        }
        Ok(behind)
    }

    /// Folds events once more that were folded a moment before the assignments they are about: another server's commit of an
    /// assignment may end after that of an event which came behind it.
    fn fold_behind(
        &self,
        directory: &Directory,
        app: &App,
        assigned: &[log::AssignmentRow],
        behind: &[log::EventRow],
    ) -> Result<(), AppError> {
        if behind.is_empty() {
            return Ok(());
        }
        let mut new: HashMap<i64, HashSet<Pseudonym>> = HashMap::new();
        for row in assigned {
            new.entry(row.trial_id).or_default().extend(Pseudonym::from_bytes(&row.unit));
        }
        for ((agency_id, only, kind), facts) in self.by_kind(directory, behind)? {
            let concerned = new.iter().filter_map(|(id, units)| Some((directory.by_id.get(id)?, units)));
            for (trial, units) in concerned.filter(|(trial, _)| trial.hears(agency_id, only, kind)) {
                let projection = self.of(trial);
                let mut projection = write(&projection);
                for fact in &facts {
                    let others = app.identities.others(fact.unit(), Some(fact.place()));
                    fact.fold_behind(&mut projection, trial, &others, units);
                }
            }
        }
        Ok(())
    }

    /// Folds events, each trial's all at once: what one trial makes of them is nothing to another.
    ///
    /// A kind of event may be heard by hundreds of trials while its unit is in one or two, so each event is looked at by the trials
    /// of its unit only; the others count how many they heard.
    fn fold_events(
        &self,
        directory: &Directory,
        app: &App,
        rows: &[log::EventRow],
        marks: &mut Marks,
    ) -> Result<(), AppError> {
        let Some(last) = rows.last() else { return Ok(()) };
        for ((agency_id, only, kind), facts) in self.by_kind(directory, rows)? {
            let mut of_trial: HashMap<i64, Vec<OfPerson<'_>>> = HashMap::new();
            for fact in &facts {
                let others: Rc<[Pseudonym]> = app.identities.others(fact.unit(), Some(fact.place())).into();
                let names = std::iter::once(fact.unit()).chain(others.iter());
                let trials: BTreeSet<i64> = names.flat_map(|name| app.known.trials_of(name)).collect();
                for trial_id in trials {
                    of_trial.entry(trial_id).or_default().push((fact, Rc::clone(&others)));
                }
            }
            for trial in directory.trials.values().filter(|trial| trial.hears(agency_id, only, kind)) {
                let mut about_nobody: i64 = facts.iter().map(|fact| fact.more(trial)).sum();
                let projection = self.of(trial);
                let mut projection = write(&projection);
                for (fact, others) in of_trial.get(&trial.id).into_iter().flatten() {
                    fact.fold(&mut projection, trial, others);
                    about_nobody -= fact.more(trial);
                }
                projection.pass_over(about_nobody);
            }
        }
        marks.events = last.sequence;
        Ok(())
    }

    /// Events by agency, by the one trial in which they count, where they came through a link, and by kind.
    fn by_kind<'a>(&self, directory: &Directory, rows: &'a [log::EventRow]) -> Result<ByKind<'a>, AppError> {
        let mut by_kind = ByKind::new();
        for row in rows {
            let unit = Pseudonym::from_bytes(&row.unit)
                .ok_or_else(|| AppError::Internal(format!("event {} cannot be read", row.sequence)))?;
            // What another agency sent counts in the one trial for which it was agreed.
            let (only, kind) = match LinkId::unmark(&row.kind) {
                None => (None, row.kind.as_str()),
                Some((link, kind)) => {
                    let link = directory.links.get(link.as_str());
                    let link = link.ok_or_else(|| AppError::Internal("an event is ahead of the directory".into()))?;
                    (Some(link.trial.id), kind)
                }
            };
            let fact = Fact::of(row, unit, self.kind(kind));
            by_kind.entry((row.agency_id, only, kind)).or_default().push(fact);
        }
        Ok(by_kind)
    }

    fn of(&self, trial: &Trial) -> Shared {
        if let Some(found) = read(&self.trials).get(&trial.id) {
            return Arc::clone(found);
        }
        let new = || Arc::new(RwLock::new(TrialProjection::new(Arc::clone(&trial.plan))));
        Arc::clone(write(&self.trials).entry(trial.id).or_insert_with(new))
    }

    /// Forgets a trial's fold.
    pub(super) fn forget(&self, trial_id: i64) {
        write(&self.trials).remove(&trial_id);
    }

    /// Every trial's number, the id of the plan that its fold began with, and the fold.
    pub(super) fn all(&self) -> Vec<(i64, String, Shared)> {
        let trials = read(&self.trials);
        let named = |(id, fold): (&i64, &Shared)| (*id, read(fold).plan_id().as_str().to_owned(), Arc::clone(fold));
        trials.iter().map(named).collect()
    }

    /// Places in the logs that were taken from a kept fold instead of read.
    pub(crate) fn begun_at(&self) -> i64 {
        self.begun_at.load(Ordering::Acquire)
    }

    /// Keeps everybody else from folding.
    pub(super) async fn hold(&self) -> tokio::sync::OwnedMutexGuard<Fold> {
        Arc::clone(&self.fold).lock_owned().await
    }

    /// Goes on from what was folded before.
    pub(super) async fn begin_from(&self, fold: Fold, trials: HashMap<i64, Shared>) {
        self.event_mark.store(fold.marks.events, Ordering::Release);
        self.begun_at.store(fold.kept, Ordering::Release);
        *self.fold.lock().await = fold;
        *write(&self.trials) = trials;
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
        let mark = self.event_mark.load(Ordering::Acquire);
        let as_of = trial.locked_at.unwrap_or_else(|| ambient.now());
        let data_cut = trial.locked_sequence.unwrap_or(mark);
        let projection = self.of(trial);
        let projection = read(&projection);
        with_calendar(trial, projection.evidence(as_of, data_cut, trial.locked_at.is_some(), not_enrolled))
    }

    /// Tells the people of a trial one by one, with what was kept of their attributes. That goes through everybody.
    pub(crate) fn people(
        &self,
        trial: &Trial,
    ) -> impl FnOnce(DateTime<Utc>, &HashMap<Pseudonym, Attributes>) -> UnitEvidence + Send + use<> {
        let projection = self.of(trial);
        move |as_of, attributes| read(&projection).unit_evidence(as_of, attributes)
    }

    /// A trial exactly as of a place in each log, and that place: nothing is folded meanwhile.
    pub(crate) async fn at_cut(&self, trial: &Trial, ambient: &Ambient) -> (Evidence, Marks) {
        let fold = self.fold.lock().await;
        (self.evidence(trial, ambient, Vec::new()), fold.marks)
    }

    /// The same with what a look compares at equal values of covariates, where the plan asks for it: the attributes are read while
    /// nothing is folded, so that they are those of the people in the fold.
    pub(crate) async fn at_cut_of_look(&self, app: &App, trial: &Trial) -> Result<(Evidence, Marks), AppError> {
        let fold = self.fold.lock().await;
        let mut evidence = self.evidence(trial, &app.ambient, Vec::new());
        let plan = trial.plan.protocol();
        if plan.adjusts_beyond_balance() {
            let attributes = app.attributes_of(trial).await?;
            evidence.alike = self.people(trial)(evidence.as_of, &attributes).alike(plan);
        }
        Ok((evidence, fold.marks))
    }

    /// What [`TrialProjection::so_far`] says, with the place in the logs.
    pub(crate) async fn so_far_at_cut(&self, trial: &Trial, place: usize) -> ((Vec<u64>, Vec<u64>), Marks) {
        let fold = self.fold.lock().await;
        (self.progress(trial, |projection| projection.so_far(place)), fold.marks)
    }

    /// Something that a trial's fold can say, as of whatever is folded now.
    pub(crate) fn progress<T>(&self, trial: &Trial, tell: impl FnOnce(&TrialProjection) -> T) -> T {
        tell(&read(&self.of(trial)))
    }

    /// People in a trial.
    pub(crate) fn units(&self, trial: &Trial) -> usize {
        read(&self.of(trial)).units()
    }
}

/// Whether a page may not be the last one.
fn is_full<T>(page: &[T]) -> bool {
    i64::try_from(page.len()).is_ok_and(|rows| rows == PAGE)
}
