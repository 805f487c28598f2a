//! Storing events exactly once, many calls in one transaction.

use std::{collections::HashMap, sync::Arc};

use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    SqliteConnection,
    sql_types::{Array, BigInt, Binary, SmallInt, Text},
};
use fairtrial_domain::event::{NewEvent, Sender};
use sha2::{Digest, Sha256};

use super::{
    columns::{EventRow, insert_events, take_event_places},
    correct::{self, Unfit},
    ledger::Ledger,
    waiting,
};
use crate::{
    connection::DbConnection,
    dialect::on_either,
    error::StoreError,
    schema::{event_kinds, events},
    statement::statement,
};

/// A screened batch.
#[derive(Debug, Clone)]
pub struct RecordRequest {
    /// Whose events.
    pub agency_id: i64,
    /// Who sent them.
    pub sender: Sender,
    /// The events.
    pub events: Vec<NewEvent>,
    /// How many others of the batch were refused when it was screened; they are only counted.
    pub refused: usize,
    /// Now, in microseconds.
    pub received_at: i64,
    /// Whether the sender was told before that all of it is kept: a correction then waits for an event that has not come yet.
    pub promised: bool,
}

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// Kept now, at this place in the log.
    New(i64),
    /// Kept before, the same.
    Duplicate,
    /// Its id is taken by another event; this one is not kept.
    Conflict,
    /// A promised correction, kept until the event comes whose place it takes.
    Waits,
    /// A correction that cannot take the place of what it names; it is not kept.
    Unfit(Unfit),
}

/// What became of each event of a batch, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAnswer(pub Vec<Recorded>);

/// An event of a batch, with its fingerprint.
pub(super) type Sent<'a> = (&'a RecordRequest, &'a NewEvent, [u8; 16]);

/// Numbers of kinds of event that are known to be stored.
#[derive(Debug, Default)]
pub(super) struct KindNumbers(HashMap<(i64, String), i64>);

/// Keeps a batch in the transaction of [`Store::write`](crate::Store::write): all that is new of it, or, when the caller then returns an
/// error, nothing.
///
/// # Errors
/// When the database fails.
pub fn record_within(connection: &mut DbConnection, request: RecordRequest) -> Result<RecordAnswer, StoreError> {
    let answers = record_all(connection, &mut KindNumbers::default(), &[Arc::new(request)])?;
    answers.into_iter().next().ok_or_else(|| StoreError::Damaged("a batch without an answer".into()))
}

/// Answers every batch, in their order, inside the caller's transaction, and adds it to the day's ledger of its key.
pub(super) fn record_all(
    connection: &mut DbConnection,
    kinds: &mut KindNumbers,
    requests: &[Arc<RecordRequest>],
) -> Result<Vec<RecordAnswer>, StoreError> {
    let answers = keep_all(connection, kinds, requests)?;
    // Last, so that whoever waits for another server's ledger holds the log already, or wants nothing more.
    Ledger::of(requests, &answers).write(connection)?;
    Ok(answers)
}

fn keep_all(
    connection: &mut DbConnection,
    kinds: &mut KindNumbers,
    requests: &[Arc<RecordRequest>],
) -> Result<Vec<RecordAnswer>, StoreError> {
    // The events of all batches, one for each id, and for each event of each batch which of them stands for its id.
    let mut distinct: Vec<Sent<'_>> = Vec::new();
    let mut by_id: HashMap<(i64, &str), usize> = HashMap::new();
    let mut row_of: Vec<Vec<usize>> = Vec::with_capacity(requests.len());
    let mut fingerprints: Vec<Vec<[u8; 16]>> = Vec::with_capacity(requests.len());
    for request in requests {
        let (mut places, mut prints) = (Vec::new(), Vec::new());
        for event in &request.events {
            let fingerprint = event.fingerprint();
            let place = *by_id.entry((request.agency_id, event.event_id.as_str())).or_insert(distinct.len());
            match distinct.get_mut(place) {
                None => distinct.push((request, event, fingerprint)),
                // What was promised goes first: whoever sends it again can still be told what becomes of it.
                Some(first) if request.promised && !first.0.promised => *first = (request, event, fingerprint),
                Some(_) => {}
            }
            places.push(place);
            prints.push(fingerprint);
        }
        row_of.push(places);
        fingerprints.push(prints);
    }
    if distinct.is_empty() {
        return Ok(requests.iter().map(|_| RecordAnswer(Vec::new())).collect());
    }
    let plain = correct::put_last(&mut distinct, &mut row_of);
    // The log first: whoever holds it adds kinds and events alone, so that no two servers can wait for each other.
    let (first, wait) = take_event_places(connection, distinct.len())?;
    let mut rows: Vec<EventRow> = (first..)
        .zip(&distinct)
        .map(|(sequence, (request, event, print))| row(connection, kinds, request, event, sequence, *print))
        .collect::<Result<_, _>>()?;
    let (plain_rows, correcting) = rows.split_at_mut(plain);
    let mut fates = keep_plain(connection, plain_rows)?;
    let corrections = distinct.get(plain..).unwrap_or_default();
    fates.extend(correct::keep(connection, correcting, corrections)?);
    if wait > 0 {
        let came = rows.iter().zip(&fates).filter(|(_, fate)| matches!(fate, Fate::New));
        waiting::release(connection, kinds, came.map(|(row, _)| (row.agency_id, row.event_id.clone())).collect())?;
    }
    let mut answers = Vec::with_capacity(requests.len());
    let mut first_seen = vec![false; rows.len()];
    for ((request, places), prints) in requests.iter().zip(&row_of).zip(&fingerprints) {
        let mut results = Vec::with_capacity(places.len());
        for (place, print) in places.iter().zip(prints) {
            let (Some(row), Some(fate), Some(seen)) = (rows.get(*place), fates.get(*place), first_seen.get_mut(*place))
            else {
                return Err(StoreError::Damaged("a batch".into()));
            };
            let kept: &[u8] = if let Fate::Known(known) = fate { known } else { &row.fingerprint };
            let result = match (fate, kept == print.as_slice()) {
                (_, false) => Recorded::Conflict,
                (Fate::Unfit(unfit), true) => Recorded::Unfit(*unfit),
                (Fate::New, true) if !*seen => Recorded::New(row.sequence),
                (Fate::Waits, true) if !*seen => Recorded::Waits,
                (_, true) => Recorded::Duplicate,
            };
            // Who was promised that it is kept is not there to be told.
            if result == Recorded::Conflict || (matches!(result, Recorded::Unfit(_)) && request.promised) {
                note_conflict(connection, row, print, request.sender, request.received_at)?;
            }
            *seen |= result != Recorded::Conflict;
            results.push(result);
        }
        answers.push(RecordAnswer(results));
    }
    Ok(answers)
}

/// What became of a row.
pub(super) enum Fate {
    /// It is in the log now.
    New,
    /// Another row has its id: that row's fingerprint.
    Known(Vec<u8>),
    /// It waits for the event whose place it takes.
    Waits,
    /// It cannot take the place of what it names.
    Unfit(Unfit),
}

/// Inserts events that stand for themselves.
fn keep_plain(connection: &mut DbConnection, rows: &[EventRow]) -> Result<Vec<Fate>, StoreError> {
    let inserted = insert_events(connection, rows)?;
    let known: Vec<&EventRow> = rows.iter().zip(&inserted).filter(|(_, new)| !**new).map(|(row, _)| row).collect();
    let mut fingerprint_of = stored_fingerprints(connection, &known)?;
    let missing = || StoreError::Damaged("an event that was there a moment ago".into());
    let fate = |(row, new): (&EventRow, bool)| match new {
        true => Ok(Fate::New),
        false => fingerprint_of.remove(&row.sequence).map(Fate::Known).ok_or_else(missing),
    };
    rows.iter().zip(inserted).map(fate).collect()
}

pub(super) fn row(
    connection: &mut DbConnection,
    kinds: &mut KindNumbers,
    request: &RecordRequest,
    event: &NewEvent,
    sequence: i64,
    fingerprint: [u8; 16],
) -> Result<EventRow, StoreError> {
    let attributes = if event.attributes.is_empty() {
        None
    } else {
        Some(serde_json::to_string(&event.attributes).map_err(|error| StoreError::Damaged(error.to_string()))?)
    };
    Ok(EventRow {
        sequence,
        bucket: bucket(request.agency_id, event.event_id.as_str()),
        agency_id: request.agency_id,
        event_id: event.event_id.as_str().to_owned(),
        unit: event.unit.bytes().to_vec(),
        kind_id: kinds.number(connection, request.agency_id, &event.kind)?,
        value: event.value.map(|value| value.millionths()),
        occurred_at: event.occurred_at.timestamp_micros(),
        received_at: request.received_at,
        fingerprint: fingerprint.to_vec(),
        key_id: request.sender.number(),
        source: event.source.clone(),
        attributes,
    })
}

/// The bucket of an event id, fixed for ever.
pub(crate) fn bucket(agency_id: i64, event_id: &str) -> i16 {
    let digest = Sha256::new().chain_update(agency_id.to_be_bytes()).chain_update(event_id.as_bytes()).finalize();
    i16::from(digest[0] % fairtrial_domain::identity::BUCKETS)
}

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Binary)]
    fingerprint: Vec<u8>,
}

/// What is stored under the ids of these rows: fingerprints by the rows' own places.
pub(super) fn stored_fingerprints(
    connection: &mut DbConnection,
    rows: &[&EventRow],
) -> Result<HashMap<i64, Vec<u8>>, StoreError> {
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let stored = match connection {
        DbConnection::Sqlite(c) => stored_sqlite(c, rows),
        DbConnection::Postgres(c) => stored_postgres(c, rows),
    }?;
    Ok(stored.into_iter().map(|row| (row.sequence, row.fingerprint)).collect())
}

fn stored_sqlite(connection: &mut SqliteConnection, rows: &[&EventRow]) -> QueryResult<Vec<StoredRow>> {
    let mut found = Vec::new();
    for row in rows {
        let fingerprint = events::table
            .filter(events::agency_id.eq(row.agency_id))
            .filter(events::event_id.eq(&row.event_id))
            .filter(events::bucket.eq(row.bucket))
            .select(events::fingerprint)
            .get_result(connection)
            .optional()?;
        found.extend(fingerprint.map(|fingerprint| StoredRow { sequence: row.sequence, fingerprint }));
    }
    Ok(found)
}

fn stored_postgres(connection: &mut PgConnection, rows: &[&EventRow]) -> QueryResult<Vec<StoredRow>> {
    statement(
        // LIMIT keeps the planner from joining by reading all events, as it would for a large group.
        "SELECT wanted.sequence, e.fingerprint \
         FROM UNNEST($1, $2, $3, $4) AS wanted (sequence, agency_id, event_id, bucket) \
         CROSS JOIN LATERAL (SELECT fingerprint FROM events WHERE events.agency_id = wanted.agency_id \
         AND events.event_id = wanted.event_id AND events.bucket = wanted.bucket LIMIT 1) AS e",
    )
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.sequence).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.agency_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.event_id.as_str()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(rows.iter().map(|row| row.bucket).collect::<Vec<_>>())
    .load(connection)
}

/// Keeps that an id came with another body, once for each other body, for the page on data health.
pub(super) fn note_conflict(
    connection: &mut DbConnection,
    row: &EventRow,
    fingerprint: &[u8],
    sender: Sender,
    received_at: i64,
) -> Result<(), StoreError> {
    const NOTE: &str = "INSERT INTO event_conflicts (bucket, agency_id, event_id, fingerprint, key_id, received_at) \
                        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    on_either!(connection, c => statement(NOTE)
        .bind::<SmallInt, _>(row.bucket)
        .bind::<BigInt, _>(row.agency_id)
        .bind::<Text, _>(&row.event_id)
        .bind::<Binary, _>(fingerprint)
        .bind::<BigInt, _>(sender.number())
        .bind::<BigInt, _>(received_at)
        .execute(c))?;
    Ok(())
}

impl KindNumbers {
    fn number(&mut self, connection: &mut DbConnection, agency_id: i64, name: &str) -> Result<i64, StoreError> {
        let key = (agency_id, name.to_owned());
        if let Some(number) = self.0.get(&key) {
            return Ok(*number);
        }
        const ADD: &str = "INSERT INTO event_kinds (agency_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        on_either!(connection, c => statement(ADD).bind::<BigInt, _>(agency_id).bind::<Text, _>(name).execute(c))?;
        let number: Option<i64> = event_kinds::table
            .filter(event_kinds::agency_id.eq(agency_id))
            .filter(event_kinds::name.eq(name))
            .select(event_kinds::id)
            .get_result(connection)
            .optional()?;
        let number = number.ok_or_else(|| StoreError::Changed("kind of event".into()))?;
        self.0.insert(key, number);
        Ok(number)
    }
}
