//! What one person has asked for and a second one must agree to.

use diesel::{ExpressionMethods, Insertable, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::agreements};

/// One person's part of what two must agree to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = agreements)]
pub struct Agreement {
    /// About which trial.
    pub trial_id: i64,
    /// To do what.
    pub verb: String,
    /// Who asks for it.
    pub person_id: i64,
    /// What exactly, where the verb leaves a choice; empty otherwise.
    pub about: String,
    /// Why, in their words.
    pub reason: String,
    /// When, in microseconds.
    pub asked_at: i64,
    /// Who is to see to an adoption.
    pub owner: Option<String>,
    /// The day by which it is to be done, as an ISO date.
    pub due_on: Option<String>,
}

/// Keeps what somebody asks for, in the place of what they asked for by the same verb before.
///
/// # Errors
/// When the database fails.
pub fn ask(c: &mut DbConnection, agreement: &Agreement) -> Result<(), StoreError> {
    diesel::delete(agreements::table.find((agreement.trial_id, &agreement.verb, agreement.person_id))).execute(c)?;
    diesel::insert_into(agreements::table).values(agreement).execute(c)?;
    Ok(())
}

/// What is asked for of a trial, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Vec<Agreement>, StoreError> {
    let asked = agreements::table.filter(agreements::trial_id.eq(trial_id));
    Ok(asked.order((agreements::asked_at, agreements::person_id)).load(c)?)
}

/// Forgets all that is asked for of a trial: it has moved.
pub(super) fn forget(c: &mut DbConnection, trial_id: i64) -> Result<(), StoreError> {
    diesel::delete(agreements::table.filter(agreements::trial_id.eq(trial_id))).execute(c)?;
    Ok(())
}
