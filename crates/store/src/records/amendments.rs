//! Later versions of the plan of a started trial.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, JoinOnDsl, NullableExpressionMethods, QueryDsl, Queryable,
    RunQueryDsl,
};

use super::{
    directory,
    trials::{NewTrial, add_protocol},
};
use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{amendment_ends, amendments, trials},
};

/// An amendment as proposed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = amendments)]
pub struct Amendment {
    /// Of which trial.
    pub trial_id: i64,
    /// Its number; the plan that the trial started with is 1.
    pub version: i64,
    /// The id of the new plan.
    pub protocol_id: String,
    /// The id of the plan that it changes.
    pub replaces: String,
    /// Minor or major: a word of the domain.
    pub class: String,
    /// What outcome data had been seen: a word of the domain.
    pub data_seen: String,
    /// How often somebody had looked at the comparison.
    pub views: i64,
    /// Why, in the words of who proposed it.
    pub reason: String,
    /// Who proposed it.
    pub person_id: i64,
    /// When, in microseconds.
    pub proposed_at: i64,
}

/// How an amendment ended.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = amendment_ends)]
pub struct End {
    /// Of which trial.
    pub trial_id: i64,
    /// Which version.
    pub version: i64,
    /// In force or returned: a word of the domain.
    pub outcome: String,
    /// Whose signature or return ended it.
    pub person_id: i64,
    /// Why it was returned.
    pub reason: String,
    /// When, in microseconds.
    pub ended_at: i64,
}

/// Keeps a proposed amendment with its plan.
///
/// # Errors
/// [`StoreError::Exists`] when another was proposed at the same moment.
pub fn propose(c: &mut DbConnection, amendment: &Amendment, plan: &NewTrial<'_>) -> Result<(), StoreError> {
    directory::changed(c)?;
    add_protocol(c, amendment.trial_id, plan)?;
    diesel::insert_into(amendments::table).values(amendment).execute(c)?;
    Ok(())
}

/// Ends an amendment; one that is in force becomes the trial's plan.
///
/// # Errors
/// [`StoreError::Exists`] when it has ended already.
pub fn end(c: &mut DbConnection, end: &End, new_plan: Option<&str>) -> Result<(), StoreError> {
    directory::changed(c)?;
    diesel::insert_into(amendment_ends::table).values(end).execute(c)?;
    if let Some(protocol_id) = new_plan {
        diesel::update(trials::table.find(end.trial_id)).set(trials::protocol_id.eq(protocol_id)).execute(c)?;
    }
    Ok(())
}

/// The amendments of a trial by their number, each with how it ended.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Vec<(Amendment, Option<End>)>, StoreError> {
    let with_ends = amendments::table
        .left_join(amendment_ends::table.on(
            amendment_ends::trial_id.eq(amendments::trial_id).and(amendment_ends::version.eq(amendments::version)),
        ));
    Ok(with_ends
        .filter(amendments::trial_id.eq(trial_id))
        .order(amendments::version)
        .select((amendments::all_columns, amendment_ends::all_columns.nullable()))
        .load(c)?)
}

/// Every plan that was replaced, with its trial and the moment from which the next one was in force, in order.
///
/// # Errors
/// When the database fails.
pub fn replaced(c: &mut DbConnection) -> Result<Vec<(i64, String, i64)>, StoreError> {
    let with_ends = amendments::table
        .inner_join(amendment_ends::table.on(
            amendment_ends::trial_id.eq(amendments::trial_id).and(amendment_ends::version.eq(amendments::version)),
        ));
    Ok(with_ends
        .filter(amendment_ends::outcome.eq("in_force"))
        .order((amendments::trial_id, amendments::version))
        .select((amendments::trial_id, amendments::replaces, amendment_ends::ended_at))
        .load(c)?)
}
