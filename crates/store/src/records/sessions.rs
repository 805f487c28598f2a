//! Signed-in browsers. Only a digest of the cookie is kept.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, error::StoreError, schema::sessions};

/// A session as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct SessionRow {
    /// SHA-256 of the cookie's value.
    pub token_hash: Vec<u8>,
    /// Who signed in.
    pub person_id: i64,
    /// The text that forms must bring back.
    pub csrf_token: String,
    /// When they signed in, in microseconds.
    pub created_at: i64,
    /// When they last asked for anything, in microseconds.
    pub last_seen_at: i64,
    /// When it ends whatever happens, in microseconds.
    pub expires_at: i64,
}

/// Adds a session.
///
/// # Errors
/// When the database fails.
pub fn add(c: &mut DbConnection, session: &SessionRow) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(&session.token_hash),
            sessions::person_id.eq(session.person_id),
            sessions::csrf_token.eq(&session.csrf_token),
            sessions::created_at.eq(session.created_at),
            sessions::last_seen_at.eq(session.last_seen_at),
            sessions::expires_at.eq(session.expires_at),
        ))
        .execute(c)?;
    Ok(())
}

/// A session by the digest of its cookie.
///
/// # Errors
/// When the database fails.
pub fn by_token_hash(c: &mut DbConnection, token_hash: &[u8]) -> Result<Option<SessionRow>, StoreError> {
    Ok(sessions::table.find(token_hash.to_vec()).first(c).optional()?)
}

/// Keeps that a session is in use.
///
/// # Errors
/// When the database fails.
pub fn touch(c: &mut DbConnection, token_hash: &[u8], at: i64) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(token_hash.to_vec())).set(sessions::last_seen_at.eq(at)).execute(c)?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// When the database fails.
pub fn end(c: &mut DbConnection, token_hash: &[u8]) -> Result<(), StoreError> {
    diesel::delete(sessions::table.find(token_hash.to_vec())).execute(c)?;
    Ok(())
}

/// Ends every session of a person.
///
/// # Errors
/// When the database fails.
pub fn end_all_of(c: &mut DbConnection, person_id: i64) -> Result<(), StoreError> {
    diesel::delete(sessions::table.filter(sessions::person_id.eq(person_id))).execute(c)?;
    Ok(())
}

/// Forgets sessions that ended before a moment.
///
/// # Errors
/// When the database fails.
pub fn forget_ended(c: &mut DbConnection, before: i64) -> Result<usize, StoreError> {
    Ok(diesel::delete(sessions::table.filter(sessions::expires_at.lt(before))).execute(c)?)
}
