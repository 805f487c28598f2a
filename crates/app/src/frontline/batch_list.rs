//! Lists of people for letters, as people see them.

use chrono::{DateTime, Utc};
use fairtrial_store::{
    batches::{self, BatchRow},
    people,
};
use serde_json::Value;

use super::batch::{RefusedLine, may_send};
use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::instant},
};

/// A list with the names of those who sent and committed it.
#[derive(Debug, Clone)]
pub struct ListedBatch {
    /// Its name in addresses.
    pub id: String,
    /// People in it.
    pub people: u64,
    /// When it was sent.
    pub uploaded_at: DateTime<Utc>,
    /// Who sent it.
    pub uploaded_by: String,
    /// Number of the account that sent it, where a person did.
    pub uploader: Option<i64>,
    /// When everybody in it was assigned.
    pub committed_at: Option<DateTime<Utc>>,
    /// Who committed it.
    pub committed_by: Option<String>,
    /// SHA-256 of the file for letters.
    pub checksum: Option<String>,
    /// Lines that were refused.
    pub refused: Vec<RefusedLine>,
    /// How its people lie in the arms: `expected`, `arms`, `strata`.
    pub balance: Value,
}

impl App {
    /// The lists of a trial, the latest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`].
    pub async fn batches(&self, actor: &Actor, key: &str) -> Result<Vec<ListedBatch>, AppError> {
        may_send(actor)?;
        let trial = self.trial_of(actor, key)?;
        let (trial_id, agency_id) = (trial.id, trial.agency_id);
        let (rows, people) =
            self.store.read(move |c| Ok((batches::of_trial(c, trial_id)?, people::of_agency(c, agency_id)?))).await?;
        rows.iter().map(|row| listed(row, &people)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`].
    pub async fn listed_batch(&self, actor: &Actor, key: &str, id: &str) -> Result<ListedBatch, AppError> {
        let row = self.batch(actor, key, id).await?;
        let agency_id = actor.agency_id();
        let people = self.store.read(move |c| people::of_agency(c, agency_id)).await?;
        listed(&row, &people)
    }
}

fn listed(row: &BatchRow, people: &[people::PersonRow]) -> Result<ListedBatch, AppError> {
    let damaged = || AppError::Internal(format!("the list {} cannot be read", row.id));
    let name = |id: i64| {
        let found = people.iter().find(|person| person.id == id);
        found.map_or_else(|| "somebody who has left".to_owned(), |person| person.name.clone())
    };
    Ok(ListedBatch {
        id: row.id.clone(),
        people: u64::try_from(row.accepted).map_err(|_| damaged())?,
        uploaded_at: instant(row.uploaded_at),
        uploaded_by: row.uploaded_by.map_or_else(|| "a program".to_owned(), name),
        uploader: row.uploaded_by,
        committed_at: row.committed_at.map(instant),
        committed_by: row.committed_by.map(name),
        checksum: row.checksum.clone(),
        refused: serde_json::from_str(&row.refused).map_err(|_| damaged())?,
        balance: serde_json::from_str(&row.balance).map_err(|_| damaged())?,
    })
}
