//! Promised corrections whose event has not come: kept beside the log until it does, or until they have waited for too long.
//!
//! Nothing that writes events reads more of them than wait for its own events.

use std::collections::{BTreeMap, HashSet};

use diesel::{
    ExpressionMethods, PgConnection, QueryDsl, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    dsl::min,
    sql_types::{Array, BigInt, Binary, SmallInt, Text},
};
use fairtrial_domain::event::Replaces;

use super::{
    RecordRequest,
    columns::{self, EventRow, add_waiting, take_event_places},
    correct::{Unfit, place},
    record::{Fate, KindNumbers, Sent, note_conflict, row},
};
use crate::{
    connection::DbConnection, dialect::on_either, error::StoreError, schema::waiting_corrections, spool,
    statement::statement,
};

/// Keeps a correction until its event comes; false when it waits already, or another one by its id does.
pub(super) fn let_wait(
    connection: &mut DbConnection,
    row: &EventRow,
    request: &RecordRequest,
    event: &fairtrial_domain::event::NewEvent,
) -> Result<bool, StoreError> {
    const ADD: &str = "INSERT INTO waiting_corrections (bucket, agency_id, event_id, replaces, fingerprint, received_at, body) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let alone = RecordRequest { events: vec![event.clone()], refused: 0, ..request.clone() };
    let body = spool::entry::write(&alone)?;
    let replaces = event.replaces.as_ref().map_or("", |replaces| replaces.event_id.as_str());
    let added = on_either!(connection, c => statement(ADD)
        .bind::<SmallInt, _>(row.bucket)
        .bind::<BigInt, _>(row.agency_id)
        .bind::<Text, _>(&row.event_id)
        .bind::<Text, _>(replaces)
        .bind::<Binary, _>(&row.fingerprint)
        .bind::<BigInt, _>(row.received_at)
        .bind::<Binary, _>(&body)
        .execute(c))?;
    Ok(added > 0)
}

/// The fingerprint of one that waits.
pub(super) fn waiting_print(connection: &mut DbConnection, row: &EventRow) -> Result<Fate, StoreError> {
    let print = waiting_corrections::table
        .find((row.agency_id, &row.event_id, row.bucket))
        .select(waiting_corrections::fingerprint)
        .get_result(connection)?;
    Ok(Fate::Known(print))
}

/// One that waits.
#[derive(Debug, QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    agency_id: i64,
    #[diesel(sql_type = Text)]
    event_id: String,
    #[diesel(sql_type = BigInt)]
    received_at: i64,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
}

/// Those that wait for one of these events of agencies.
fn waiting_for(connection: &mut DbConnection, events: &[(i64, String)]) -> QueryResult<Vec<Waiting>> {
    match connection {
        DbConnection::Sqlite(c) => waiting_sqlite(c, events),
        DbConnection::Postgres(c) => waiting_postgres(c, events),
    }
}

fn waiting_sqlite(c: &mut SqliteConnection, events: &[(i64, String)]) -> QueryResult<Vec<Waiting>> {
    const FIND: &str = "SELECT agency_id, event_id, received_at, body FROM waiting_corrections \
                        WHERE agency_id = $1 AND replaces = $2";
    let mut found = Vec::new();
    for (agency_id, event_id) in events {
        found.extend(
            statement(FIND).bind::<BigInt, _>(agency_id).bind::<Text, _>(event_id.as_str()).load::<Waiting>(c)?,
        );
    }
    Ok(found)
}

fn waiting_postgres(c: &mut PgConnection, events: &[(i64, String)]) -> QueryResult<Vec<Waiting>> {
    statement(
        // OFFSET keeps the planner from joining by reading all that wait.
        "SELECT w.agency_id, w.event_id, w.received_at, w.body FROM UNNEST($1, $2) AS wanted (agency_id, event_id) \
         CROSS JOIN LATERAL (SELECT * FROM waiting_corrections WHERE waiting_corrections.agency_id = wanted.agency_id \
         AND waiting_corrections.replaces = wanted.event_id OFFSET 0) AS w",
    )
    .bind::<Array<BigInt>, _>(events.iter().map(|event| event.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(events.iter().map(|event| event.1.as_str()).collect::<Vec<_>>())
    .load(c)
}

/// Puts into the log what waited for one of these events, which have come into it just now, or for what waited for them.
pub(super) fn release(
    connection: &mut DbConnection,
    kinds: &mut KindNumbers,
    came: Vec<(i64, String)>,
) -> Result<(), StoreError> {
    let (mut bodies, mut named) = (Vec::new(), came);
    // What names each other in a ring is met once.
    let mut met: HashSet<(i64, String)> = HashSet::new();
    while !named.is_empty() {
        let mut now = waiting_for(connection, &named)?;
        now.retain(|one| met.insert((one.agency_id, one.event_id.clone())));
        // Of several that wait for one event the first to come stands.
        now.sort_unstable_by(|a, b| (a.received_at, &a.event_id).cmp(&(b.received_at, &b.event_id)));
        for one in &now {
            bodies.push(spool::entry::read(&one.body)?);
        }
        named = now.into_iter().map(|one| (one.agency_id, one.event_id)).collect();
    }
    let sent: Vec<Sent<'_>> = bodies
        .iter()
        .filter_map(|request| request.events.first().map(|event| (request, event, event.fingerprint())))
        .collect();
    if sent.is_empty() {
        return Ok(());
    }
    let first = columns::take_places(connection, "events", sent.len())?;
    let mut rows: Vec<EventRow> = (first..)
        .zip(&sent)
        .map(|(sequence, (request, event, print))| row(connection, kinds, request, event, sequence, *print))
        .collect::<Result<_, _>>()?;
    let replaces: Vec<Replaces> = sent.iter().filter_map(|(_, event, _)| event.replaces.clone()).collect();
    let fates = place(connection, &mut rows, &replaces)?;
    let mut gone = 0;
    for ((row, fate), (request, ..)) in rows.iter().zip(fates).zip(&sent) {
        match fate {
            // What was refused itself has not come.
            Fate::Unfit(Unfit::UnknownEvent) | Fate::Waits => continue,
            Fate::Unfit(_) => note_conflict(connection, row, &row.fingerprint, request.sender, request.received_at)?,
            Fate::Known(print) if print != row.fingerprint => {
                note_conflict(connection, row, &row.fingerprint, request.sender, request.received_at)?;
            }
            Fate::Known(_) | Fate::New => {}
        }
        diesel::delete(waiting_corrections::table.find((row.agency_id, &row.event_id, row.bucket)))
            .execute(connection)?;
        gone += 1;
    }
    add_waiting(connection, -gone)
}

/// Since when the correction waits that has waited longest, in microseconds; none when none waits.
///
/// # Errors
/// When the database fails.
pub fn waiting_since(connection: &mut DbConnection) -> Result<Option<i64>, StoreError> {
    Ok(waiting_corrections::table.select(min(waiting_corrections::received_at)).first(connection)?)
}

/// Removes what has waited since before a moment, in microseconds, the oldest first and `most` at once; returns how many by agency.
/// Their events never came, so nothing that counts is changed.
///
/// # Errors
/// When the database fails; then nothing is removed.
pub fn forget_waiting(
    connection: &mut DbConnection,
    before: i64,
    most: i64,
) -> Result<BTreeMap<i64, usize>, StoreError> {
    // The log first, as every writer of events does: none of these can be released meanwhile.
    let (_, waiting) = take_event_places(connection, 0)?;
    let mut removed = BTreeMap::new();
    if waiting == 0 {
        return Ok(removed);
    }
    let old: Vec<(i64, String, i16)> = waiting_corrections::table
        .filter(waiting_corrections::received_at.lt(before))
        .order((waiting_corrections::received_at, waiting_corrections::agency_id, waiting_corrections::event_id))
        .limit(most)
        .select((waiting_corrections::agency_id, waiting_corrections::event_id, waiting_corrections::bucket))
        .load(connection)?;
    let mut gone = 0;
    for (agency_id, event_id, bucket) in &old {
        diesel::delete(waiting_corrections::table.find((agency_id, event_id, bucket))).execute(connection)?;
        *removed.entry(*agency_id).or_insert(0) += 1;
        gone += 1;
    }
    if gone > 0 {
        add_waiting(connection, -gone)?;
    }
    Ok(removed)
}
