//! Whether the events of the log are what came: each is held against the digest that was kept with it.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl};
use fairtrial_domain::event::Content;

use crate::{
    connection::DbConnection,
    error::StoreError,
    schema::{corrections, event_kinds, events},
};

/// Events in one reading.
const PAGE: i64 = 10_000;

/// What was found in the log of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedLog {
    /// Events that were looked at; what was deleted when its time was over holds nothing to look at.
    pub events: u64,
    /// Places of events that are not what came, the first ten.
    pub changed: Vec<i64>,
    /// How many there are in all.
    pub changed_in_all: u64,
}

/// Reads every event.
///
/// # Errors
/// When the database fails.
pub fn check(c: &mut DbConnection) -> Result<CheckedLog, StoreError> {
    type Row = (i64, String, Vec<u8>, Option<i64>, i64, Vec<u8>, Option<String>, Option<String>);
    type Rest = (String, Option<String>, Option<bool>);
    let mut checked = CheckedLog::default();
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
                (event_kinds::name, corrections::replaces.nullable(), corrections::retracts.nullable()),
            ))
            .load(c)?;
        let Some(((last, ..), _)) = rows.last() else { return Ok(checked) };
        after = *last;
        for (
            (sequence, event_id, unit, value, occurred_at, fingerprint, source, attributes),
            (kind, named, retracts),
        ) in rows
        {
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
