//! Looks that were held while a trial ran, and harm boundaries that were crossed between them: each kept once.

use diesel::{ExpressionMethods, Insertable, QueryDsl, Queryable, RunQueryDsl};

use super::directory;
use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{harm_crossings, looks},
};

/// A look as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = looks)]
pub struct LookRow {
    /// Of which trial.
    pub trial_id: i64,
    /// Its number in the plan, from 1.
    pub look: i64,
    /// The plan in force.
    pub protocol_id: String,
    /// When it was due, in microseconds.
    pub due_at: i64,
    /// When it was held, in microseconds.
    pub held_at: i64,
    /// The last assignment counted in.
    pub assignments_cut: i64,
    /// The last note counted in.
    pub notes_cut: i64,
    /// The last event counted in.
    pub data_cut: i64,
    /// What it decided: a word of the analysis.
    pub decision: String,
    /// The arm that the decision speaks of.
    pub arm: Option<String>,
    /// What was known: counts and sums, as a document of the domain.
    pub evidence: String,
    /// Name and version of the program that held it.
    pub engine: String,
}

/// What servers keep in memory of a look.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct LookNote {
    /// Of which trial.
    pub trial_id: i64,
    /// Its number in the plan, from 1.
    pub look: i64,
    /// When it was held, in microseconds.
    pub held_at: i64,
    /// What it decided.
    pub decision: String,
}

/// A harm boundary that was crossed between looks.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = harm_crossings)]
pub struct CrossingRow {
    /// In which trial.
    pub trial_id: i64,
    /// The harm measure.
    pub outcome: String,
    /// The arm whose people are harmed more.
    pub arm: String,
    /// When it was seen, in microseconds.
    pub crossed_at: i64,
    /// The last event counted in.
    pub data_cut: i64,
    /// How many were harmed among how many, as a document.
    pub counts: String,
}

/// Keeps a look. Of several servers that hold it at once, one does.
///
/// # Errors
/// [`StoreError::Exists`] when it was held already: read what the other found.
pub fn keep(c: &mut DbConnection, look: &LookRow) -> Result<(), StoreError> {
    diesel::insert_into(looks::table).values(look).execute(c)?;
    directory::changed(c)
}

/// The looks of a trial, oldest first.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Vec<LookRow>, StoreError> {
    Ok(looks::table.filter(looks::trial_id.eq(trial_id)).order(looks::look).load(c)?)
}

/// All looks in short, oldest first.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<LookNote>, StoreError> {
    let short = (looks::trial_id, looks::look, looks::held_at, looks::decision);
    Ok(looks::table.order((looks::trial_id, looks::look)).select(short).load(c)?)
}

/// Keeps a crossing. Of several servers that see it at once, one does.
///
/// # Errors
/// [`StoreError::Exists`] when it is known already.
pub fn cross(c: &mut DbConnection, crossing: &CrossingRow) -> Result<(), StoreError> {
    diesel::insert_into(harm_crossings::table).values(crossing).execute(c)?;
    directory::changed(c)
}

/// All crossings, oldest first.
///
/// # Errors
/// When the database fails.
pub fn crossings(c: &mut DbConnection) -> Result<Vec<CrossingRow>, StoreError> {
    Ok(harm_crossings::table.order((harm_crossings::crossed_at, harm_crossings::trial_id)).load(c)?)
}
