//! Requests that did not lead to an assignment, counted by reason.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use crate::{connection::DbConnection, dialect, error::StoreError, schema::touches};

/// Adds to the counts of trials: trial, outcome, requests.
///
/// # Errors
/// When the database fails.
pub fn add(c: &mut DbConnection, counts: &[(i64, &'static str, i64)]) -> Result<(), StoreError> {
    // In one order for every server: otherwise two of them can wait for each other.
    let mut counts = counts.to_vec();
    counts.sort_unstable();
    for (trial_id, outcome, requests) in counts {
        dialect::add_touches(c, trial_id, outcome, requests)?;
    }
    Ok(())
}

/// The counts of a trial: outcome, requests.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(touches::table
        .filter(touches::trial_id.eq(trial_id))
        .order(touches::outcome)
        .select((touches::outcome, touches::requests))
        .load(c)?)
}
