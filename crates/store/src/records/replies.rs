//! What was answered to requests that callers gave a name, for those who send them again.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};

use crate::{connection::DbConnection, dialect, error::StoreError, schema::replies};

/// An answer as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Reply {
    /// SHA-256 of the request.
    pub fingerprint: Vec<u8>,
    /// HTTP status.
    pub status: i64,
    /// The body.
    pub body: String,
}

/// The answer to the request that a key gave this name since a moment, in microseconds.
///
/// # Errors
/// When the database fails.
pub fn find(c: &mut DbConnection, key_id: i64, name: &str, since: i64) -> Result<Option<Reply>, StoreError> {
    Ok(replies::table
        .find((key_id, name))
        .filter(replies::at.ge(since))
        .select((replies::fingerprint, replies::status, replies::body))
        .first(c)
        .optional()?)
}

/// Keeps an answer, in the place of an older one of that name, and lets go of all that are older than a moment.
///
/// # Errors
/// When the database fails.
pub fn keep(
    c: &mut DbConnection,
    key_id: i64,
    name: &str,
    reply: &Reply,
    at: i64,
    since: i64,
) -> Result<(), StoreError> {
    diesel::delete(replies::table.filter(replies::at.lt(since))).execute(c)?;
    Ok(dialect::keep_reply(c, key_id, name, reply, at).map(|_| ())?)
}
