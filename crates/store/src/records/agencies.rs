//! Agencies: the tenants.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use super::directory;
use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{agencies, agency_rules},
};

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

/// The least tier that an agency asks of its trials.
///
/// # Errors
/// When the database fails.
pub fn least_tier(c: &mut DbConnection, agency_id: i64) -> Result<u8, StoreError> {
    let found: Option<i32> =
        agency_rules::table.find(agency_id).select(agency_rules::least_tier).first(c).optional()?;
    u8::try_from(found.unwrap_or(0)).map_err(|_| StoreError::Damaged("the least tier of an agency".into()))
}

/// Changes the least tier that an agency asks of its trials.
///
/// # Errors
/// When the database fails, or the tier is not one of 0 to 2.
pub fn set_least_tier(c: &mut DbConnection, agency_id: i64, tier: u8) -> Result<(), StoreError> {
    diesel::delete(agency_rules::table.find(agency_id)).execute(c)?;
    diesel::insert_into(agency_rules::table)
        .values((agency_rules::agency_id.eq(agency_id), agency_rules::least_tier.eq(i32::from(tier))))
        .execute(c)?;
    Ok(())
}
