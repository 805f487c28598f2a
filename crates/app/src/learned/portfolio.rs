//! All trials of an agency at a glance: where they stand, what was learned, what became of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_domain::trial::{PersonRole, State};
use fairtrial_store::{
    adoptions,
    audit::{self, NewEntry},
    conclusions,
};
use serde_json::json;

use super::{
    adoption::{Decided, Reported, awaited},
    finding::Finding,
};
use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// One trial of the agency.
#[derive(Debug, Clone)]
pub struct Line {
    /// The trial.
    pub trial: Arc<Trial>,
    /// People in it, as the list of trials shows them.
    pub people: u64,
    /// What it found, once its data are locked.
    pub finding: Option<Arc<Finding>>,
    /// Days from the first draft to the lock of the data.
    pub days_to_answer: Option<i64>,
    /// What was decided.
    pub decision: Option<Decided>,
    /// What became of it, the oldest report first.
    pub adoption: Vec<Reported>,
    /// Since when an answer about the adoption is awaited.
    pub awaited: Option<DateTime<Utc>>,
}

/// Who reads the portfolio.
pub const READERS: &[PersonRole] = &[PersonRole::Manager, PersonRole::Approver];

impl Line {
    /// Whether people have ever been in it.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.trial.state.has_started() && self.trial.state != State::Withdrawn
    }
}

impl App {
    /// The trials of the actor's agency with what was learned from them, the newest first. The view is an entry in the audit,
    /// because it names verdicts.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for people who are not [`READERS`]; when the database fails.
    pub async fn portfolio(&self, actor: &Actor) -> Result<Vec<Line>, AppError> {
        let person = actor.person()?;
        person.needs_one_of(READERS)?;
        let (decisions, reports) = self.store.read(|c| Ok((conclusions::decisions(c)?, adoptions::all(c)?))).await?;
        let now = self.ambient.now();
        let mut lines = Vec::new();
        for trial in self.trials_of(actor)? {
            let finding = self.finding(&trial).await?;
            let decision = decisions.iter().find(|row| row.trial_id == trial.id).map(Decided::of).transpose()?;
            let adoption = reports.iter().filter(|row| row.trial_id == trial.id).map(Reported::of);
            let adoption = adoption.collect::<Result<Vec<_>, _>>()?;
            let awaited = decision.as_ref().and_then(|decided| awaited(decided, &adoption, now));
            let days_to_answer = trial.locked_at.map(|locked| (locked - trial.created_at).num_days());
            let people = self.people_in(&trial);
            lines.push(Line { trial, people, finding, days_to_answer, decision, adoption, awaited });
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.trial.created_at));
        let entry: NewEntry = self.entry(actor, person, "portfolio.viewed", "portfolio", json!({}));
        self.store.write(move |c| audit::append(c, &entry)).await?;
        Ok(lines)
    }
}
