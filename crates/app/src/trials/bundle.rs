//! The frozen report with all that it rests on, for whoever computes it again elsewhere.

use std::sync::Arc;

use fairtrial_analysis::bundle::ReportBundle;
use fairtrial_domain::trial::PersonRole;
use fairtrial_store::{
    audit::{self, NewEntry},
    frozen_reports,
};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    aside::aside,
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
    trials::report::Counted,
};

/// Longest purpose that is kept.
const LONGEST_PURPOSE: usize = 300;

/// A report bundle as it is sent. It takes a place among the lists of single people that are handed out at once, until it is dropped.
#[derive(Debug)]
pub struct PackedReport {
    /// Which trial.
    pub trial: String,
    /// The archive.
    pub archive: Vec<u8>,
    /// Held for what dropping it does.
    pub place: OwnedSemaphorePermit,
}

impl App {
    /// The bundle as an archive, packed beside the threads that answer.
    ///
    /// # Errors
    /// As [`App::report_bundle`]; [`AppError::Busy`] while others are taking as many lists of single people as are handed out at once.
    pub async fn packed_report(&self, actor: &Actor, key: &str, purpose: &str) -> Result<PackedReport, AppError> {
        // Whoever may not have it is told so, and not to come again.
        self.may_bundle(actor, key, purpose.trim())?;
        let place = Arc::clone(&self.records).try_acquire_owned().map_err(|_| AppError::Busy)?;
        let bundle = self.report_bundle(actor, key, purpose).await?;
        let trial = bundle.trial().to_string();
        let archive = aside(move || bundle.to_tar()).await?;
        let archive = archive.map_err(|error| AppError::Internal(format!("a bundle could not be written: {error}")))?;
        Ok(PackedReport { trial, archive, place })
    }

    /// The trial and who takes its bundle away, when they may.
    fn may_bundle(&self, actor: &Actor, key: &str, purpose: &str) -> Result<(Arc<Trial>, i64), AppError> {
        let (reader, trial) =
            (actor.reader(&[PersonRole::Analyst], "people one by one are for analysts"), self.trial_of(actor, key)?);
        let person = reader?;
        if purpose.is_empty() || purpose.chars().count() > LONGEST_PURPOSE || purpose.chars().any(char::is_control) {
            let detail =
                format!("say what the records are needed for, in at most {LONGEST_PURPOSE} characters on one line");
            return Err(AppError::invalid("/purpose", "missing_field", detail));
        }
        if trial.locked_at.is_none() {
            return Err(AppError::conflict("not_locked", "a report is frozen when the data are locked, not before"));
        }
        trial.with_records()?;
        Ok((trial, person.id))
    }

    /// Plan, evidence and report of a trial whose data are locked. The evidence may hold people one by one, without a name: it is
    /// for analysts of the agency, who say what they need it for, and every reading with its purpose is an entry in the audit.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for whoever is no analyst, and for a key that does not act as one;
    /// [`AppError::Invalid`] without a purpose; [`AppError::Conflict`] before the data are locked, and once the records are deleted.
    pub async fn report_bundle(&self, actor: &Actor, key: &str, purpose: &str) -> Result<ReportBundle, AppError> {
        let purpose = purpose.trim();
        let (trial, person_id) = self.may_bundle(actor, key, purpose)?;
        let entry = NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: Some(person_id),
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
