//! What people say about the parts of a plan, and what is said to that.

use diesel::{ExpressionMethods, Insertable, QueryDsl, Queryable, RunQueryDsl};

use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{comment_answers, comments},
};

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
    /// About which question of the steps, where it names one.
    pub question: Option<String>,
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

/// One thing said to a comment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = comment_answers)]
pub struct CommentAnswerRow {
    /// About which trial.
    pub trial_id: i64,
    /// To which of its comments.
    pub number: i64,
    /// Its place among what was said to that comment, from 1.
    pub step: i64,
    /// Whether it says that the comment is resolved.
    pub resolves: bool,
    /// What is said; may be empty where it resolves.
    pub remark: String,
    /// Who says it.
    pub person_id: i64,
    /// When, in microseconds.
    pub made_at: i64,
}

/// Keeps what is said to a comment behind what was said before, whatever its own step says.
///
/// # Errors
/// When there is no such comment, when it is resolved a second time, and when the database fails.
pub fn answer(c: &mut DbConnection, answer: &CommentAnswerRow) -> Result<(), StoreError> {
    let before = answers(c, answer.trial_id)?.into_iter().rfind(|known| known.number == answer.number);
    let step = before.map_or(0, |last| last.step) + 1;
    diesel::insert_into(comment_answers::table).values(CommentAnswerRow { step, ..answer.clone() }).execute(c)?;
    Ok(())
}

/// What was said to the comments on a trial's plan: by comment, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn answers(c: &mut DbConnection, trial_id: i64) -> Result<Vec<CommentAnswerRow>, StoreError> {
    let of_trial = comment_answers::table.filter(comment_answers::trial_id.eq(trial_id));
    Ok(of_trial.order((comment_answers::number, comment_answers::step)).load(c)?)
}
