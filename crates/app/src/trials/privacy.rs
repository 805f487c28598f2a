//! What a privacy reviewer needs beside the plan to go through the information privacy principles.

use std::sync::Arc;

use fairtrial_analysis::release::Policy;
use fairtrial_domain::LockedProtocol;

use super::review::UnderReview;
use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// A plan and what the installation does with its data.
#[derive(Debug, Clone)]
pub struct PrivacyView {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The content that waits for signatures, or is in force when none does.
    pub plan: LockedProtocol,
    /// The name of the agency.
    pub agency: String,
    /// How numbers are rounded and hidden when they leave those who analyse the trial.
    pub policy: Policy,
}

impl App {
    /// The plan whose privacy is judged, for people of its agency.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for programs; when the database fails.
    pub async fn privacy(&self, actor: &Actor, key: &str) -> Result<PrivacyView, AppError> {
        actor.person()?;
        let trial = self.trial_of(actor, key)?;
        let id = trial.id;
        let under = self.store.read(move |c| UnderReview::read(c, id)).await?;
        let agency = self.directory.load().agency(trial.agency_id)?.name.clone();
        Ok(PrivacyView { trial, plan: under.plan, agency, policy: self.release_rules().policy })
    }
}
