//! What became of a trial: the decision, and whether its results are public.

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{decisions, publications},
};

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = decisions)]
pub struct DecisionRow {
    /// About which trial.
    pub trial_id: i64,
    /// What: a word of the domain.
    pub decision: String,
    /// The verdict of the report, a word of the analysis.
    pub verdict: String,
    /// Whether the verdict recommends it.
    pub by_the_rule: bool,
    /// Why, in the words of who decided.
    pub reason: String,
    /// Who decided.
    pub person_id: i64,
    /// Who agreed, where two had to.
    pub second_person_id: Option<i64>,
    /// When, in microseconds.
    pub decided_at: i64,
    /// Who sees to an adoption.
    pub owner: Option<String>,
    /// The day by which it is to be done, as an ISO date.
    pub due_on: Option<String>,
}

/// Keeps a decision.
///
/// # Errors
/// [`StoreError::Exists`] when the trial is decided already.
pub fn decide(c: &mut DbConnection, decision: &DecisionRow) -> Result<(), StoreError> {
    diesel::insert_into(decisions::table).values(decision).execute(c)?;
    Ok(())
}

/// The decision about a trial.
///
/// # Errors
/// When the database fails.
pub fn decision_of(c: &mut DbConnection, trial_id: i64) -> Result<Option<DecisionRow>, StoreError> {
    Ok(decisions::table.find(trial_id).first(c).optional()?)
}

/// Every decision, by the number of its trial.
///
/// # Errors
/// When the database fails.
pub fn decisions(c: &mut DbConnection) -> Result<Vec<DecisionRow>, StoreError> {
    Ok(decisions::table.order(decisions::trial_id).load(c)?)
}

/// Keeps that the results of a trial are public from now on; the first time counts.
///
/// # Errors
/// When the database fails.
pub fn publish(c: &mut DbConnection, trial_id: i64, person_id: i64, at: i64) -> Result<(), StoreError> {
    if published_at(c, trial_id)?.is_none() {
        diesel::insert_into(publications::table)
            .values((
                publications::trial_id.eq(trial_id),
                publications::person_id.eq(person_id),
                publications::published_at.eq(at),
            ))
            .execute(c)?;
    }
    Ok(())
}

/// When the results of a trial became public, in microseconds.
///
/// # Errors
/// When the database fails.
pub fn published_at(c: &mut DbConnection, trial_id: i64) -> Result<Option<i64>, StoreError> {
    Ok(publications::table.find(trial_id).select(publications::published_at).first(c).optional()?)
}

/// Since when the results of trials are public, in microseconds, by the number of the trial.
///
/// # Errors
/// When the database fails.
pub fn published(c: &mut DbConnection) -> Result<Vec<(i64, i64)>, StoreError> {
    Ok(publications::table.select((publications::trial_id, publications::published_at)).load(c)?)
}
