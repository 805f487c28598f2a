//! What was decided, and what became of a version that was to be adopted.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use fairtrial_domain::trial::{Adoption, Decision, PersonRole, follow_up_due};
use fairtrial_store::{
    adoptions::{self, AdoptionRow},
    audit,
    conclusions::{self, DecisionRow},
    people,
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{
        App,
        actor::Actor,
        directory::{Trial, instant},
    },
};

/// What was decided about a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// Whether the verdict recommends it.
    pub by_the_rule: bool,
    /// Why, in the words of who decided.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Number of the account that decided.
    pub person_id: i64,
    /// Number of the account that agreed, where two had to.
    pub second_person_id: Option<i64>,
    /// Who sees to an adoption.
    pub owner: Option<String>,
    /// The day by which it is to be done.
    pub due_on: Option<NaiveDate>,
}

/// One report of what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// How it stands.
    pub status: Adoption,
    /// Why, in the words of who reports it.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Number of the account that reported it.
    pub person_id: i64,
}

/// A decision to adopt with everything that came after it.
#[derive(Debug, Clone)]
pub struct FollowUp {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The decision.
    pub decided: Decided,
    /// The reports, the oldest first.
    pub reports: Vec<Reported>,
    /// Since when an answer is awaited.
    pub due: Option<DateTime<Utc>>,
    /// The names of those who decided and reported, by the number of their account.
    pub names: Vec<(i64, String)>,
}

/// Who reports what became of a decision.
pub const REPORTERS: [PersonRole; 3] = [PersonRole::Manager, PersonRole::Approver, PersonRole::Designer];

impl FollowUp {
    /// The name of an account.
    #[must_use]
    pub fn name(&self, id: i64) -> String {
        let found = self.names.iter().find(|(known, _)| *known == id);
        found.map_or_else(|| "somebody who has left".to_owned(), |(_, name)| name.clone())
    }
}

impl Decided {
    pub(crate) fn of(row: &DecisionRow) -> Result<Self, AppError> {
        let damaged = || AppError::Internal(format!("decision of trial {}", row.trial_id));
        let due_on = row.due_on.as_deref().map(|day| day.parse().map_err(|_| damaged())).transpose()?;
        Ok(Self {
            decision: Decision::from_word(&row.decision).ok_or_else(damaged)?,
            by_the_rule: row.by_the_rule,
            reason: row.reason.clone(),
            at: instant(row.decided_at),
            person_id: row.person_id,
            second_person_id: row.second_person_id,
            owner: row.owner.clone(),
            due_on,
        })
    }
}

impl Reported {
    pub(crate) fn of(row: &AdoptionRow) -> Result<Self, AppError> {
        let damaged = || AppError::Internal(format!("adoption report {} of trial {}", row.step, row.trial_id));
        Ok(Self {
            status: Adoption::from_word(&row.status).ok_or_else(damaged)?,
            reason: row.reason.clone(),
            at: instant(row.reported_at),
            person_id: row.person_id,
        })
    }
}

/// Since when an answer is awaited about a decision.
pub(super) fn awaited(decided: &Decided, reports: &[Reported], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let reports: Vec<_> = reports.iter().map(|report| (report.at, report.status)).collect();
    follow_up_due(decided.at, &reports, now).filter(|_| decided.decision == Decision::Adopt)
}

impl App {
    /// What was decided about a trial of the actor's agency; nothing before.
    ///
    /// # Errors
    /// [`AppError::NotFound`], and when the database fails.
    pub async fn decision(&self, actor: &Actor, key: &str) -> Result<Option<FollowUp>, AppError> {
        let trial = self.trial_of(actor, key)?;
        let (id, agency_id) = (trial.id, trial.agency_id);
        let (row, reports, people) = self
            .store
            .read(move |c| {
                let people = people::of_agency(c, agency_id)?;
                Ok((conclusions::decision_of(c, id)?, adoptions::of_trial(c, id)?, people))
            })
            .await?;
        let Some(row) = row else { return Ok(None) };
        let decided = Decided::of(&row)?;
        let reports = reports.iter().map(Reported::of).collect::<Result<Vec<_>, _>>()?;
        let due = awaited(&decided, &reports, self.ambient.now());
        let names = people.into_iter().map(|person| (person.id, person.name)).collect();
        Ok(Some(FollowUp { trial, decided, reports, due, names }))
    }

    /// Keeps what became of a version that was to be adopted.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for people who neither decide nor design; [`AppError::Conflict`] when no adoption was decided;
    /// [`AppError::Invalid`] for a missing or overlong reason.
    pub async fn report_adoption(
        &self,
        actor: &Actor,
        key: &str,
        status: Adoption,
        reason: &str,
    ) -> Result<(), AppError> {
        let person = actor.person()?;
        let trial = self.trial_of(actor, key)?;
        person.needs_one_of(&REPORTERS)?;
        let reason = reason.trim();
        if reason.is_empty() && status.needs_reason() {
            let detail = "say what happened: others who think of doing the same will read it";
            return Err(AppError::invalid("/reason", "missing_field", detail));
        }
        if reason.chars().count() > 1_000 || reason.contains('\0') {
            return Err(AppError::invalid("/reason", "out_of_range", "this has at most 1,000 characters"));
        }
        let report = AdoptionRow {
            trial_id: trial.id,
            step: 0,
            status: status.as_str().to_owned(),
            reason: reason.to_owned(),
            person_id: person.id,
            reported_at: self.ambient.now_micros(),
        };
        let detail = json!({"status": status, "reason": reason});
        let entry = self.entry(actor, person, "trial.adoption_reported", key, detail);
        self.store
            .write(move |c| {
                let decided = conclusions::decision_of(c, report.trial_id)?;
                if decided.is_none_or(|row| row.decision != Decision::Adopt.as_str()) {
                    let detail = "it was not decided that the new version becomes the usual one";
                    return Ok(Err(AppError::conflict("not_adopted", detail)));
                }
                adoptions::report(c, &report)?;
                audit::append(c, &entry)?;
                Ok(Ok(()))
            })
            .await?
    }
}
