//! Agencies: the tenants.

use diesel::{ExpressionMethods, QueryDsl, Queryable, RunQueryDsl};

use super::directory;
use crate::{connection::DbConnection, error::StoreError, schema::agencies};

/// An agency as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct AgencyRow {
    /// Its number.
    pub id: i64,
    /// Its name in documents.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// The key for making pseudonyms, sealed by the installation's master key.
    pub sealed_pseudonym_key: Vec<u8>,
    /// When it was added, in microseconds.
    pub created_at: i64,
}

/// Adds an agency; returns its number.
///
/// # Errors
/// [`StoreError::Exists`] when the key is taken.
pub fn add(
    c: &mut DbConnection,
    key: &str,
    name: &str,
    sealed_pseudonym_key: &[u8],
    at: i64,
) -> Result<i64, StoreError> {
    directory::changed(c)?;
    Ok(diesel::insert_into(agencies::table)
        .values((
            agencies::key.eq(key),
            agencies::name.eq(name),
            agencies::sealed_pseudonym_key.eq(sealed_pseudonym_key),
            agencies::created_at.eq(at),
        ))
        .returning(agencies::id)
        .get_result(c)?)
}

/// All agencies, by key.
///
/// # Errors
/// When the database fails.
pub fn all(c: &mut DbConnection) -> Result<Vec<AgencyRow>, StoreError> {
    Ok(agencies::table.order(agencies::key).load(c)?)
}
