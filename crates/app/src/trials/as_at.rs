//! The report of a trial as its data stood on a day: for questions about how a result came about, never the verdict.
//!
//! It reads both logs from their beginning, which nothing else does once a server runs. So it is for few people, once the data are
//! locked, one at a time, page by page and off the threads that answer calls; and every reading is an entry in the audit.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use fairtrial_analysis::Report;
use fairtrial_domain::{
    Pseudonym,
    identity::LinkedUnits,
    note::NoteKind,
    projection::{Evidence, TrialProjection},
    trial::{LinkId, PersonRole},
};
use fairtrial_store::{
    audit::{self, NewEntry},
    frozen_reports, log, looks, notes,
};
use serde_json::json;

use super::report::{Counted, ENGINE};
use crate::{
    aside::aside,
    error::AppError,
    state::{
        App, Directory,
        actor::Actor,
        directory::{Trial, instant},
        facts::Fact,
        projections::{PAGE, assigned_unit, other_of, said_of_unit, with_calendar},
    },
    watch::{harm::crossings, looks::held_looks},
};

/// Who may ask for it.
const READERS: [PersonRole; 2] = [PersonRole::Analyst, PersonRole::Monitor];

/// A report as the data stood at a moment.
#[derive(Debug, Clone)]
pub struct ReportAsAt {
    /// The trial.
    pub trial: Arc<Trial>,
    /// What had been received by then counts.
    pub until: DateTime<Utc>,
    /// The report. What was frozen at the lock of the data stays the verdict.
    pub report: Report,
}

/// Folds one trial anew.
struct Refold<'a> {
    app: &'a App,
    directory: &'a Directory,
    /// The trial with its data open, so that what came after their lock is heard.
    trial: &'a Trial,
    until: i64,
    projection: TrialProjection,
    linked: LinkedUnits,
    data_cut: i64,
}

impl App {
    /// The report of a trial whose data are locked, as they stood at the end of a day in the trial's zone: what had been received by
    /// then counts, also what came after the lock. People who have taken their data out since are in none.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for whoever is neither an analyst nor a monitor, or a key that does not act as
    /// one; [`AppError::Conflict`] before the data are locked, once the records are deleted, and where numbers leave rounded only; [`AppError::Invalid`] for a day
    /// before the start or to come; [`AppError::Busy`] while another is computed.
    pub async fn report_as_at(
        self: &Arc<Self>,
        actor: &Actor,
        key: &str,
        day: NaiveDate,
    ) -> Result<ReportAsAt, AppError> {
        let (reader, trial) =
            (actor.reader(&READERS, "reports as at a day are for analysts and monitors"), self.trial_of(actor, key)?);
        let person = reader?;
        if trial.locked_at.is_none() {
            let detail =
                "there are reports as at other days once the data are locked, as results are seen then and not before";
            return Err(AppError::conflict("not_locked", detail));
        }
        if matches!(actor, Actor::Key(_)) && !self.release_rules().exact_for_programs {
            let detail = "programs are given rounded numbers here, and those of two days would tell single people apart; the page of the \
                          report and the command line give them to analysts and monitors";
            return Err(AppError::conflict("rounded_only", detail));
        }
        trial.with_records()?;
        let until = self.end_of(&trial, day)?;
        let Ok(turn) = Arc::clone(&self.as_at).try_acquire_owned() else { return Err(AppError::Busy) };
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: Some(person.id),
            key_id: actor.key_id(),
            action: "report.viewed_as_at".into(),
            subject: trial.key().to_owned(),
            detail: json!({"protocol_id": trial.plan.id(), "as_at": day, "until": until}).to_string(),
        };
        self.store.write(move |c| audit::append(c, &entry)).await?;
        // Whoever is first after the lock freezes the report: what is counted on the way is taken from there.
        self.compute_report(&trial).await?;
        self.catch_up().await?;
        let id = trial.id;
        let frozen = self.store.read(move |c| frozen_reports::of_trial(c, id)).await?;
        let frozen = frozen.ok_or_else(|| AppError::Internal("the frozen report is gone".into()))?;
        let attributes = self.attributes_of(&trial).await?;
        let replayed = self.replayed(&trial).await?;
        let (app, of) = (Arc::clone(self), Arc::clone(&trial));
        let counted = Counted::of(&frozen)?;
        let compute = move || {
            let _turn = turn;
            let directory = app.directory.load_full();
            let open = Trial { locked_sequence: None, ..Trial::clone(&of) };
            let mut refold = Refold::new(&app, &directory, &open, until);
            refold.run()?;
            let mut evidence = refold.evidence();
            evidence.not_enrolled = counted.not_enrolled;
            evidence.declared = counted.declared;
            evidence.replayed = replayed;
            if open.plan.protocol().asks_for_units() {
                evidence.units = Some(refold.projection.unit_evidence(until, &attributes));
            }
            let rows = app.store.read_blocking(|c| looks::of_trial(c, open.id))?;
            let held: Vec<_> = rows.into_iter().filter(|row| instant(row.held_at) <= until).collect();
            evidence.looks = held_looks(&held)?;
            evidence.crossings = crossings(&open.crossings)?;
            evidence.crossings.retain(|crossed| crossed.at <= until);
            Ok::<Report, AppError>(fairtrial_analysis::analyse(&open.plan, &evidence, ENGINE))
        };
        let report = aside(compute).await??;
        // What was read while records went is not what the day was.
        self.refresh_directory().await?;
        self.trial_of(actor, key)?.with_records()?;
        Ok(ReportAsAt { trial, until, report })
    }

    /// The last moment of a day in a trial's zone, or now, whichever comes first.
    fn end_of(&self, trial: &Trial, day: NaiveDate) -> Result<DateTime<Utc>, AppError> {
        let zone = trial.plan.protocol().time_zone;
        let (now, started_at) = (self.ambient.now(), trial.started_at.unwrap_or_default());
        let out_of_range = |detail: &str| AppError::invalid("/as_at", "out_of_range", detail);
        if day > now.with_timezone(&zone).date_naive() {
            return Err(out_of_range("as_at is today or a day before"));
        }
        if day < started_at.with_timezone(&zone).date_naive() {
            return Err(out_of_range("as_at is a day on which the trial had started"));
        }
        let midnight = day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN);
        let end = zone.from_local_datetime(&midnight).latest().unwrap_or_else(|| zone.from_utc_datetime(&midnight));
        Ok((end.to_utc() - chrono::Duration::microseconds(1)).min(now))
    }
}

impl<'a> Refold<'a> {
    fn new(app: &'a App, directory: &'a Directory, trial: &'a Trial, until: DateTime<Utc>) -> Self {
        let projection = TrialProjection::new(Arc::clone(&trial.plan));
        let (until, linked) = (until.timestamp_micros(), LinkedUnits::default());
        Self { app, directory, trial, until, projection, linked, data_cut: 0 }
    }

    /// People first, then what was noted of them, then what became of them: the order of the three has no say.
    fn run(&mut self) -> Result<(), AppError> {
        let id = self.trial.id;
        for row in self.app.store.read_blocking(|c| log::assignments_of(c, id))? {
            if row.assigned_at <= self.until {
                self.projection.assign(&assigned_unit(self.trial, &row)?);
            }
        }
        let mut after = 0;
        loop {
            let rows = self.app.store.read_blocking(|c| notes::after(c, after, PAGE))?;
            let Some(last) = rows.last() else { break };
            after = last.sequence;
            rows.iter().try_for_each(|row| self.note(row))?;
        }
        let mut after = 0;
        loop {
            let rows = self.app.store.read_blocking(|c| log::events_after(c, after, PAGE))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.sequence;
            let until = self.until;
            for row in rows.iter().filter(|row| row.received_at <= until) {
                self.event(row)?;
                self.data_cut = row.sequence;
            }
        }
    }

    fn note(&mut self, row: &notes::NoteRow) -> Result<(), AppError> {
        if row.agency_id != self.trial.agency_id {
            return Ok(());
        }
        let damaged = || AppError::Internal(format!("note {} cannot be read", row.sequence));
        let kind = NoteKind::from_word(&row.kind).ok_or_else(damaged)?;
        // Whoever took their data out is in no result any more, whatever day is asked for.
        if row.received_at > self.until && kind != NoteKind::DataWithdrawn {
            return Ok(());
        }
        match kind {
            NoteKind::SamePerson | NoteKind::Apart => {
                let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
                let (other, place) = other_of(row).ok_or_else(damaged)?;
                if kind == NoteKind::Apart {
                    self.linked.part(unit, other, place);
                    return Ok(());
                }
                self.linked.link(unit, other, place);
                let mut units = self.linked.others(&unit, None);
                units.push(unit);
                self.projection.same_person(&units, place);
            }
            _ => {
                if let Some((unit, note)) = said_of_unit(row)?.filter(|_| row.trial_id == self.trial.id) {
                    self.projection.note(&unit, note);
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, row: &log::EventRow) -> Result<(), AppError> {
        let (only, kind) = match LinkId::unmark(&row.kind) {
            None => (None, row.kind.as_str()),
            Some((link, kind)) => {
                let link = self.directory.links.get(link.as_str());
                let link = link.ok_or_else(|| AppError::Internal("an event is ahead of the directory".into()))?;
                (Some(link.trial.id), kind)
            }
        };
        if !self.trial.hears(row.agency_id, only, kind) {
            return Ok(());
        }
        let unit = Pseudonym::from_bytes(&row.unit)
            .ok_or_else(|| AppError::Internal(format!("event {} cannot be read", row.sequence)))?;
        let fact = Fact::of(row, unit, kind.into());
        let others = self.linked.others(&unit, Some(fact.place()));
        fact.fold(&mut self.projection, self.trial, &others);
        Ok(())
    }

    fn evidence(&self) -> Evidence {
        let evidence = self.projection.evidence(instant(self.until), self.data_cut, true, Vec::new());
        with_calendar(self.trial, evidence)
    }
}
