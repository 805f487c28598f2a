//! Lists of people that are assigned together, once a second person has committed them.

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::batches};

/// A list as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = batches)]
pub struct BatchRow {
    /// For which trial.
    pub trial_id: i64,
    /// Its name in addresses, made from what it holds.
    pub id: String,
    /// The plan under which it was read.
    pub protocol_id: String,
    /// The person who sent it, where one did.
    pub uploaded_by: Option<i64>,
    /// The key by which it was sent, where one was used.
    pub uploaded_key: Option<i64>,
    /// When, in microseconds.
    pub uploaded_at: i64,
    /// People in it.
    pub accepted: i64,
    /// Lines that were refused, as JSON.
    pub refused: String,
    /// Arms by strata, as JSON.
    pub balance: String,
    /// Pseudonyms with what the draw needs, as JSON; empty once committed.
    pub units: String,
    /// Who committed it.
    pub committed_by: Option<i64>,
    /// When, in microseconds.
    pub committed_at: Option<i64>,
    /// What is merged with letters, once committed.
    pub file: Option<String>,
    /// SHA-256 of that file.
    pub checksum: Option<String>,
}

/// Keeps a list.
///
/// # Errors
/// [`StoreError::Exists`] when the trial has it already.
pub fn add(c: &mut DbConnection, batch: &BatchRow) -> Result<(), StoreError> {
    diesel::insert_into(batches::table).values(batch.clone()).execute(c)?;
    Ok(())
}

/// A list of a trial.
///
/// # Errors
/// When the database fails.
pub fn find(c: &mut DbConnection, trial_id: i64, id: &str) -> Result<Option<BatchRow>, StoreError> {
    Ok(batches::table.find((trial_id, id)).first(c).optional()?)
}

/// The lists of a trial, the latest first, without their people and their files.
///
/// # Errors
/// When the database fails.
pub fn of_trial(c: &mut DbConnection, trial_id: i64) -> Result<Vec<BatchRow>, StoreError> {
    let heads: Vec<Head> = batches::table
        .filter(batches::trial_id.eq(trial_id))
        .order((batches::uploaded_at.desc(), batches::id))
        .select((
            batches::id,
            batches::protocol_id,
            batches::uploaded_by,
            batches::uploaded_key,
            batches::uploaded_at,
            batches::accepted,
            batches::refused,
            batches::balance,
            batches::committed_by,
            batches::committed_at,
            batches::checksum,
        ))
        .load(c)?;
    let row =
        |(id, protocol_id, by, key, at, accepted, refused, balance, second, committed_at, checksum): Head| BatchRow {
            trial_id,
            id,
            protocol_id,
            uploaded_by: by,
            uploaded_key: key,
            uploaded_at: at,
            accepted,
            refused,
            balance,
            units: String::new(),
            committed_by: second,
            committed_at,
            file: None,
            checksum,
        };
    Ok(heads.into_iter().map(row).collect())
}

/// A list without its people and its file, which can be long.
type Head =
    (String, String, Option<i64>, Option<i64>, i64, i64, String, String, Option<i64>, Option<i64>, Option<String>);

/// Marks a list as committed, which locks it until the end of the transaction.
///
/// # Errors
/// [`StoreError::Changed`] when somebody has committed it in the meantime.
pub fn commit(c: &mut DbConnection, trial_id: i64, id: &str, person_id: i64, at: i64) -> Result<(), StoreError> {
    let waiting = batches::table.find((trial_id, id)).filter(batches::committed_at.is_null());
    let marked = diesel::update(waiting)
        .set((batches::committed_by.eq(person_id), batches::committed_at.eq(at), batches::units.eq("")))
        .execute(c)?;
    if marked == 1 {
        Ok(())
    } else {
        Err(StoreError::Changed("somebody has committed this list in the meantime".into()))
    }
}

/// Puts the file of a committed list beside it, with the balance that came out.
///
/// # Errors
/// When the database fails.
pub fn set_file(
    c: &mut DbConnection,
    trial_id: i64,
    id: &str,
    balance: &str,
    file: &str,
    checksum: &str,
) -> Result<(), StoreError> {
    diesel::update(batches::table.find((trial_id, id)))
        .set((batches::balance.eq(balance), batches::file.eq(file), batches::checksum.eq(checksum)))
        .execute(c)?;
    Ok(())
}
