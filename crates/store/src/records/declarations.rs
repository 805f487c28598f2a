//! What senders say they sent, beside what was kept of it.

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, Queryable, RunQueryDsl};
use fairtrial_domain::event::{IdDigest, standing};

use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{api_keys, declarations, receipts},
};

diesel::allow_tables_to_appear_in_same_query!(declarations, api_keys);

/// What a sender says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// With which key.
    pub key_id: i64,
    /// From which day on, as a number of days since 1970 in UTC.
    pub first_day: i64,
    /// To which day, that one too.
    pub last_day: i64,
    /// Events sent that are to count, each once.
    pub sent: i64,
    /// The digest of their ids in hexadecimal, where the sender keeps one.
    pub digest: Option<String>,
    /// When it was said, in microseconds.
    pub declared_at: i64,
}

/// The same with what was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What the sender says.
    pub said: Declaration,
    /// What the key is called.
    pub name: String,
    /// Events kept on these days.
    pub kept: i64,
    /// Of the ids of the events kept.
    pub digest: IdDigest,
}

#[derive(Queryable)]
struct Row {
    said: (i64, i64, i64, i64, Option<String>, i64),
    name: String,
}

/// Keeps what a sender says; what was said before of the same key and days gives way.
///
/// # Errors
/// When the database fails.
pub fn declare(c: &mut DbConnection, said: &Declaration) -> Result<(), StoreError> {
    diesel::delete(
        declarations::table.filter(
            declarations::key_id
                .eq(said.key_id)
                .and(declarations::first_day.eq(said.first_day))
                .and(declarations::last_day.eq(said.last_day)),
        ),
    )
    .execute(c)?;
    diesel::insert_into(declarations::table)
        .values((
            declarations::key_id.eq(said.key_id),
            declarations::first_day.eq(said.first_day),
            declarations::last_day.eq(said.last_day),
            declarations::sent.eq(said.sent),
            declarations::digest.eq(said.digest.as_deref()),
            declarations::declared_at.eq(said.declared_at),
        ))
        .execute(c)?;
    Ok(())
}

/// What the senders of an agency say about days from `first` to `last`, the words that stand, the oldest first, with what was kept.
///
/// # Errors
/// When the database fails.
pub fn of_agency(c: &mut DbConnection, agency_id: i64, (first, last): (i64, i64)) -> Result<Vec<Compared>, StoreError> {
    let rows: Vec<Row> = declarations::table
        .inner_join(api_keys::table.on(api_keys::id.eq(declarations::key_id)))
        .filter(api_keys::agency_id.eq(agency_id))
        .filter(declarations::last_day.ge(first))
        .filter(declarations::first_day.le(last))
        .order((declarations::declared_at, declarations::key_id, declarations::first_day, declarations::last_day))
        .select((
            (
                declarations::key_id,
                declarations::first_day,
                declarations::last_day,
                declarations::sent,
                declarations::digest,
                declarations::declared_at,
            ),
            api_keys::name,
        ))
        .load(c)?;
    // Of a sender that speaks every day of all days so far, the last word alone is held against the receipts.
    let rows = standing(rows, |row| (row.said.0, row.said.1, row.said.2));
    let mut found = Vec::with_capacity(rows.len());
    for Row { said: (key_id, first_day, last_day, sent, digest, declared_at), name } in rows {
        let said = Declaration { key_id, first_day, last_day, sent, digest, declared_at };
        let (kept, digest) = kept_of(c, &said)?;
        found.push(Compared { said, name, kept, digest });
    }
    Ok(found)
}

/// What was kept of a key's events on the days of a declaration.
///
/// # Errors
/// When the database fails.
pub fn kept_of(c: &mut DbConnection, said: &Declaration) -> Result<(i64, IdDigest), StoreError> {
    let days: Vec<(i64, (i64, i64, i64, i64))> = receipts::table
        .filter(receipts::key_id.eq(said.key_id))
        .filter(receipts::day.ge(said.first_day))
        .filter(receipts::day.le(said.last_day))
        .select((receipts::accepted, (receipts::digest_1, receipts::digest_2, receipts::digest_3, receipts::digest_4)))
        .load(c)?;
    let (mut kept, mut parts) = (0_i64, [0_i64; 4]);
    for (accepted, digest) in days {
        kept = kept.saturating_add(accepted);
        parts.iter_mut().zip(<[i64; 4]>::from(digest)).for_each(|(part, other)| *part ^= other);
    }
    Ok((kept, IdDigest::from_parts(parts)))
}
