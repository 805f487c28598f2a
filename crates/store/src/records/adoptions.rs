//! What became of a version that was to be adopted.

use diesel::{ExpressionMethods, Insertable, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::adoptions};

/// One report of how an adoption stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = adoptions)]
pub struct AdoptionRow {
    /// Of which trial.
    pub trial_id: i64,
    /// Its number among the reports of that trial, from 1.
    pub step: i64,
    /// How it stands: a word of the domain.
    pub status: String,
    /// Why, in the words of who reports it.
    pub reason: String,
    /// Who reports it.
    pub person_id: i64,
    /// When, in microseconds.
    pub reported_at: i64,
}

/// Keeps a report behind those before it, whatever its own number says.
///
/// # Errors
/// When the database fails.
pub fn report(c: &mut DbConnection, report: &AdoptionRow) -> Result<(), StoreError> {
    let before = of_trial(c, report.trial_id)?.last().map_or(0, |last| last.step);
    diesel::insert_into(adoptions::table).values(AdoptionRow { step: before + 1, ..report.clone() }).execute(c)?;
    Ok(())
}

/// The reports of a trial, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Vec<AdoptionRow>, StoreError> {
    Ok(adoptions::table.filter(adoptions::trial_id.eq(trial_id)).order(adoptions::step).load(c)?)
}

/// The reports of every trial, the oldest of each first.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<AdoptionRow>, StoreError> {
    Ok(adoptions::table.order((adoptions::trial_id, adoptions::step)).load(c)?)
}
