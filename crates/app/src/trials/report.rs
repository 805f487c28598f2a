//! What was learned.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use fairtrial_analysis::Report;
use fairtrial_domain::trial::{PersonRole, Scope};
use fairtrial_store::{
    audit::{self, NewEntry},
    touches,
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// Name and version of what computed a report.
pub const ENGINE: &str = concat!("fairtrial ", env!("CARGO_PKG_VERSION"));

impl App {
    /// The report of a started trial: the verdict from its locked plan and the evidence so far.
    ///
    /// While a trial runs, the people who run it do not see the comparison: it would change how they run it. Every view, by
    /// a person or a program, is an entry in the audit; there is no view without one.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], and [`AppError::Conflict`] for a trial that has not started.
    pub async fn report(&self, actor: &Actor, key: &str) -> Result<(Arc<Trial>, Report), AppError> {
        if let Actor::Key(key) = actor {
            key.needs(Scope::ResultsRead)?;
        }
        let trial = self.trial_of(actor, key)?;
        if !trial.state.has_started() {
            return Err(AppError::conflict("not_started", "there is a report once the trial has started"));
        }
        self.may_see_comparison(actor, &trial).await?;
        let report = self.compute_report(&trial).await?;
        Ok((trial, report))
    }

    /// The report itself, for those whom another rule lets see it.
    pub(crate) async fn compute_report(&self, trial: &Trial) -> Result<Report, AppError> {
        self.catch_up().await?;
        let id = trial.id;
        let mut counts = self.store.read(move |c| touches::of_trial(c, id)).await?;
        for (outcome, n) in self.touches.pending(id) {
            match counts.iter_mut().find(|(known, _)| known == outcome) {
                Some((_, count)) => *count += n,
                None => counts.push((outcome.to_owned(), n)),
            }
        }
        counts.sort();
        let not_enrolled = counts.into_iter().map(|(outcome, n)| (outcome, u64::try_from(n).unwrap_or(0))).collect();
        let evidence = self.projections.evidence(trial, &self.ambient, not_enrolled);
        Ok(fairtrial_analysis::analyse(&trial.plan, &evidence, ENGINE))
    }

    /// How many people had been assigned by the end of each day, all versions together, for people of the agency.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; when the database fails.
    pub async fn enrolment(&self, actor: &Actor, key: &str) -> Result<Vec<(NaiveDate, u64)>, AppError> {
        let trial = self.trial_of(actor, key)?;
        if !trial.state.has_started() {
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

    /// Goes on only when whoever asks may see the comparison now, and puts the view on record.
    async fn may_see_comparison(&self, actor: &Actor, trial: &Trial) -> Result<(), AppError> {
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
            detail: json!({"protocol_id": trial.plan.id(), "state": trial.state}).to_string(),
        };
        self.store.write(move |c| audit::append(c, &entry)).await?;
        Ok(())
    }
}
