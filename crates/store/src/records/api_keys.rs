//! Keys of programs. Only a digest of the secret is kept.

use diesel::{ExpressionMethods, QueryDsl, Queryable, RunQueryDsl};

use super::directory;
use crate::{connection::DbConnection, error::StoreError, schema::api_keys};

/// A key as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ApiKeyRow {
    /// Its number.
    pub id: i64,
    /// The part of the token by which it is found.
    pub public_id: String,
    /// The agency it belongs to.
    pub agency_id: i64,
    /// The person it acts as, for keys that may write plans.
    pub person_id: Option<i64>,
    /// What it is called.
    pub name: String,
    /// `live` or `test`.
    pub environment: String,
    /// What it may do, as words separated by blanks.
    pub scopes: String,
    /// SHA-256 of the secret part.
    pub secret_hash: Vec<u8>,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// When it was last used, in microseconds.
    pub last_used_at: Option<i64>,
    /// When it was taken back, in microseconds.
    pub revoked_at: Option<i64>,
}

/// A key to add.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The part of the token by which it is found.
    pub public_id: String,
    /// The agency it belongs to.
    pub agency_id: i64,
    /// The person it acts as.
    pub person_id: Option<i64>,
    /// What it is called.
    pub name: String,
    /// `live` or `test`.
    pub environment: String,
    /// What it may do, as words separated by blanks.
    pub scopes: String,
    /// SHA-256 of the secret part.
    pub secret_hash: Vec<u8>,
    /// Now, in microseconds.
    pub created_at: i64,
}

/// Adds a key; returns its number.
///
/// # Errors
/// When the database fails.
pub fn add(c: &mut DbConnection, key: &NewApiKey) -> Result<i64, StoreError> {
    directory::changed(c)?;
    Ok(diesel::insert_into(api_keys::table)
        .values((
            api_keys::public_id.eq(&key.public_id),
            api_keys::agency_id.eq(key.agency_id),
            api_keys::person_id.eq(key.person_id),
            api_keys::name.eq(&key.name),
            api_keys::environment.eq(&key.environment),
            api_keys::scopes.eq(&key.scopes),
            api_keys::secret_hash.eq(&key.secret_hash),
            api_keys::created_at.eq(key.created_at),
        ))
        .returning(api_keys::id)
        .get_result(c)?)
}

/// All keys that are not taken back.
///
/// # Errors
/// When the database fails.
pub fn all_valid(c: &mut DbConnection) -> Result<Vec<ApiKeyRow>, StoreError> {
    Ok(api_keys::table.filter(api_keys::revoked_at.is_null()).load(c)?)
}

/// The keys of an agency, newest first.
///
/// # Errors
/// When the database fails.
pub fn of_agency(c: &mut DbConnection, agency_id: i64) -> Result<Vec<ApiKeyRow>, StoreError> {
    Ok(api_keys::table.filter(api_keys::agency_id.eq(agency_id)).order(api_keys::id.desc()).load(c)?)
}

/// Takes a key of an agency back; tells whether there was one.
///
/// # Errors
/// When the database fails.
pub fn revoke(c: &mut DbConnection, agency_id: i64, public_id: &str, at: i64) -> Result<bool, StoreError> {
    directory::changed(c)?;
    let changed = diesel::update(
        api_keys::table
            .filter(api_keys::agency_id.eq(agency_id))
            .filter(api_keys::public_id.eq(public_id))
            .filter(api_keys::revoked_at.is_null()),
    )
    .set(api_keys::revoked_at.eq(Some(at)))
    .execute(c)?;
    Ok(changed == 1)
}

/// Keeps when keys were last used.
///
/// # Errors
/// When the database fails.
pub fn note_used(c: &mut DbConnection, used: &[(i64, i64)]) -> Result<(), StoreError> {
    // In one order for every server: otherwise two of them can wait for each other.
    let mut used = used.to_vec();
    used.sort_unstable();
    for (id, at) in used {
        diesel::update(api_keys::table.find(id)).set(api_keys::last_used_at.eq(Some(at))).execute(c)?;
    }
    Ok(())
}
