//! Whether the events of the log are what came: each is held against the digest that was kept with it, and their number against what
//! their senders were told.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl};
use fairtrial_domain::event::Content;

use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{corrections, event_kinds, events, receipts, waiting_corrections},
    spool,
};

/// Events in one reading.
const PAGE: i64 = 10_000;

const DAY: i64 = 86_400_000_000;

/// What was found in the log of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedLog {
    /// Events that were looked at; what was deleted when its time was over holds nothing to look at.
    pub events: u64,
    /// Places of events that are not what came, the first ten.
    pub changed: Vec<i64>,
    /// How many there are in all.
    pub changed_in_all: u64,
    /// Events that senders were told are kept, and that are neither here nor wait for the event that they correct: corrections that waited
    /// for too long, and rows that are gone.
    pub lacking: u64,
}

/// What senders were told is kept, by key and day, less what is there.
fn told(c: &mut DbConnection) -> Result<BTreeMap<(i64, i64), i64>, StoreError> {
    let rows: Vec<(i64, i64, i64)> =
        receipts::table.select((receipts::key_id, receipts::day, receipts::accepted)).load(c)?;
    let mut told: BTreeMap<_, _> = rows.into_iter().map(|(key, day, accepted)| ((key, day), accepted)).collect();
    let bodies: Vec<Vec<u8>> = waiting_corrections::table.select(waiting_corrections::body).load(c)?;
    for body in bodies {
        let waits = spool::entry::read(&body)?;
        if let Some(key) = waits.sender.key() {
            count(&mut told, key, waits.received_at);
        }
    }
    Ok(told)
}

/// One of them is there. What came without a key is not told of.
fn count(told: &mut BTreeMap<(i64, i64), i64>, key_id: i64, received_at: i64) {
    if let Some(left) = told.get_mut(&(key_id, received_at.div_euclid(DAY))) {
        *left -= 1;
    }
}

/// Reads every event.
///
/// # Errors
/// When the database fails.
pub fn check(c: &mut DbConnection) -> Result<CheckedLog, StoreError> {
    type Row = (i64, String, Vec<u8>, Option<i64>, i64, Vec<u8>, Option<String>, Option<String>);
    type Rest = (String, Option<String>, Option<bool>, i64, i64);
    let mut checked = CheckedLog::default();
    let mut told = told(c)?;
    let mut after = 0;
    loop {
        let rows: Vec<(Row, Rest)> = events::table
            .inner_join(event_kinds::table.on(event_kinds::id.eq(events::kind_id)))
            .left_join(corrections::table.on(corrections::sequence.eq(events::sequence)))
            .filter(events::sequence.gt(after))
            .order(events::sequence)
            .limit(PAGE)
            .select((
                (
                    events::sequence,
                    events::event_id,
                    events::unit,
                    events::value,
                    events::occurred_at,
                    events::fingerprint,
                    events::source,
                    events::attributes,
                ),
                (
                    event_kinds::name,
                    corrections::replaces.nullable(),
                    corrections::retracts.nullable(),
                    events::key_id,
                    events::received_at,
                ),
            ))
            .load(c)?;
        let Some(((last, ..), _)) = rows.last() else {
            checked.lacking = told.into_values().filter_map(|left| u64::try_from(left).ok()).sum();
            return Ok(checked);
        };
        after = *last;
        for (
            (sequence, event_id, unit, value, occurred_at, fingerprint, source, attributes),
            (kind, named, retracts, key_id, received_at),
        ) in rows
        {
            count(&mut told, key_id, received_at);
            if event_id == format!("deleted/{sequence}") {
                continue;
            }
            checked.events += 1;
            // A text that is no JSON any more is another text than came.
            let attributes: Option<BTreeMap<String, String>> =
                attributes.map_or(Some(BTreeMap::new()), |text| serde_json::from_str(&text).ok());
            let is_sound = attributes.is_some_and(|attributes| {
                let content = Content {
                    unit: &unit,
                    kind: &kind,
                    millionths: value,
                    micros: occurred_at,
                    source: source.as_deref(),
                    attributes: &attributes,
                    replaces: named.as_deref().zip(retracts),
                };
                content.fingerprint().as_slice() == fingerprint
            });
            if !is_sound {
                checked.changed_in_all += 1;
                if checked.changed.len() < 10 {
                    checked.changed.push(sequence);
                }
            }
        }
    }
}
