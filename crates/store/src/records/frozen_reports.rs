//! Reports as they were when the data were locked.

use diesel::{Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::frozen_reports};

/// A frozen report.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = frozen_reports)]
pub struct FrozenReport {
    /// Of which trial.
    pub trial_id: i64,
    /// By which plan.
    pub protocol_id: String,
    /// Sequence number of the last event counted in.
    pub data_cut: i64,
    /// Name and version of the program that computed it.
    pub engine: String,
    /// Requests turned away by then, by reason, as JSON.
    pub not_enrolled: String,
    /// The report, as JSON.
    pub report: String,
    /// SHA-256 of the report, in hexadecimal.
    pub digest: String,
    /// When, in microseconds.
    pub frozen_at: i64,
    /// What senders had declared by then, as JSON.
    pub declared: String,
}

/// Keeps a report. The first one of a trial stays: whoever comes second gets that one back.
///
/// # Errors
/// When the database fails.
pub fn freeze(c: &mut DbConnection, report: &FrozenReport) -> Result<FrozenReport, StoreError> {
    if let Some(kept) = of_trial(c, report.trial_id)? {
        return Ok(kept);
    }
    diesel::insert_into(frozen_reports::table).values(report).execute(c)?;
    Ok(report.clone())
}

/// The frozen report of a trial.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Option<FrozenReport>, StoreError> {
    Ok(frozen_reports::table.find(trial_id).first(c).optional()?)
}
