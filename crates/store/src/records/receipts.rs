//! What each key sent on a day, as the writer counted it in the transactions that kept it.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, Queryable, RunQueryDsl};
use fairtrial_domain::event::IdDigest;

use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{api_keys, receipts},
};

diesel::allow_tables_to_appear_in_same_query!(receipts, api_keys);

/// One key's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOfKey {
    /// Number of the key.
    pub key_id: i64,
    /// The part of its token by which it is found.
    pub public_id: String,
    /// What it is called.
    pub name: String,
    /// Events kept.
    pub accepted: i64,
    /// Events that had been kept before, the same.
    pub duplicate: i64,
    /// Events refused because another one has their id.
    pub conflict: i64,
    /// Items refused for another reason.
    pub rejected: i64,
    /// Of the ids of the events kept.
    pub digest: IdDigest,
}

#[derive(Queryable)]
struct Row {
    key: (i64, String, String),
    counts: (i64, i64, i64, i64),
    digest: (i64, i64, i64, i64),
}

/// The keys of an agency that sent something on a day, as a number of days since 1970 in UTC.
///
/// # Errors
/// When the database fails.
pub fn of_day(c: &mut DbConnection, agency_id: i64, day: i64) -> Result<Vec<DayOfKey>, StoreError> {
    let rows: Vec<Row> = receipts::table
        .inner_join(api_keys::table.on(api_keys::id.eq(receipts::key_id)))
        .filter(api_keys::agency_id.eq(agency_id))
        .filter(receipts::day.eq(day))
        .order(receipts::key_id)
        .select((
            (api_keys::id, api_keys::public_id, api_keys::name),
            (receipts::accepted, receipts::duplicate, receipts::conflict, receipts::rejected),
            (receipts::digest_1, receipts::digest_2, receipts::digest_3, receipts::digest_4),
        ))
        .load(c)?;
    let shown = |row: Row| {
        let ((key_id, public_id, name), (accepted, duplicate, conflict, rejected)) = (row.key, row.counts);
        let digest = IdDigest::from_parts(row.digest.into());
        DayOfKey { key_id, public_id, name, accepted, duplicate, conflict, rejected, digest }
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// Whether any key of an agency has ever sent an event again that was kept before.
///
/// # Errors
/// When the database fails.
pub fn any_repeated(c: &mut DbConnection, agency_id: i64) -> Result<bool, StoreError> {
    let of_agency = receipts::table.inner_join(api_keys::table.on(api_keys::id.eq(receipts::key_id)));
    let repeated = of_agency.filter(api_keys::agency_id.eq(agency_id)).filter(receipts::duplicate.gt(0));
    Ok(repeated.select(receipts::key_id).first::<i64>(c).optional()?.is_some())
}
