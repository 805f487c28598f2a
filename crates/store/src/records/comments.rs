//! What people say about the parts of a plan.

use diesel::{ExpressionMethods, Insertable, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::comments};

/// One comment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = comments)]
pub struct CommentRow {
    /// About which trial.
    pub trial_id: i64,
    /// Its number among the comments of that trial, from 1.
    pub number: i64,
    /// About which content.
    pub protocol_id: String,
    /// About which part: a word of the domain.
    pub place: String,
    /// What is said.
    pub remark: String,
    /// Who says it.
    pub person_id: i64,
    /// When, in microseconds.
    pub made_at: i64,
}

/// Keeps a comment behind those before it, whatever its own number says.
///
/// # Errors
/// When the database fails.
pub fn add(c: &mut DbConnection, comment: &CommentRow) -> Result<(), StoreError> {
    let before = of_trial(c, comment.trial_id)?.last().map_or(0, |last| last.number);
    diesel::insert_into(comments::table).values(CommentRow { number: before + 1, ..comment.clone() }).execute(c)?;
    Ok(())
}

/// The comments on a trial's plan, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Vec<CommentRow>, StoreError> {
    Ok(comments::table.filter(comments::trial_id.eq(trial_id)).order(comments::number).load(c)?)
}
