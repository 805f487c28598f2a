//! Which trial a design was copied from.

use diesel::{Insertable, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::origins};

/// Where a design comes from.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = origins)]
pub struct Origin {
    /// The trial that was made of it.
    pub trial_id: i64,
    /// The trial that it was copied from.
    pub from_trial_id: i64,
    /// The plan that it was copied from.
    pub protocol_id: String,
}

/// Keeps where a design comes from.
///
/// # Errors
/// [`StoreError::Exists`] when the trial has an origin already.
pub fn add(c: &mut DbConnection, origin: &Origin) -> Result<(), StoreError> {
    diesel::insert_into(origins::table).values(origin).execute(c)?;
    Ok(())
}

/// Every origin, by the number of the trial that was made of it.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<Origin>, StoreError> {
    Ok(origins::table.order(origins::trial_id).load(c)?)
}
