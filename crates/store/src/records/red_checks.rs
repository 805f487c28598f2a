//! The checks of trials under way that are red now.

use diesel::{Insertable, QueryDsl, Queryable, RunQueryDsl};

use super::directory;
use crate::{connection::DbConnection, error::StoreError, schema::red_checks};

/// A check that is red.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = red_checks)]
pub struct RedCheck {
    /// Of which trial.
    pub trial_id: i64,
    /// Its name: a word of the analysis.
    pub gate: String,
    /// Since when, in microseconds.
    pub since: i64,
}

/// Keeps that a check has turned red. Of several servers that see it at once, one does.
///
/// # Errors
/// [`StoreError::Exists`] when it is known already.
pub fn redden(c: &mut DbConnection, check: &RedCheck) -> Result<(), StoreError> {
    diesel::insert_into(red_checks::table).values(check).execute(c)?;
    directory::changed(c)
}

/// Keeps that a check is red no more.
///
/// # Errors
/// [`StoreError::Changed`] when somebody else has kept it already.
pub fn mend(c: &mut DbConnection, trial_id: i64, gate: &str) -> Result<(), StoreError> {
    match diesel::delete(red_checks::table.find((trial_id, gate))).execute(c)? {
        0 => Err(StoreError::Changed("the check is not noted as red any more".into())),
        _ => directory::changed(c),
    }
}

/// All of them, the longest red first.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<RedCheck>, StoreError> {
    Ok(red_checks::table.order((red_checks::since, red_checks::gate)).load(c)?)
}
