//! Storing events exactly once, many calls in one transaction.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, SmallInt, Text},
};
use fairtrial_domain::event::NewEvent;
use sha2::{Digest, Sha256};

use super::columns::{EventRow, insert_events, take_places};
use crate::{
    connection::DbConnection,
    dialect::on_either,
    error::StoreError,
    schema::{event_kinds, events},
};

/// A screened batch.
#[derive(Debug, Clone)]
pub struct RecordRequest {
    /// Whose events.
    pub agency_id: i64,
    /// With which key they came.
    pub key_id: i64,
    /// The events.
    pub events: Vec<NewEvent>,
    /// Now, in microseconds.
    pub received_at: i64,
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
}

/// What became of each event of a batch, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAnswer(pub Vec<Recorded>);

/// Numbers of kinds of event that are known to be stored.
#[derive(Debug, Default)]
pub(super) struct KindNumbers(HashMap<(i64, String), i64>);

/// Answers every batch, in their order, inside the caller's transaction.
pub(super) fn record_all(
    connection: &mut DbConnection,
    kinds: &mut KindNumbers,
    requests: &[RecordRequest],
) -> Result<Vec<RecordAnswer>, StoreError> {
    let mut rows: Vec<EventRow> = Vec::with_capacity(requests.iter().map(|r| r.events.len()).sum());
    // For each event of each batch, which row stands for its id.
    let mut row_of: Vec<Vec<usize>> = Vec::with_capacity(requests.len());
    let mut by_id: HashMap<(i64, String), usize> = HashMap::new();
    let mut fingerprints: Vec<Vec<[u8; 16]>> = Vec::with_capacity(requests.len());
    for request in requests {
        let (mut places, mut prints) = (Vec::new(), Vec::new());
        for event in &request.events {
            let fingerprint = event.fingerprint();
            let id = (request.agency_id, event.event_id.as_str().to_owned());
            let next = rows.len();
            let place = *by_id.entry(id).or_insert(next);
            if place == next {
                rows.push(row(connection, kinds, request, event, fingerprint)?);
            }
            places.push(place);
            prints.push(fingerprint);
        }
        row_of.push(places);
        fingerprints.push(prints);
    }
    if rows.is_empty() {
        return Ok(requests.iter().map(|_| RecordAnswer(Vec::new())).collect());
    }
    let first = take_places(connection, "events", rows.len())?;
    for (place, row) in (first..).zip(&mut rows) {
        row.sequence = place;
    }
    let inserted = insert_events(connection, &rows)?;
    let mut stored: Vec<Option<Vec<u8>>> = Vec::with_capacity(rows.len());
    for (row, new) in rows.iter().zip(&inserted) {
        stored.push(if *new { None } else { Some(stored_fingerprint(connection, row)?) });
    }
    let mut answers = Vec::with_capacity(requests.len());
    let mut first_seen = vec![false; rows.len()];
    for ((request, places), prints) in requests.iter().zip(&row_of).zip(&fingerprints) {
        let mut results = Vec::with_capacity(places.len());
        for (place, print) in places.iter().zip(prints) {
            let (Some(row), Some(known), Some(seen)) =
                (rows.get(*place), stored.get(*place), first_seen.get_mut(*place))
            else {
                return Err(StoreError::Damaged("a batch".into()));
            };
            let kept: &[u8] = known.as_deref().unwrap_or(&row.fingerprint);
            let result = match (known.is_none() && !*seen, kept == print.as_slice()) {
                (true, _) => Recorded::New(row.sequence),
                (false, true) => Recorded::Duplicate,
                (false, false) => {
                    note_conflict(connection, row, print, request)?;
                    Recorded::Conflict
                }
            };
            *seen = true;
            results.push(result);
        }
        answers.push(RecordAnswer(results));
    }
    Ok(answers)
}

fn row(
    connection: &mut DbConnection,
    kinds: &mut KindNumbers,
    request: &RecordRequest,
    event: &NewEvent,
    fingerprint: [u8; 16],
) -> Result<EventRow, StoreError> {
    let attributes = if event.attributes.is_empty() {
        None
    } else {
        Some(serde_json::to_string(&event.attributes).map_err(|error| StoreError::Damaged(error.to_string()))?)
    };
    Ok(EventRow {
        sequence: 0,
        bucket: bucket(request.agency_id, event.event_id.as_str()),
        agency_id: request.agency_id,
        event_id: event.event_id.as_str().to_owned(),
        unit: event.unit.bytes().to_vec(),
        kind_id: kinds.number(connection, request.agency_id, &event.kind)?,
        value: event.value.map(|value| value.millionths()),
        occurred_at: event.occurred_at.timestamp_micros(),
        received_at: request.received_at,
        fingerprint: fingerprint.to_vec(),
        key_id: request.key_id,
        source: event.source.clone(),
        attributes,
    })
}

/// The bucket of an event id, fixed for ever.
fn bucket(agency_id: i64, event_id: &str) -> i16 {
    let digest = Sha256::new().chain_update(agency_id.to_be_bytes()).chain_update(event_id.as_bytes()).finalize();
    i16::from(digest[0] % fairtrial_domain::identity::BUCKETS)
}

fn stored_fingerprint(connection: &mut DbConnection, row: &EventRow) -> Result<Vec<u8>, StoreError> {
    Ok(events::table
        .filter(events::agency_id.eq(row.agency_id))
        .filter(events::event_id.eq(&row.event_id))
        .filter(events::bucket.eq(row.bucket))
        .select(events::fingerprint)
        .first(connection)?)
}

/// Keeps that an id came with another body, once for each other body, for the page on data health.
fn note_conflict(
    connection: &mut DbConnection,
    row: &EventRow,
    fingerprint: &[u8; 16],
    request: &RecordRequest,
) -> Result<(), StoreError> {
    const NOTE: &str = "INSERT INTO event_conflicts (bucket, agency_id, event_id, fingerprint, key_id, received_at) \
                        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    on_either!(connection, c => sql_query(NOTE)
        .bind::<SmallInt, _>(row.bucket)
        .bind::<BigInt, _>(row.agency_id)
        .bind::<Text, _>(&row.event_id)
        .bind::<Binary, _>(fingerprint.as_slice())
        .bind::<BigInt, _>(request.key_id)
        .bind::<BigInt, _>(request.received_at)
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
        on_either!(connection, c => sql_query(ADD).bind::<BigInt, _>(agency_id).bind::<Text, _>(name).execute(c))?;
        let number: Option<i64> = event_kinds::table
            .filter(event_kinds::agency_id.eq(agency_id))
            .filter(event_kinds::name.eq(name))
            .select(event_kinds::id)
            .first(connection)
            .optional()?;
        let number = number.ok_or_else(|| StoreError::Changed("kind of event".into()))?;
        self.0.insert(key, number);
        Ok(number)
    }
}
