//! The frozen report with all that it rests on, for whoever computes it again elsewhere.

use fairtrial_analysis::bundle::ReportBundle;
use fairtrial_domain::trial::PersonRole;
use fairtrial_store::{
    audit::{self, NewEntry},
    frozen_reports,
};
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, actor::Actor},
    trials::report::Counted,
};

/// Longest purpose that is kept.
const LONGEST_PURPOSE: usize = 300;

impl App {
    /// Plan, evidence and report of a trial whose data are locked. The evidence may hold people one by one, without a name: it is
    /// for analysts of the agency, who say what they need it for, and every reading with its purpose is an entry in the audit.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for whoever is no analyst, and for a key that does not act as one;
    /// [`AppError::Invalid`] without a purpose; [`AppError::Conflict`] before the data are locked, and once the records are deleted.
    pub async fn report_bundle(&self, actor: &Actor, key: &str, purpose: &str) -> Result<ReportBundle, AppError> {
        let (reader, trial) =
            (actor.reader(&[PersonRole::Analyst], "people one by one are for analysts"), self.trial_of(actor, key)?);
        let person = reader?;
        let purpose = purpose.trim();
        if purpose.is_empty() || purpose.chars().count() > LONGEST_PURPOSE || purpose.chars().any(char::is_control) {
            let detail =
                format!("say what the records are needed for, in at most {LONGEST_PURPOSE} characters on one line");
            return Err(AppError::invalid("/purpose", "missing_field", detail));
        }
        if trial.locked_at.is_none() {
            return Err(AppError::conflict("not_locked", "a report is frozen when the data are locked, not before"));
        }
        trial.with_records()?;
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: Some(person.id),
            key_id: actor.key_id(),
            action: "report.bundled".into(),
            subject: trial.key().to_owned(),
            detail: json!({"protocol_id": trial.plan.id(), "purpose": purpose}).to_string(),
        };
        self.store.write(move |c| audit::append(c, &entry)).await?;
        // Whoever is first after the lock freezes it.
        self.compute_report(&trial).await?;
        let id = trial.id;
        let frozen = self.store.read(move |c| frozen_reports::of_trial(c, id)).await?;
        let frozen = frozen.ok_or_else(|| AppError::Internal("the frozen report is gone".into()))?;
        let evidence = self.evidence_of(&trial, Counted::of(&frozen)?).await?;
        Ok(ReportBundle::new((*trial.plan).clone(), evidence, &frozen.engine, frozen.report))
    }
}
