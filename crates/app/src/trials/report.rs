//! What was learned.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use fairtrial_analysis::Report;
use fairtrial_domain::{
    Pseudonym,
    canonical::sha256_hex,
    eligibility::{Attribute, Attributes},
    event::Declared,
    projection::{Evidence, UnitEvidence},
    trial::{PersonRole, Scope},
};
use fairtrial_store::{
    StoreError,
    audit::{self, NewEntry},
    frozen_reports::{self, FrozenReport},
    log, looks, touches,
};
use serde_json::json;

use super::release::Seen;
use crate::{
    aside::aside,
    error::AppError,
    state::{App, actor::Actor, directory::Trial, touches::LOOKED_AHEAD},
    watch::{harm::crossings, looks::held_looks},
};

/// Name and version of what computed a report.
pub const ENGINE: &str = concat!("fairtrial ", env!("CARGO_PKG_VERSION"));

/// What a recomputation found. The two digests are equal when it gave the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Recomputed {
    /// Name and version of the program that computed the frozen report.
    pub engine: String,
    /// SHA-256 of the frozen report, in hexadecimal.
    pub frozen: String,
    /// SHA-256 of the report as it is computed now.
    pub recomputed: String,
}

/// A frozen report whose bytes are those that were frozen.
fn read_frozen(frozen: &FrozenReport) -> Result<Report, AppError> {
    if sha256_hex(&frozen.report) != frozen.digest {
        return Err(AppError::Internal("the frozen report is not the one that was frozen".into()));
    }
    serde_json::from_str(&frozen.report).map_err(|error| AppError::Internal(format!("the frozen report: {error}")))
}

/// What goes on being counted after the lock, and so is kept with the report as it was.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    /// Requests turned away, by reason.
    pub(super) not_enrolled: Vec<(String, u64)>,
    /// What senders say they sent.
    pub(super) declared: Vec<Declared>,
}

impl Counted {
    /// As it was frozen with a report.
    pub(super) fn of(frozen: &FrozenReport) -> Result<Self, AppError> {
        let damaged = |error: serde_json::Error| AppError::Internal(error.to_string());
        Ok(Self {
            not_enrolled: serde_json::from_str(&frozen.not_enrolled).map_err(damaged)?,
            declared: serde_json::from_str(&frozen.declared).map_err(damaged)?,
        })
    }
}

impl App {
    /// The report of a started trial itself, in exact numbers: the verdict from its locked plan and the evidence so far. For
    /// those inside alone: analysts, and programs where the installation lets them; everybody else has [`App::agency_report`].
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], and [`AppError::Conflict`] for a trial that has not started.
    pub async fn report(&self, actor: &Actor, key: &str) -> Result<(Arc<Trial>, Report), AppError> {
        let trial = self.trial_of(actor, key)?;
        if !self.is_inside(actor) {
            let detail = "exact numbers are for analysts; others of the agency get the same report in rounded numbers";
            return Err(AppError::Forbidden(detail.into()));
        }
        self.seen_report(actor, &trial, Seen::Inside).await.map(|report| (trial, report))
    }

    /// The report itself for whom the caller decides in which numbers it is told, which the entry in the audit says.
    ///
    /// While a trial runs, the people who run it do not see the comparison: it would change how they run it. Every view, by
    /// a person or a program, is an entry in the audit; there is no view without one.
    pub(super) async fn seen_report(&self, actor: &Actor, trial: &Trial, seen: Seen) -> Result<Report, AppError> {
        if let Actor::Key(key) = actor {
            key.needs(Scope::ResultsRead)?;
        }
        if !trial.state.has_started() {
            return Err(AppError::conflict("not_started", "there is a report once the trial has started"));
        }
        self.may_see_comparison(actor, trial, seen).await?;
        self.compute_report(trial).await
    }

    /// The report itself, for those whom another rule lets see it: once the data are locked, the one that was frozen then.
    pub(crate) async fn compute_report(&self, trial: &Trial) -> Result<Report, AppError> {
        let id = trial.id;
        if trial.locked_at.is_some()
            && let Some(frozen) = self.store.read(move |c| frozen_reports::of_trial(c, id)).await?
        {
            return read_frozen(&frozen);
        }
        let counted = Counted {
            not_enrolled: self.turned_away_by_reason(trial.id).await?,
            declared: self.declared(trial).await?,
        };
        let report = self.report_from(trial, counted.clone()).await?;
        if trial.locked_at.is_none() {
            return Ok(report);
        }
        let damaged = |error: serde_json::Error| AppError::Internal(error.to_string());
        let text = serde_json::to_string(&report).map_err(damaged)?;
        let frozen = FrozenReport {
            trial_id: trial.id,
            protocol_id: trial.plan.id().to_string(),
            data_cut: report.data_cut,
            engine: ENGINE.to_owned(),
            not_enrolled: serde_json::to_string(&counted.not_enrolled).map_err(damaged)?,
            declared: serde_json::to_string(&counted.declared).map_err(damaged)?,
            digest: sha256_hex(&text),
            report: text,
            frozen_at: self.ambient.now_micros(),
        };
        // Of two servers that come here at once the first one's stays; both say the same but for what went on being counted meanwhile.
        match self.store.write(move |c| frozen_reports::freeze(c, &frozen)).await {
            Ok(kept) => read_frozen(&kept),
            Err(StoreError::Exists) => {
                let kept = self.store.read(move |c| frozen_reports::of_trial(c, id)).await?;
                read_frozen(&kept.ok_or_else(|| AppError::Internal("the frozen report is gone".into()))?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Requests turned away so far, by reason.
    async fn turned_away_by_reason(&self, trial_id: i64) -> Result<Vec<(String, u64)>, AppError> {
        let mut counts = self.store.read(move |c| touches::of_trial(c, trial_id)).await?;
        for (outcome, n) in self.touches.pending(trial_id) {
            match counts.iter_mut().find(|(known, _)| known == outcome) {
                Some((_, count)) => *count += n,
                None => counts.push((outcome.to_owned(), n)),
            }
        }
        counts.retain(|(outcome, _)| outcome != LOOKED_AHEAD);
        counts.sort();
        Ok(counts.into_iter().map(|(outcome, n)| (outcome, u64::try_from(n).unwrap_or(0))).collect())
    }

    /// The report computed from the logs as they are.
    async fn report_from(&self, trial: &Trial, counted: Counted) -> Result<Report, AppError> {
        let evidence = self.evidence_of(trial, counted).await?;
        let plan = Arc::clone(&trial.plan);
        aside(move || fairtrial_analysis::analyse(&plan, &evidence, ENGINE)).await
    }

    /// Everything that the report of a trial is computed from, beside its plan.
    pub(super) async fn evidence_of(&self, trial: &Trial, counted: Counted) -> Result<Evidence, AppError> {
        self.catch_up().await?;
        let mut evidence = self.projections.evidence(trial, &self.ambient, counted.not_enrolled);
        evidence.declared = counted.declared;
        if evidence.locked && trial.plan.protocol().asks_for_units() {
            evidence.units = Some(self.people_of(trial, evidence.as_of).await?);
        }
        if evidence.locked {
            evidence.replayed = self.replayed(trial).await?;
        }
        let id = trial.id;
        let rows = self.store.read(move |c| looks::of_trial(c, id)).await?;
        evidence.looks = held_looks(&rows)?;
        evidence.crossings = crossings(&trial.crossings)?;
        Ok(evidence)
    }

    /// How many people had been assigned by the end of each day, all versions together, for people of the agency; nothing once
    /// the records are deleted.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; when the database fails.
    pub async fn enrolment(&self, actor: &Actor, key: &str) -> Result<Vec<(NaiveDate, u64)>, AppError> {
        let trial = self.trial_of(actor, key)?;
        if !trial.state.has_started() || trial.deletion.is_some() {
            return Ok(Vec::new());
        }
        self.catch_up().await?;
        let mut days: BTreeMap<NaiveDate, u64> = BTreeMap::new();
        for entered in self.projections.evidence(&trial, &self.ambient, Vec::new()).enrolment {
            *days.entry(entered.day).or_default() += entered.assigned;
        }
        let mut sum = 0_u64;
        let until = |(day, assigned): (NaiveDate, u64)| {
            sum = sum.saturating_add(assigned);
            (day, sum)
        };
        Ok(days.into_iter().map(until).collect())
    }

    /// Whether the frozen report of a trial comes out again, byte for byte, from the plan and the logs.
    ///
    /// # Errors
    /// As [`App::report`]; [`AppError::Conflict`] before the data are locked, and once the records are deleted.
    pub async fn recompute(&self, actor: &Actor, key: &str) -> Result<Recomputed, AppError> {
        let (trial, report) = self.report(actor, key).await?;
        trial.with_records()?;
        let id = trial.id;
        let frozen = self.store.read(move |c| frozen_reports::of_trial(c, id)).await?;
        let not_locked = || AppError::conflict("not_locked", "a report is frozen when the data are locked, not before");
        let frozen = frozen.ok_or_else(not_locked)?;
        let damaged = |error: serde_json::Error| AppError::Internal(error.to_string());
        let mut again = self.report_from(&trial, Counted::of(&frozen)?).await?;
        // Another version of the program computes the same numbers, and names itself.
        again.engine = report.engine;
        let text = serde_json::to_string(&again).map_err(damaged)?;
        Ok(Recomputed { engine: frozen.engine, frozen: frozen.digest, recomputed: sha256_hex(&text) })
    }

    /// The people of a trial one by one. Only for a trial whose arms may be compared: it reads a row for each person.
    pub(super) async fn people_of(&self, trial: &Trial, as_of: DateTime<Utc>) -> Result<UnitEvidence, AppError> {
        let attributes = self.attributes_of(trial).await?;
        let people = self.projections.people(trial);
        aside(move || people(as_of, &attributes)).await
    }

    /// What was kept of people's attributes when they were assigned.
    pub(crate) async fn attributes_of(&self, trial: &Trial) -> Result<HashMap<Pseudonym, Attributes>, AppError> {
        let (id, plan) = (trial.id, Arc::clone(&trial.plan));
        let kept = self.store.read(move |c| log::attributes_of(c, id)).await?;
        let read = move || {
            let declared = &plan.protocol().attributes;
            let read = |(unit, text): &(Vec<u8>, String)| {
                let damaged = || AppError::Internal("the attributes of an assignment cannot be read".into());
                Ok((Pseudonym::from_bytes(unit).ok_or_else(damaged)?, Attribute::read_kept(declared, text)))
            };
            kept.iter().map(read).collect()
        };
        aside(read).await?
    }

    /// Goes on only when whoever asks may see the comparison now, and puts the view on record.
    async fn may_see_comparison(&self, actor: &Actor, trial: &Trial, seen: Seen) -> Result<(), AppError> {
        let open = trial.state.is_locked();
        let readers = [PersonRole::Monitor, PersonRole::Analyst, PersonRole::Manager];
        let person = match actor {
            Actor::Person(person) if !open && !readers.iter().any(|role| person.has(*role)) => {
                let detail = "while people are still in the trial, those who run it do not see the comparison; it opens when the data are locked";
                return Err(AppError::Forbidden(detail.into()));
            }
            Actor::Person(person) => Some(person.id),
            Actor::Key(key) => key.person.as_ref().map(|person| person.id),
        };
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: person,
            key_id: actor.key_id(),
            action: "report.viewed".into(),
            subject: trial.key().to_owned(),
            detail: json!({"protocol_id": trial.plan.id(), "state": trial.state, "view": seen}).to_string(),
        };
        self.store.write(move |c| audit::append(c, &entry)).await?;
        Ok(())
    }
}
