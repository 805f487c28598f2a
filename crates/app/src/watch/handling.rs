//! What became of people on the way: all versions together for those who run a trial, by version for the monitor alone.

use std::sync::Arc;

use fairtrial_analysis::release::Masked;
use fairtrial_domain::{projection::ArmHandling, trial::PersonRole};
use fairtrial_store::audit;
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// Counts of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionHandling {
    /// The name of the version.
    pub name: String,
    /// People assigned to it.
    pub assigned: u64,
    /// What was noted of them.
    pub counts: ArmHandling,
}

impl App {
    /// What was noted of the people of a started trial, all versions together, and how many they are. No number tells one version
    /// from another, so everybody of the agency may read it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Conflict`] before the start.
    pub async fn handling(&self, actor: &Actor, key: &str) -> Result<(Arc<Trial>, u64, ArmHandling), AppError> {
        let (trial, versions) = self.versions_handled(actor, key).await?;
        let together = versions.iter().fold(ArmHandling::default(), |sum, version| sum.together(&version.counts));
        let assigned = versions.iter().fold(0_u64, |sum, version| sum.saturating_add(version.assigned));
        Ok((trial, assigned, together))
    }

    /// The same by version. Every view is an entry in the audit.
    ///
    /// # Errors
    /// As [`App::handling`]; [`AppError::Forbidden`] for whoever is not the monitor, until the data are locked.
    pub async fn handling_by_version(
        &self,
        actor: &Actor,
        key: &str,
    ) -> Result<(Arc<Trial>, Vec<VersionHandling>), AppError> {
        let (trial, mut versions) = self.versions_handled(actor, key).await?;
        let person = actor.person()?;
        if !trial.state.is_locked() && !person.has(PersonRole::Monitor) {
            let detail = "by version, it is for the monitor alone until the data are locked";
            return Err(AppError::Forbidden(detail.into()));
        }
        if let Some(masked) = self.masked(&trial, person.id).await? {
            let shown = masked.order().iter().enumerate().filter_map(|(shown, place)| {
                Some(VersionHandling { name: Masked::name(shown), ..versions.get(*place)?.clone() })
            });
            versions = shown.collect();
        }
        let detail = json!({"protocol_id": trial.plan.id(), "state": trial.state});
        let entry = self.entry(actor, person, "handling.viewed", key, detail);
        self.store.write(move |c| audit::append(c, &entry)).await?;
        Ok((trial, versions))
    }

    async fn versions_handled(&self, actor: &Actor, key: &str) -> Result<(Arc<Trial>, Vec<VersionHandling>), AppError> {
        let trial = self.trial_of(actor, key)?;
        if !trial.state.has_started() {
            return Err(AppError::conflict("not_started", "nobody is in this trial yet: it has not started"));
        }
        trial.with_records()?;
        self.catch_up().await?;
        let evidence = self.projections.evidence(&trial, &self.ambient, Vec::new());
        let arms = &trial.plan.protocol().arms;
        let assigned = evidence.assigned(arms.len());
        let versions = arms.iter().enumerate().map(|(place, arm)| VersionHandling {
            name: arm.name.clone(),
            assigned: assigned.get(place).copied().unwrap_or(0),
            counts: evidence.handling.get(place).copied().unwrap_or_default(),
        });
        let versions = versions.collect();
        Ok((trial, versions))
    }
}
