//! What the looks found, by arm: for the monitor, and for nobody else before the data are locked.

use std::sync::Arc;

use fairtrial_analysis::{
    monitor::{self, Arrival, Boundaries, Outlook},
    report::LookHeld,
};
use fairtrial_domain::{projection::HarmCrossing, trial::PersonRole};
use fairtrial_store::{
    audit::{self, NewEntry},
    looks,
};
use serde_json::json;

use super::{
    harm::crossings,
    looks::{held_looks, unreadable},
};
use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
    trials::data::Corrections,
};

/// What watching over a trial found so far.
#[derive(Debug, Clone)]
pub struct LooksView {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The looks held, oldest first.
    pub looks: Vec<LookHeld>,
    /// What the last look lets one expect of the end, by new version; empty where it does not tell, and once the data are locked.
    pub outlook: Vec<Outlook>,
    /// The boundaries with the looks held, and as planned for those still to come.
    pub boundaries: Boundaries,
    /// How records of the primary outcome came in, look by look.
    pub arrivals: Vec<Arrival>,
    /// The harm boundaries crossed between looks.
    pub crossings: Vec<HarmCrossing>,
    /// What was corrected or taken back so far, by arm; none once the records are deleted.
    pub corrections: Option<Corrections>,
    /// Place in the log of events of the last correction that changed the trial's data; none without any. What was stopped before it
    /// stays stopped.
    pub last_correction: Option<i64>,
}

impl App {
    /// What the looks held so far found, and what triggers found between them. Every view is an entry in the audit.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for whoever is not the monitor, until the data are locked.
    pub async fn looks(&self, actor: &Actor, key: &str) -> Result<LooksView, AppError> {
        let trial = self.trial_of(actor, key)?;
        let Actor::Person(person) = actor else {
            return Err(AppError::Forbidden("what looks found is for people to read, not for programs".into()));
        };
        if !trial.state.is_locked() && !person.has(PersonRole::Monitor) {
            let detail = "what the looks found is for the monitor alone until the data are locked";
            return Err(AppError::Forbidden(detail.into()));
        }
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: Some(person.id),
            key_id: None,
            action: "looks.viewed".into(),
            subject: trial.key().to_owned(),
            detail: json!({"protocol_id": trial.plan.id(), "state": trial.state}).to_string(),
        };
        self.store.write(move |c| audit::append(c, &entry)).await?;
        let id = trial.id;
        let rows = self.store.read(move |c| looks::of_trial(c, id)).await?;
        let held = held_looks(&rows)?;
        let looks = monitor::hold_all(trial.plan.protocol(), &held).map_err(unreadable)?;
        let outlook = if trial.state.is_locked() { Vec::new() } else { monitor::outlook(trial.plan.protocol(), &held) };
        let boundaries = match trial.state.is_locked() {
            true => monitor::boundaries(&looks),
            false => monitor::boundaries_ahead(trial.plan.protocol(), &looks).map_err(unreadable)?,
        };
        let arrivals = monitor::arrivals(trial.plan.protocol(), &held);
        let crossings = crossings(&trial.crossings)?;
        let kept = trial.deletion.is_none();
        let corrections = if kept { Some(self.corrections(&trial, true).await?) } else { None };
        let last_correction = self.projections.progress(&trial, |projection| projection.last_correction());
        Ok(LooksView { trial, looks, outlook, boundaries, arrivals, crossings, corrections, last_correction })
    }
}
