//! Events that take the place of earlier ones, put into the log behind them.
//!
//! **Architecture invariant:** a correction stands in the log behind the event that it names, in one line that begins with an event that
//! names none, and each event is replaced once. So of two corrections of one event the second is told, whatever servers they come to
//! and in whatever order they are sent again, and whoever reads the log in its order has met what a correction replaces.

use std::collections::{HashMap, HashSet};

use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    sql_types::{Array, BigInt, Binary, Bool, Nullable, SmallInt, Text},
};
use fairtrial_domain::event::Replaces;

use super::{
    columns::{CorrectionRow, EventRow, add_waiting, insert_corrections, insert_events},
    record::{Fate, Sent, bucket, stored_fingerprints},
    waiting::{let_wait, waiting_print},
};
use crate::{connection::DbConnection, error::StoreError, statement::statement};

/// Why a correction cannot take the place of what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// No event of the agency has that id.
    UnknownEvent,
    /// It is about another unit.
    OtherUnit,
    /// It is of another kind.
    OtherKind,
    /// Another correction has taken its place before: that one is to be named.
    Replaced,
}

/// Puts the events that take the place of others behind those that stand for themselves, each behind the one that it names; returns how
/// many stand for themselves.
pub(super) fn put_last(sent: &mut Vec<Sent<'_>>, row_of: &mut [Vec<usize>]) -> usize {
    let plain = sent.iter().filter(|(_, event, _)| event.replaces.is_none()).count();
    if plain == sent.len() {
        return plain;
    }
    let named = |(request, event, _): &Sent<'_>| {
        let replaces = event.replaces.as_ref().map(|replaces| replaces.event_id.as_str().to_owned());
        ((request.agency_id, event.event_id.as_str().to_owned()), replaces)
    };
    let order = in_order(&sent.iter().map(named).collect::<Vec<_>>());
    let mut place_of = vec![0; sent.len()];
    for (place, from) in order.iter().enumerate() {
        if let Some(slot) = place_of.get_mut(*from) {
            *slot = place;
        }
    }
    *sent = order.iter().filter_map(|from| sent.get(*from).copied()).collect();
    for place in row_of.iter_mut().flatten() {
        *place = place_of.get(*place).copied().unwrap_or(*place);
    }
    plain
}

/// Whose and which an event is, and which one it replaces.
type Named = ((i64, String), Option<String>);

/// An order in which each stands behind the one that it names, those that name none first. What names each other in a ring stands in any
/// order: none of it will be known.
fn in_order(named: &[Named]) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..named.len()).filter(|place| named.get(*place).is_some_and(|n| n.1.is_none())).collect();
    let by_id: HashMap<(i64, &str), usize> =
        named.iter().enumerate().map(|(place, ((agency, id), _))| ((*agency, id.as_str()), place)).collect();
    let mut done: HashSet<usize> = order.iter().copied().collect();
    for start in 0..named.len() {
        let (mut line, mut next) = (Vec::new(), Some(start));
        while let Some(place) = next.filter(|place| done.insert(*place)) {
            line.push(place);
            let replaced = named.get(place).and_then(|((agency, _), replaces)| Some((*agency, replaces.as_deref()?)));
            next = replaced.and_then(|replaced| by_id.get(&replaced).copied());
        }
        order.extend(line.into_iter().rev());
    }
    order
}

/// What stands at the end of a line.
#[derive(Debug, Clone, QueryableByName)]
struct Head {
    /// Of the row that asks.
    #[diesel(sql_type = BigInt)]
    wanted: i64,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Binary)]
    unit: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    kind_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<i64>,
    #[diesel(sql_type = BigInt)]
    occurred_at: i64,
    #[diesel(sql_type = BigInt)]
    received_at: i64,
    /// The first event of the line, where this is a correction.
    #[diesel(sql_type = Nullable<BigInt>)]
    root: Option<i64>,
    #[diesel(sql_type = Nullable<Bool>)]
    retracts: Option<bool>,
    /// What has taken its place.
    #[diesel(sql_type = Nullable<BigInt>)]
    replaced_by: Option<i64>,
}

/// Puts corrections into the log, in an order in which each stands behind the one that it names. Of a promised one whose event is not
/// known, the body is kept until that comes.
pub(super) fn keep(
    connection: &mut DbConnection,
    rows: &mut [EventRow],
    sent: &[Sent<'_>],
) -> Result<Vec<Fate>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let replaces = |(_, event, _): &Sent<'_>| event.replaces.clone();
    let replaces: Vec<Replaces> = sent.iter().filter_map(replaces).collect();
    let promised: Vec<bool> = sent.iter().map(|(request, ..)| request.promised).collect();
    let (mut fates, mut wait) = (place(connection, rows, &replaces)?, 0);
    for (((fate, row), (request, event, _)), promised) in fates.iter_mut().zip(rows.iter()).zip(sent).zip(promised) {
        if promised && matches!(fate, Fate::Unfit(Unfit::UnknownEvent)) {
            let new = let_wait(connection, row, request, event)?;
            wait += i64::from(new);
            *fate = if new { Fate::Waits } else { waiting_print(connection, row)? };
        }
    }
    if wait > 0 {
        add_waiting(connection, wait)?;
    }
    Ok(fates)
}

/// Inserts those that fit.
pub(super) fn place(
    connection: &mut DbConnection,
    rows: &mut [EventRow],
    replaces: &[Replaces],
) -> Result<Vec<Fate>, StoreError> {
    let known = stored_fingerprints(connection, &rows.iter().collect::<Vec<_>>())?;
    let mut heads: HashMap<(i64, &str), Head> = HashMap::new();
    let found = heads_of(connection, rows, replaces)?;
    for (row, replaces) in rows.iter().zip(replaces) {
        if let Some(head) = found.get(&row.sequence) {
            heads.entry((row.agency_id, replaces.event_id.as_str())).or_insert_with(|| head.clone());
        }
    }
    let own: Vec<String> = rows.iter().map(|row| row.event_id.clone()).collect();
    let (mut fates, mut corrections) = (Vec::with_capacity(rows.len()), Vec::new());
    for ((row, replaces), own) in rows.iter_mut().zip(replaces).zip(&own) {
        if let Some(print) = known.get(&row.sequence) {
            fates.push(Fate::Known(print.clone()));
            continue;
        }
        let head = match heads.get_mut(&(row.agency_id, replaces.event_id.as_str())) {
            None => Err(Unfit::UnknownEvent),
            Some(head) if head.unit != row.unit => Err(Unfit::OtherUnit),
            Some(head) if head.kind_id != row.kind_id => Err(Unfit::OtherKind),
            Some(head) if head.replaced_by.is_some() => Err(Unfit::Replaced),
            Some(head) => Ok(head),
        };
        let head = match head {
            Ok(head) => head,
            Err(unfit) => {
                fates.push(Fate::Unfit(unfit));
                continue;
            }
        };
        head.replaced_by = Some(row.sequence);
        // A line never goes back in time: who knows a correction knew what it replaces.
        row.received_at = row.received_at.max(head.received_at);
        let root = head.root.unwrap_or(head.sequence);
        corrections.push(CorrectionRow {
            sequence: row.sequence,
            bucket: bucket(row.agency_id, replaces.event_id.as_str()),
            agency_id: row.agency_id,
            replaces: replaces.event_id.as_str().to_owned(),
            root,
            retracts: replaces.retracts,
            before_retracted: head.retracts == Some(true),
            before_value: head.value,
            before_occurred_at: head.occurred_at,
        });
        let now = Head {
            wanted: row.sequence,
            sequence: row.sequence,
            unit: row.unit.clone(),
            kind_id: row.kind_id,
            value: row.value,
            occurred_at: row.occurred_at,
            received_at: row.received_at,
            root: Some(root),
            retracts: Some(replaces.retracts),
            replaced_by: None,
        };
        heads.insert((row.agency_id, own), now);
        fates.push(Fate::New);
    }
    let new: Vec<EventRow> =
        rows.iter().zip(&fates).filter(|(_, fate)| matches!(fate, Fate::New)).map(|(row, _)| row.clone()).collect();
    if insert_events(connection, &new)?.contains(&false) {
        return Err(StoreError::Damaged("a correction that was not there a moment ago".into()));
    }
    insert_corrections(connection, &corrections)?;
    Ok(fates)
}

/// What the corrections name, by their own places.
fn heads_of(
    connection: &mut DbConnection,
    rows: &[EventRow],
    replaces: &[Replaces],
) -> Result<HashMap<i64, Head>, StoreError> {
    let wanted: Vec<(i64, i64, &str, i16)> = rows
        .iter()
        .zip(replaces)
        .map(|(row, replaces)| {
            let named = replaces.event_id.as_str();
            (row.sequence, row.agency_id, named, bucket(row.agency_id, named))
        })
        .collect();
    let found = match connection {
        DbConnection::Sqlite(c) => heads_sqlite(c, &wanted),
        DbConnection::Postgres(c) => heads_postgres(c, &wanted),
    }?;
    Ok(found.into_iter().map(|head| (head.wanted, head)).collect())
}

fn heads_sqlite(c: &mut SqliteConnection, wanted: &[(i64, i64, &str, i16)]) -> QueryResult<Vec<Head>> {
    const FIND: &str = "SELECT $1 AS wanted, e.sequence, e.unit, e.kind_id, e.value, e.occurred_at, e.received_at, c.root, \
        c.retracts, r.sequence AS replaced_by FROM events AS e LEFT JOIN corrections AS c ON c.sequence = e.sequence \
        LEFT JOIN corrections AS r ON r.agency_id = e.agency_id AND r.replaces = e.event_id AND r.bucket = e.bucket \
        WHERE e.agency_id = $2 AND e.event_id = $3 AND e.bucket = $4";
    let mut found = Vec::with_capacity(wanted.len());
    for (place, agency_id, event_id, bucket) in wanted {
        found.extend(
            statement(FIND)
                .bind::<BigInt, _>(place)
                .bind::<BigInt, _>(agency_id)
                .bind::<Text, _>(event_id)
                .bind::<SmallInt, _>(bucket)
                .load::<Head>(c)?,
        );
    }
    Ok(found)
}

fn heads_postgres(c: &mut PgConnection, wanted: &[(i64, i64, &str, i16)]) -> QueryResult<Vec<Head>> {
    statement(
        // LIMIT keeps the planner from joining by reading all events, as it would for a large group.
        "SELECT wanted.sequence AS wanted, e.sequence, e.unit, e.kind_id, e.value, e.occurred_at, e.received_at, c.root, c.retracts, \
         r.sequence AS replaced_by FROM UNNEST($1, $2, $3, $4) AS wanted (sequence, agency_id, event_id, bucket) \
         CROSS JOIN LATERAL (SELECT * FROM events WHERE events.agency_id = wanted.agency_id \
         AND events.event_id = wanted.event_id AND events.bucket = wanted.bucket LIMIT 1) AS e \
         LEFT JOIN LATERAL (SELECT root, retracts FROM corrections WHERE corrections.sequence = e.sequence LIMIT 1) AS c ON TRUE \
         LEFT JOIN LATERAL (SELECT sequence FROM corrections WHERE corrections.agency_id = wanted.agency_id \
         AND corrections.replaces = wanted.event_id AND corrections.bucket = wanted.bucket LIMIT 1) AS r ON TRUE",
    )
    .bind::<Array<BigInt>, _>(wanted.iter().map(|one| one.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(wanted.iter().map(|one| one.1).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(wanted.iter().map(|one| one.2).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(wanted.iter().map(|one| one.3).collect::<Vec<_>>())
    .load(c)
}
