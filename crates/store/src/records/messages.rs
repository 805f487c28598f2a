//! Questions and complaints about trials, and their answers.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, Queryable, RunQueryDsl, dsl::max,
};

use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{message_answers, message_removals, messages},
};

/// A question or a complaint.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = messages)]
pub struct MessageRow {
    /// About which trial.
    pub trial_id: i64,
    /// Its number among the messages about that trial, from 1.
    pub number: i64,
    /// By which whoever sent it finds the answer.
    pub reference: String,
    /// Question or complaint: a word of the domain.
    pub kind: String,
    /// What was said.
    pub words: String,
    /// When, in microseconds.
    pub sent_at: i64,
}

/// The answer to one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = message_answers)]
pub struct AnswerRow {
    /// About which trial.
    pub trial_id: i64,
    /// Which message.
    pub number: i64,
    /// What is answered.
    pub words: String,
    /// Who answers.
    pub person_id: i64,
    /// When, in microseconds.
    pub answered_at: i64,
}

/// Keeps a message behind those before it, whatever its own number says; returns its number.
///
/// # Errors
/// [`StoreError::Exists`] when the reference is taken, or another came at the same moment.
pub fn add(c: &mut DbConnection, message: &MessageRow) -> Result<i64, StoreError> {
    let of_trial = messages::table.filter(messages::trial_id.eq(message.trial_id));
    let last: Option<i64> = of_trial.select(max(messages::number)).first(c)?;
    let removed = message_removals::table.filter(message_removals::trial_id.eq(message.trial_id));
    let gone: Option<i64> = removed.select(max(message_removals::number)).first(c)?;
    let number = last.max(gone).unwrap_or(0) + 1;
    diesel::insert_into(messages::table).values(MessageRow { number, ..message.clone() }).execute(c)?;
    Ok(number)
}

/// Keeps an answer.
///
/// # Errors
/// [`StoreError::Exists`] when it was answered before.
pub fn answer(c: &mut DbConnection, answer: &AnswerRow) -> Result<(), StoreError> {
    diesel::insert_into(message_answers::table).values(answer).execute(c)?;
    Ok(())
}

/// The messages about some trials with their answers, the newest first; the last `most` of them.
///
/// # Errors
/// When the database fails.
pub fn of_trials(
    c: &mut DbConnection,
    trials: &[i64],
    most: i64,
) -> Result<Vec<(MessageRow, Option<AnswerRow>)>, StoreError> {
    Ok(messages::table
        .left_join(
            message_answers::table
                .on(message_answers::trial_id.eq(messages::trial_id).and(message_answers::number.eq(messages::number))),
        )
        .filter(messages::trial_id.eq_any(trials))
        .order((messages::sent_at.desc(), messages::trial_id, messages::number.desc()))
        .limit(most)
        .select((messages::all_columns, message_answers::all_columns.nullable()))
        .load(c)?)
}

/// A message that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = message_removals)]
struct RemovalRow {
    trial_id: i64,
    number: i64,
    removed_at: i64,
}

/// Trial and number of the messages that were answered before a moment, the oldest answers first; `most` of them.
///
/// # Errors
/// When the database fails.
pub fn answered_before(c: &mut DbConnection, before: i64, most: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    Ok(message_answers::table
        .filter(message_answers::answered_at.lt(before))
        .order((message_answers::answered_at, message_answers::trial_id, message_answers::number))
        .limit(most)
        .select((message_answers::trial_id, message_answers::number))
        .load(c)?)
}

/// Removes messages with their answers, each with a trace. The database refuses for one that waits, or was answered lately.
///
/// # Errors
/// [`StoreError::Exists`] when one of them is gone already.
pub fn remove(c: &mut DbConnection, old: &[(i64, i64)], removed_at: i64) -> Result<(), StoreError> {
    for (trial_id, number) in old.iter().copied() {
        let row = RemovalRow { trial_id, number, removed_at };
        diesel::insert_into(message_removals::table).values(&row).execute(c)?;
        diesel::delete(message_answers::table.find((trial_id, number))).execute(c)?;
        diesel::delete(messages::table.find((trial_id, number))).execute(c)?;
    }
    Ok(())
}

/// How many messages about a trial wait for an answer.
///
/// # Errors
/// When the database fails.
pub fn waiting(c: &mut DbConnection, trial_id: i64) -> Result<i64, StoreError> {
    let sent: i64 = messages::table.filter(messages::trial_id.eq(trial_id)).count().get_result(c)?;
    let answered: i64 = message_answers::table.filter(message_answers::trial_id.eq(trial_id)).count().get_result(c)?;
    Ok(sent - answered)
}

/// The message with a reference, and its answer.
///
/// # Errors
/// When the database fails.
pub fn by_reference(
    c: &mut DbConnection,
    reference: &str,
) -> Result<Option<(MessageRow, Option<AnswerRow>)>, StoreError> {
    let found: Option<MessageRow> = messages::table.filter(messages::reference.eq(reference)).first(c).optional()?;
    with_answer(c, found)
}

/// A message by its number, and its answer.
///
/// # Errors
/// When the database fails.
pub fn by_number(
    c: &mut DbConnection,
    trial_id: i64,
    number: i64,
) -> Result<Option<(MessageRow, Option<AnswerRow>)>, StoreError> {
    let found: Option<MessageRow> = messages::table.find((trial_id, number)).first(c).optional()?;
    with_answer(c, found)
}

fn with_answer(
    c: &mut DbConnection,
    found: Option<MessageRow>,
) -> Result<Option<(MessageRow, Option<AnswerRow>)>, StoreError> {
    let Some(message) = found else { return Ok(None) };
    let answer = message_answers::table.find((message.trial_id, message.number)).first(c).optional()?;
    Ok(Some((message, answer)))
}
