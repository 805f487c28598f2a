//! What calls for a person: one row for each entry of the audit that does, and what is to be sent to whom because of it.
//!
//! **Architecture invariant:** an alert is written by the same call that writes the entry, and so in the transaction of the change. There
//! is one for each committed change that calls for somebody, and none for what was rolled back.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, JoinOnDsl, OptionalExtension, QueryDsl, Queryable,
    RunQueryDsl,
    dsl::{count_star, min},
};
use fairtrial_domain::{
    canonical::hex,
    trial::{AlertMatter, RECEIVER_FAILS},
};

use super::{
    audit::{self, NewEntry},
    receivers,
};
use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{alerts, receivers as receiver_table, sendings},
};

/// Something that calls for a person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = alerts)]
pub struct AlertRow {
    /// The place of its entry in the audit.
    pub sequence: i64,
    /// Its name for receivers, the same however often it is sent.
    pub id: String,
    /// Whose affair it is.
    pub agency_id: i64,
    /// What happened: a word of the domain.
    pub matter: String,
    /// To which trial or receiver.
    pub subject: String,
    /// When, in microseconds.
    pub at: i64,
}

/// One alert for one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = sendings)]
pub struct SendingRow {
    /// To whom.
    pub receiver_id: String,
    /// Which alert.
    pub sequence: i64,
    /// `waiting`, `taken` or `given_up`.
    pub state: String,
    /// How often it was tried.
    pub tries: i64,
    /// Not before then, in microseconds.
    pub next_at: i64,
    /// Until when a server holds it, in microseconds.
    pub held_until: i64,
    /// When it was last tried, in microseconds.
    pub tried_at: Option<i64>,
    /// What came of the last try, in words.
    pub answer: Option<String>,
}

/// What is to be sent.
pub const WAITING: &str = "waiting";
/// What the receiver has taken.
pub const TAKEN: &str = "taken";
/// What was tried often enough.
pub const GIVEN_UP: &str = "given_up";

/// A moment further ahead than this was set by a clock that has been put back since: pauses are shorter.
const TOO_FAR: i64 = 2 * 86_400_000_000;

/// The same for how long a server holds what it sends.
const HELD_TOO_LONG: i64 = 3_600_000_000;

/// Raises an alert where an entry calls for somebody, and lays it ready for those who want it.
pub(super) fn raise(c: &mut DbConnection, sequence: i64, hash: &[u8], entry: &NewEntry) -> Result<(), StoreError> {
    let Some(agency_id) = entry.agency_id else { return Ok(()) };
    let detail = serde_json::from_str(&entry.detail).unwrap_or_default();
    let Some(matter) = AlertMatter::of_entry(&entry.action, &detail) else { return Ok(()) };
    let alert = AlertRow {
        sequence,
        id: format!("msg_{}", hex(hash.get(..16).unwrap_or(hash))),
        agency_id,
        matter: matter.as_str().to_owned(),
        subject: entry.subject.clone(),
        at: entry.at,
    };
    diesel::insert_into(alerts::table).values(&alert).execute(c)?;
    for receiver in receivers::open_of(c, agency_id)? {
        let wanted = match matter {
            AlertMatter::Test => receiver.id == entry.subject,
            // Whoever does not answer is not told that they do not.
            AlertMatter::ReceiverFails if receiver.id == entry.subject => false,
            _ => matter.kind().is_some_and(|kind| receiver.wants(kind)),
        };
        if wanted {
            let sending = SendingRow {
                receiver_id: receiver.id,
                sequence,
                state: WAITING.to_owned(),
                tries: 0,
                next_at: entry.at,
                held_until: 0,
                tried_at: None,
                answer: None,
            };
            diesel::insert_into(sendings::table).values(&sending).execute(c)?;
        }
    }
    Ok(())
}

/// The oldest alert of each receiver whose time has come and that nobody holds.
///
/// # Errors
/// When the database fails.
pub fn due(c: &mut DbConnection, now: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let open = receiver_table::table.filter(receiver_table::closed_at.is_null()).select(receiver_table::id);
    let rows: Vec<(String, Option<i64>)> = sendings::table
        .filter(sendings::state.eq(WAITING))
        .filter(sendings::tries.eq(0).or(sendings::next_at.le(now)).or(sendings::next_at.gt(now + TOO_FAR)))
        .filter(sendings::held_until.le(now).or(sendings::held_until.gt(now + HELD_TOO_LONG)))
        .filter(sendings::receiver_id.eq_any(open))
        .group_by(sendings::receiver_id)
        .select((sendings::receiver_id, min(sendings::sequence)))
        .load(c)?;
    Ok(rows.into_iter().filter_map(|(receiver, sequence)| Some((receiver, sequence?))).collect())
}

/// Takes hold of what is to be sent, until a moment; nothing when another server has it, or it is not to be sent any more.
///
/// # Errors
/// When the database fails.
pub fn hold(
    c: &mut DbConnection,
    receiver: &str,
    sequence: i64,
    now: i64,
    until: i64,
) -> Result<Option<(AlertRow, receivers::ReceiverRow, i64)>, StoreError> {
    let free = sendings::table
        .find((receiver, sequence))
        .filter(sendings::state.eq(WAITING))
        .filter(sendings::tries.eq(0).or(sendings::next_at.le(now)).or(sendings::next_at.gt(now + TOO_FAR)))
        .filter(sendings::held_until.le(now).or(sendings::held_until.gt(now + HELD_TOO_LONG)));
    if diesel::update(free).set(sendings::held_until.eq(until)).execute(c)? == 0 {
        return Ok(None);
    }
    let tries = sendings::table.find((receiver, sequence)).select(sendings::tries).first(c)?;
    let alert = alerts::table.find(sequence).first(c)?;
    Ok(Some((alert, receivers::by_id(c, receiver)?.ok_or(StoreError::Exists)?, tries)))
}

/// Keeps that the receiver has taken it. An answer that comes after somebody else has settled it changes nothing.
///
/// # Errors
/// When the database fails.
pub fn taken(c: &mut DbConnection, receiver: &str, sequence: i64, now: i64, answer: &str) -> Result<(), StoreError> {
    let row = sendings::table.find((receiver, sequence)).filter(sendings::state.ne(TAKEN));
    let changed = diesel::update(row)
        .set((
            sendings::state.eq(TAKEN),
            sendings::tries.eq(sendings::tries + 1),
            sendings::held_until.eq(0),
            sendings::tried_at.eq(now),
            sendings::answer.eq(answer),
        ))
        .execute(c)?;
    if changed > 0 {
        receivers::answered(c, receiver, now)?;
    }
    Ok(())
}

/// Keeps that a try failed, and when the next one is; without a next one it is given up, and with the first that is, `fails` goes into
/// the audit.
///
/// # Errors
/// When the database fails.
pub fn failed(
    c: &mut DbConnection,
    (receiver, sequence): (&str, i64),
    now: i64,
    answer: &str,
    next_at: Option<i64>,
    fails: &NewEntry,
) -> Result<(), StoreError> {
    debug_assert_eq!(fails.action, RECEIVER_FAILS);
    let row = sendings::table.find((receiver, sequence)).filter(sendings::state.eq(WAITING));
    let changed = diesel::update(row)
        .set((
            sendings::state.eq(if next_at.is_some() { WAITING } else { GIVEN_UP }),
            sendings::tries.eq(sendings::tries + 1),
            sendings::next_at.eq(next_at.unwrap_or(now)),
            sendings::held_until.eq(0),
            sendings::tried_at.eq(now),
            sendings::answer.eq(answer),
        ))
        .execute(c)?;
    if changed > 0 && next_at.is_none() && receivers::begins_to_fail(c, receiver, now)? {
        audit::append(c, fails)?;
    }
    Ok(())
}

/// Lays everything ready again that was given up, for one receiver. Returns how many.
///
/// # Errors
/// When the database fails.
pub fn again(c: &mut DbConnection, receiver: &str, now: i64) -> Result<usize, StoreError> {
    let rows = sendings::table.filter(sendings::receiver_id.eq(receiver).and(sendings::state.eq(GIVEN_UP)));
    let fresh =
        (sendings::state.eq(WAITING), sendings::tries.eq(0), sendings::next_at.eq(now), sendings::held_until.eq(0));
    Ok(diesel::update(rows).set(fresh).execute(c)?)
}

/// What was sent, or is to be, to one receiver: the latest alerts first.
///
/// # Errors
/// When the database fails.
pub fn of_receiver(c: &mut DbConnection, receiver: &str, most: i64) -> Result<Vec<(AlertRow, SendingRow)>, StoreError> {
    Ok(alerts::table
        .inner_join(sendings::table.on(sendings::sequence.eq(alerts::sequence)))
        .filter(sendings::receiver_id.eq(receiver))
        .order(sendings::sequence.desc())
        .limit(most)
        .load(c)?)
}

/// How many alerts wait for any receiver that is not closed, and how many were given up.
///
/// # Errors
/// When the database fails.
pub fn standing(c: &mut DbConnection) -> Result<(i64, i64), StoreError> {
    let mut count = |state: &str| {
        let open = receiver_table::table.filter(receiver_table::closed_at.is_null()).select(receiver_table::id);
        let rows = sendings::table.filter(sendings::state.eq(state)).filter(sendings::receiver_id.eq_any(open));
        rows.count().get_result(c)
    };
    Ok((count(WAITING)?, count(GIVEN_UP)?))
}

/// How many alerts wait for a further try, by receiver, of those receivers that have some.
///
/// # Errors
/// When the database fails.
pub fn tried_again(c: &mut DbConnection, receivers: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sendings::table.filter(sendings::state.eq(WAITING)).filter(sendings::tries.gt(0));
    Ok(rows
        .filter(sendings::receiver_id.eq_any(receivers))
        .group_by(sendings::receiver_id)
        .select((sendings::receiver_id, count_star()))
        .load(c)?)
}

/// How many alerts a receiver has in a state.
///
/// # Errors
/// When the database fails.
pub fn count(c: &mut DbConnection, receiver: &str, state: &str) -> Result<i64, StoreError> {
    let rows = sendings::table.filter(sendings::receiver_id.eq(receiver).and(sendings::state.eq(state)));
    Ok(rows.count().get_result(c)?)
}

/// Alerts after a place, in order.
///
/// # Errors
/// When the database fails.
pub fn after(c: &mut DbConnection, place: i64, most: i64) -> Result<Vec<AlertRow>, StoreError> {
    Ok(alerts::table.filter(alerts::sequence.gt(place)).order(alerts::sequence).limit(most).load(c)?)
}

/// The alert of an entry.
///
/// # Errors
/// When the database fails.
pub fn of_entry(c: &mut DbConnection, sequence: i64) -> Result<Option<AlertRow>, StoreError> {
    Ok(alerts::table.find(sequence).first(c).optional()?)
}
