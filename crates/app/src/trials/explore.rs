//! What analysts may look at beside the plan, once the decision is taken: it changes no verdict and reaches no other page.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_analysis::{
    explore::{Explored, explore},
    release::{ReleasedExplored, release_explored},
};
use fairtrial_domain::trial::{PersonRole, State};
use fairtrial_store::audit;
use serde_json::json;

use super::data::checked_purpose;
use crate::{
    aside::aside,
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// Who explores.
pub const EXPLORERS: [PersonRole; 1] = [PersonRole::Analyst];

/// What was seen beside the plan.
#[derive(Debug, Clone)]
pub struct ExploreView {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The moment at which maturity was judged.
    pub as_of: DateTime<Utc>,
    /// Every declared group, outcome and new version.
    pub found: Vec<Explored>,
}

/// Whether a trial is open to exploring: its decision is taken, so that nothing that is seen here can sway it.
#[must_use]
pub fn is_open(state: State) -> bool {
    matches!(state, State::Decided | State::Archived)
}

impl App {
    /// Differences by declared group. Every view is an entry in the audit.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for people who are not [`EXPLORERS`]; [`AppError::Conflict`] before the
    /// decision, and once the records are deleted.
    pub async fn explore(&self, actor: &Actor, key: &str) -> Result<ExploreView, AppError> {
        let trial = self.explored_by(actor, key)?;
        let person = actor.person()?;
        let entry = self.entry(actor, person, "explore.viewed", key, json!({"protocol_id": trial.plan.id()}));
        self.store.write(move |c| audit::append(c, &entry)).await?;
        self.explored(trial).await
    }

    /// What may be taken away of it, in released numbers, for a purpose that is kept on record.
    ///
    /// # Errors
    /// As [`App::explore`]; [`AppError::Invalid`] for a purpose that says nothing.
    pub async fn take_explored(
        &self,
        actor: &Actor,
        key: &str,
        purpose: &str,
    ) -> Result<(Arc<Trial>, Vec<ReleasedExplored>), AppError> {
        let trial = self.explored_by(actor, key)?;
        let (person, purpose) = (actor.person()?, checked_purpose(purpose)?);
        let view = self.explored(trial).await?;
        let policy = self.release_rules().policy;
        let released = release_explored(view.trial.plan.protocol(), &view.found, policy, self.master_key.release());
        let detail = json!({"purpose": purpose, "reason": purpose, "rows": released.len(),
            "protocol_id": view.trial.plan.id()});
        let entry = self.entry(actor, person, "explore.downloaded", key, detail);
        self.store.write(move |c| audit::append(c, &entry)).await?;
        Ok((view.trial, released))
    }

    fn explored_by(&self, actor: &Actor, key: &str) -> Result<Arc<Trial>, AppError> {
        let trial = self.trial_of(actor, key)?;
        actor.person()?.needs_one_of(&EXPLORERS)?;
        if !is_open(trial.state) {
            let detail = "exploring opens when the decision is taken, so that nothing seen there can sway it";
            return Err(AppError::conflict("not_decided", detail));
        }
        trial.with_records()?;
        Ok(trial)
    }

    async fn explored(&self, trial: Arc<Trial>) -> Result<ExploreView, AppError> {
        self.catch_up().await?;
        let mut evidence = self.projections.evidence(&trial, &self.ambient, Vec::new());
        evidence.units = Some(self.people_of(&trial, evidence.as_of).await?);
        let (plan, as_of) = (trial.plan.clone(), evidence.as_of);
        let found = aside(move || explore(&plan, &evidence)).await?;
        Ok(ExploreView { trial, as_of, found })
    }
}
