//! The record of who did what: append-only, each entry chained to the one before.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};
use sha2::{Digest, Sha256};

use super::alerts;
pub use super::audit_check::{Checked, Damage, Finding, check};
use crate::{connection::DbConnection, error::StoreError, origin, schema::audit};

/// What the entries about the disk of the database are about.
pub const DISK: &str = "disk";
/// What the entry of a disk that was found full is called.
pub const DISK_FULL: &str = "storage.full";

/// An entry as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct AuditRow {
    /// Its place, from 1 without gaps.
    pub sequence: i64,
    /// When, in microseconds.
    pub at: i64,
    /// Whose affair it is.
    pub agency_id: Option<i64>,
    /// The person who did it.
    pub person_id: Option<i64>,
    /// The key with which it was done.
    pub key_id: Option<i64>,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How, as JSON.
    pub detail: String,
    /// Hash of the entry before.
    pub previous_hash: Vec<u8>,
    /// Hash of this entry, the hash before included.
    pub hash: Vec<u8>,
}

/// An entry to add.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// When, in microseconds.
    pub at: i64,
    /// Whose affair it is.
    pub agency_id: Option<i64>,
    /// The person who did it.
    pub person_id: Option<i64>,
    /// The key with which it was done.
    pub key_id: Option<i64>,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How, as JSON.
    pub detail: String,
}

/// Adds an entry at the end of the chain, with the name of the request that led to it where there is one, in the write transaction of the change it tells of. As works are done one after the
/// other, no two entries are chained to the same one. Where the entry calls for a person, the alert is written with it.
///
/// # Errors
/// When the database fails.
pub fn append(c: &mut DbConnection, entry: &NewEntry) -> Result<(), StoreError> {
    let (last, previous_hash) = head(c)?;
    let sequence = last + 1;
    let entry = &NewEntry { detail: origin::with_request(&entry.detail), ..entry.clone() };
    let hash = chain_hash(sequence, &previous_hash, entry);
    diesel::insert_into(audit::table)
        .values((
            audit::sequence.eq(sequence),
            audit::at.eq(entry.at),
            audit::agency_id.eq(entry.agency_id),
            audit::person_id.eq(entry.person_id),
            audit::key_id.eq(entry.key_id),
            audit::action.eq(&entry.action),
            audit::subject.eq(&entry.subject),
            audit::detail.eq(&entry.detail),
            audit::previous_hash.eq(previous_hash),
            audit::hash.eq(&hash),
        ))
        .execute(c)?;
    alerts::raise(c, sequence, &hash, entry)
}

/// The last entry's place and hash; 0 and 32 zero bytes before the first.
///
/// # Errors
/// When the database fails.
pub fn head(c: &mut DbConnection) -> Result<(i64, Vec<u8>), StoreError> {
    let last: Option<(i64, Vec<u8>)> =
        audit::table.order(audit::sequence.desc()).select((audit::sequence, audit::hash)).first(c).optional()?;
    Ok(last.unwrap_or_else(|| (0, vec![0; 32])))
}

/// The moment of the last entry, in microseconds; 0 before the first.
///
/// # Errors
/// When the database fails.
pub fn last_at(c: &mut DbConnection) -> Result<i64, StoreError> {
    let last: Option<i64> = audit::table.order(audit::sequence.desc()).select(audit::at).first(c).optional()?;
    Ok(last.unwrap_or_default())
}

/// SHA-256 over a zero byte, the hash before, and the fields, each with its length in front.
pub(super) fn chain_hash(sequence: i64, previous_hash: &[u8], entry: &NewEntry) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(previous_hash);
    let number = |value: Option<i64>| value.map_or_else(String::new, |n| n.to_string());
    let fields = [
        sequence.to_string(),
        entry.at.to_string(),
        number(entry.agency_id),
        number(entry.person_id),
        number(entry.key_id),
        entry.action.clone(),
        entry.subject.clone(),
        entry.detail.clone(),
    ];
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().to_vec()
}

/// Entries after a place, at most `limit`, in order.
///
/// # Errors
/// When the database fails.
pub fn after(c: &mut DbConnection, place: i64, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
    Ok(audit::table.filter(audit::sequence.gt(place)).order(audit::sequence).limit(limit).load(c)?)
}

/// The latest entries about a subject, newest first. Views by programs, which ask again and again, are left out.
///
/// # Errors
/// When the database fails.
pub fn about(c: &mut DbConnection, subject: &str, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
    let of_people = audit::action.ne("report.viewed").or(audit::key_id.is_null());
    Ok(audit::table
        .filter(audit::subject.eq(subject).and(of_people))
        .order(audit::sequence.desc())
        .limit(limit)
        .load(c)?)
}

/// The latest entry about a subject that tells of an action.
///
/// # Errors
/// When the database fails.
pub fn latest(c: &mut DbConnection, subject: &str, action: &str) -> Result<Option<AuditRow>, StoreError> {
    let told = audit::table.filter(audit::subject.eq(subject)).filter(audit::action.eq(action));
    Ok(told.order(audit::sequence.desc()).first(c).optional()?)
}

/// How many entries about a subject tell of an action, in all and by one person.
///
/// # Errors
/// When the database fails.
pub fn count(c: &mut DbConnection, subject: &str, action: &str, person_id: i64) -> Result<(i64, i64), StoreError> {
    let told = || audit::table.filter(audit::subject.eq(subject)).filter(audit::action.eq(action));
    let all = told().count().get_result(c)?;
    Ok((all, told().filter(audit::person_id.eq(person_id)).count().get_result(c)?))
}
