//! What a finished trial has found, in released numbers, worked out once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use fairtrial_analysis::{
    release::{Policy, ReleasedCost, ReleasedOutcome, ReleasedReport, View},
    report::VerdictKind,
};
use fairtrial_domain::{ArmKey, protocol::Role};
use fairtrial_store::audit;
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// What a trial whose data are locked has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The verdict.
    pub verdict: VerdictKind,
    /// The verdict in a sentence or two.
    pub headline: String,
    /// About how many people took part: a sum of released counts, where it may be told.
    pub people: Option<u64>,
    /// The main outcome in released numbers.
    pub primary: Option<ReleasedOutcome>,
    /// The harm measures in released numbers.
    pub harms: Vec<ReleasedOutcome>,
    /// The names of the versions, by their keys.
    pub arms: Vec<(ArmKey, String)>,
    /// What the versions cost, from released numbers.
    pub cost: ReleasedCost,
    /// How strictly they were released.
    pub policy: Policy,
}

/// Findings that were worked out before, by the number of their trial. They rest on locked data, so they do not change.
#[derive(Debug, Default)]
pub(crate) struct Findings(Mutex<HashMap<i64, Arc<Finding>>>);

impl From<&ReleasedReport> for Finding {
    fn from(report: &ReleasedReport) -> Self {
        let of = |role: Role| report.outcomes.iter().filter(move |outcome| outcome.role == role).cloned();
        Self {
            verdict: report.verdict.kind,
            headline: report.verdict.headline.clone(),
            people: report.flow.assigned,
            primary: of(Role::Primary).next(),
            harms: of(Role::Harm).collect(),
            arms: report.arms.iter().map(|arm| (arm.arm.clone(), arm.name.clone())).collect(),
            cost: report.cost.clone(),
            policy: report.policy,
        }
    }
}

impl App {
    /// What a trial of the actor's agency has found. The view is an entry in the audit.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Conflict`] before the data are locked.
    pub async fn finding_for(&self, actor: &Actor, key: &str) -> Result<Arc<Finding>, AppError> {
        let (person, trial) = (actor.person()?, self.trial_of(actor, key)?);
        let finding = self.finding(&trial).await?;
        let early = || AppError::conflict("not_locked", "there is something to decide once the data are locked");
        let finding = finding.ok_or_else(early)?;
        let detail = json!({"protocol_id": trial.plan.id(), "state": trial.state});
        let entry = self.entry(actor, person, "verdict.viewed", trial.key(), detail);
        self.store.write(move |c| audit::append(c, &entry)).await?;
        Ok(finding)
    }

    /// What a trial has found; nothing before its data are locked.
    pub(crate) async fn finding(&self, trial: &Trial) -> Result<Option<Arc<Finding>>, AppError> {
        if !trial.state.is_locked() {
            return Ok(None);
        }
        let known = || self.findings.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(finding) = known().get(&trial.id) {
            return Ok(Some(Arc::clone(finding)));
        }
        let report = self.compute_report(trial).await?;
        let finding = Arc::new(Finding::from(&self.released(trial, &report, View::Public)?));
        known().insert(trial.id, Arc::clone(&finding));
        Ok(Some(finding))
    }
}
