//! The data of a trial for its analysts: what is missing, and the records of single people, taken away for a purpose on record.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use fairtrial_analysis::report::OutcomeReport;
use fairtrial_domain::{canonical::hex, projection::UnitEvidence, trial::PersonRole};
use fairtrial_store::{audit, log};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    aside::aside,
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
};

/// Who reads the data page and takes records away.
pub const READERS: [PersonRole; 1] = [PersonRole::Analyst];

/// Fewest and most letters of a purpose.
const PURPOSE: std::ops::RangeInclusive<usize> = 10..=500;

/// What is missing, for its page.
#[derive(Debug, Clone)]
pub struct DataView {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The moment at which maturity was judged.
    pub as_of: DateTime<Utc>,
    /// The outcomes with who was assigned, counted, not followed up yet and missing, by arm; empty before the data are locked.
    pub outcomes: Vec<OutcomeReport>,
    /// What became of corrections.
    pub corrections: Corrections,
}

/// What was corrected or taken back of what was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrections {
    /// Corrections of events about people in the trial.
    pub corrected: u64,
    /// Events about people in the trial that were taken back.
    pub retracted: u64,
    /// People of whom there is one of either, by arm in the order of the plan; empty where it may not be told by arm yet.
    pub people: Vec<u64>,
    /// Corrections of the agency that wait for an event which has not come.
    pub waiting: u64,
}

/// The records of single people, in the order of their assignments, without a name or a code. They take a place among those that are
/// handed out at once, until they are dropped.
#[derive(Debug)]
pub struct Records {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The people.
    pub people: UnitEvidence,
    _place: OwnedSemaphorePermit,
}

/// How many sets of records are in memory at once: each holds everybody of a trial until whoever asked for it has read it.
pub(crate) const RECORDS_AT_ONCE: usize = 2;

/// Hashes what is written to it.
struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The digest of people's records as JSON, which is not kept for it.
fn digest_of(people: &UnitEvidence) -> Result<String, AppError> {
    let mut hashing = Hashing(Sha256::new());
    serde_json::to_writer(&mut hashing, people).map_err(|error| AppError::Internal(error.to_string()))?;
    Ok(hex(&hashing.0.finalize()))
}

impl App {
    /// What the data of a started trial hold and lack. By version only once the data are locked, and then the view is an entry in the
    /// audit as every reading of the report is.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] for people who are not [`READERS`]; [`AppError::Conflict`] before the start.
    pub async fn data_view(&self, actor: &Actor, key: &str) -> Result<DataView, AppError> {
        let trial = self.trial_of(actor, key)?;
        actor.person()?.needs_one_of(&READERS)?;
        if !trial.state.has_started() {
            return Err(AppError::conflict("not_started", "there are data once the trial has started"));
        }
        trial.with_records()?;
        if !trial.state.is_locked() {
            let corrections = self.corrections(&trial, false).await?;
            return Ok(DataView { trial, as_of: self.ambient.now(), outcomes: Vec::new(), corrections });
        }
        let (trial, report) = self.report(actor, key).await?;
        let corrections = self.corrections(&trial, true).await?;
        Ok(DataView { trial, as_of: report.as_of, outcomes: report.outcomes, corrections })
    }

    /// What was corrected in a trial, by arm for those who may know that.
    pub(crate) async fn corrections(&self, trial: &Trial, by_arm: bool) -> Result<Corrections, AppError> {
        let agency_id = trial.agency_id;
        let waiting = self.store.read(move |c| log::waiting_corrections(c, agency_id)).await?;
        self.catch_up().await?;
        let found = self.projections.evidence(trial, &self.ambient, Vec::new());
        let people = found.handling.iter().map(|arm| arm.corrected).filter(|_| by_arm).collect();
        let (corrected, retracted) = (found.events.corrected, found.events.retracted);
        Ok(Corrections { corrected, retracted, people, waiting: u64::try_from(waiting).unwrap_or(0) })
    }

    /// The records of single people of a trial whose data are locked. The purpose, the number of records and their digest are an entry
    /// in the audit; there is no taking away without one.
    ///
    /// # Errors
    /// As [`App::data_view`]; [`AppError::Conflict`] before the data are locked and once the records are deleted; [`AppError::Invalid`] for a purpose that says
    /// nothing; [`AppError::Busy`] while others are taking as many as are handed out at once.
    pub async fn take_records(&self, actor: &Actor, key: &str, purpose: &str) -> Result<Records, AppError> {
        let trial = self.trial_of(actor, key)?;
        let person = actor.person()?;
        person.needs_one_of(&READERS)?;
        let Some(locked_at) = trial.locked_at else {
            let detail = "records of single people can be taken away once the data are locked";
            return Err(AppError::conflict("not_locked", detail));
        };
        trial.with_records()?;
        let purpose = checked_purpose(purpose)?;
        let place = Arc::clone(&self.records).try_acquire_owned().map_err(|_| AppError::Busy)?;
        self.catch_up().await?;
        let people = self.people_of(&trial, locked_at).await?;
        let (people, digest) = aside(move || {
            let digest = digest_of(&people);
            (people, digest)
        })
        .await?;
        let detail = json!({"purpose": purpose, "reason": purpose, "records": people.units.len(),
            "digest": digest?, "protocol_id": trial.plan.id()});
        let entry = self.entry(actor, person, "data.downloaded", key, detail);
        self.store.write(move |c| audit::append(c, &entry)).await?;
        Ok(Records { trial, people, _place: place })
    }
}

/// A purpose that says something.
pub(super) fn checked_purpose(purpose: &str) -> Result<&str, AppError> {
    let purpose = purpose.trim();
    if !PURPOSE.contains(&purpose.chars().count()) || purpose.chars().any(char::is_control) {
        let detail = "say in 10 to 500 characters on one line what it is for: it is kept on record";
        return Err(AppError::invalid("/purpose", "missing_field", detail));
    }
    Ok(purpose)
}
