//! Who has asked to see the names of the versions on the page of the looks.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::unmaskings};

/// When somebody has asked for the names in a trial, in microseconds; nothing while they have not.
///
/// # Errors
/// When the database fails.
pub fn of_person(c: &mut DbConnection, trial_id: i64, person_id: i64) -> Result<Option<i64>, StoreError> {
    Ok(unmaskings::table.find((trial_id, person_id)).select(unmaskings::unmasked_at).first(c).optional()?)
}

/// Keeps that somebody has asked for the names: the first time stays.
///
/// # Errors
/// When the database fails.
pub fn unmask(c: &mut DbConnection, trial_id: i64, person_id: i64, at: i64) -> Result<(), StoreError> {
    if of_person(c, trial_id, person_id)?.is_none() {
        let row =
            (unmaskings::trial_id.eq(trial_id), unmaskings::person_id.eq(person_id), unmaskings::unmasked_at.eq(at));
        diesel::insert_into(unmaskings::table).values(row).execute(c)?;
    }
    Ok(())
}
