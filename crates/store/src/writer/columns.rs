//! Rows of the two large tables, written many at once.
//!
//! SQLite has no network to save: a prepared statement a row is within a quarter of its best. PostgreSQL gains tenfold from
//! one statement with a list for each column, which also keeps one text for every number of rows.

use diesel::{
    ExpressionMethods, Insertable, PgConnection, QueryDsl, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Binary, Bool, Nullable, SmallInt, Text},
};

use super::assign::AssignRequest;
use crate::{
    connection::DbConnection,
    dialect::on_either,
    error::StoreError,
    schema::{assignments, corrections, events, logs},
    statement::statement,
};

// diesel prepares an update of its own builder anew each time.
const TAKE: &str =
    "UPDATE logs SET next_sequence = next_sequence + $2 WHERE name = $1 RETURNING next_sequence AS next, waiting";

#[derive(QueryableByName)]
struct LogRow {
    #[diesel(sql_type = BigInt)]
    next: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
}

/// Takes places in a log and returns the first. The row stays locked until the commit.
pub(crate) fn take_places(connection: &mut DbConnection, log: &str, places: usize) -> Result<i64, StoreError> {
    take(connection, log, places).map(|(first, _)| first)
}

/// Takes places in the log of events and tells the first, and how many corrections wait for an event. The row stays locked until the
/// commit.
pub(super) fn take_event_places(connection: &mut DbConnection, places: usize) -> Result<(i64, i64), StoreError> {
    take(connection, "events", places)
}

fn take(connection: &mut DbConnection, log: &str, places: usize) -> Result<(i64, i64), StoreError> {
    let places = i64::try_from(places).map_err(|_| StoreError::Busy)?;
    let taken: LogRow =
        on_either!(connection, c => statement(TAKE).bind::<Text, _>(log).bind::<BigInt, _>(places).get_result(c))?;
    Ok((taken.next - places, taken.waiting))
}

/// Says how many corrections more, or fewer, wait for an event.
pub(super) fn add_waiting(connection: &mut DbConnection, more: i64) -> Result<(), StoreError> {
    diesel::update(logs::table.find("events")).set(logs::waiting.eq(logs::waiting + more)).execute(connection)?;
    Ok(())
}

/// The last place in a log that is committed. Whoever has had an answer from here writes behind it.
pub(crate) fn last_place(connection: &mut DbConnection, log: &str) -> Result<i64, StoreError> {
    let next: i64 = logs::table.find(log).select(logs::next_sequence).get_result(connection)?;
    Ok(next - 1)
}

// None is written out as NULL: were it left out, the text would change from row to row and with it the prepared statement.
#[derive(Debug, Insertable)]
#[diesel(table_name = assignments, treat_none_as_default_value = false)]
pub(super) struct NewAssignment {
    pub(super) sequence: i64,
    bucket: i16,
    trial_id: i64,
    unit: Vec<u8>,
    arm: i16,
    stratum: String,
    attributes: Option<String>,
    assigned_at: i64,
    pub(super) event_place: i64,
}

impl NewAssignment {
    pub(super) fn new(request: &AssignRequest, arm: usize) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: 0,
            bucket: request.unit.bucket().into(),
            trial_id: request.drawing.trial_id,
            unit: request.unit.bytes().to_vec(),
            arm: i16::try_from(arm).map_err(|_| StoreError::Damaged("arm".into()))?,
            stratum: request.stratum.clone(),
            attributes: request.attributes.clone(),
            assigned_at: request.at,
            event_place: 0,
        })
    }
}

// None is written out as NULL: were it left out, the text would change from row to row and with it the prepared statement.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub(super) struct EventRow {
    pub(super) sequence: i64,
    pub(super) bucket: i16,
    pub(super) agency_id: i64,
    pub(super) event_id: String,
    pub(super) unit: Vec<u8>,
    pub(super) kind_id: i64,
    pub(super) value: Option<i64>,
    pub(super) occurred_at: i64,
    pub(super) received_at: i64,
    pub(super) fingerprint: Vec<u8>,
    pub(super) key_id: i64,
    pub(super) source: Option<String>,
    pub(super) attributes: Option<String>,
}

// None is written out as NULL: were it left out, the text would change from row to row and with it the prepared statement.
#[derive(Debug, Insertable)]
#[diesel(table_name = corrections, treat_none_as_default_value = false)]
pub(super) struct CorrectionRow {
    pub(super) sequence: i64,
    pub(super) bucket: i16,
    pub(super) agency_id: i64,
    pub(super) replaces: String,
    pub(super) root: i64,
    pub(super) retracts: bool,
    pub(super) before_retracted: bool,
    pub(super) before_value: Option<i64>,
    pub(super) before_occurred_at: i64,
}

/// Inserts corrections, all of which are new: the caller holds the log and has looked.
pub(super) fn insert_corrections(connection: &mut DbConnection, rows: &[CorrectionRow]) -> Result<(), StoreError> {
    match connection {
        DbConnection::Sqlite(c) => {
            for row in rows {
                diesel::insert_into(corrections::table).values(row).execute(c)?;
            }
        }
        DbConnection::Postgres(c) => {
            CorrectionColumns::from(rows).execute(c)?;
        }
    }
    Ok(())
}

/// Inserts assignments, all of which are new: the caller has looked under a lock.
pub(super) fn insert_assignments(connection: &mut DbConnection, rows: &[NewAssignment]) -> Result<(), StoreError> {
    match connection {
        DbConnection::Sqlite(c) => {
            for row in rows {
                diesel::insert_into(assignments::table).values(row).execute(c)?;
            }
        }
        DbConnection::Postgres(c) => {
            AssignmentColumns::from(rows).execute(c)?;
        }
    }
    Ok(())
}

/// Inserts the events whose ids are new; tells for each row whether it was.
pub(super) fn insert_events(connection: &mut DbConnection, rows: &[EventRow]) -> Result<Vec<bool>, StoreError> {
    match connection {
        DbConnection::Sqlite(c) => insert_events_sqlite(c, rows),
        DbConnection::Postgres(c) => insert_events_postgres(c, rows),
    }
    .map_err(Into::into)
}

fn insert_events_sqlite(connection: &mut SqliteConnection, rows: &[EventRow]) -> QueryResult<Vec<bool>> {
    rows.iter()
        .map(|row| {
            let inserted =
                diesel::insert_into(events::table).values(row).on_conflict_do_nothing().execute(connection)?;
            Ok(inserted == 1)
        })
        .collect()
}

fn insert_events_postgres(connection: &mut PgConnection, rows: &[EventRow]) -> QueryResult<Vec<bool>> {
    let inserted: Vec<i64> = EventColumns::from(rows).load(connection)?;
    let inserted: std::collections::HashSet<i64> = inserted.into_iter().collect();
    Ok(rows.iter().map(|row| inserted.contains(&row.sequence)).collect())
}

/// An insert of many rows that hands PostgreSQL one list for each column, so that one prepared text serves any number.
macro_rules! by_columns {
    ($name:ident of $row:ident into $head:literal, $tail:literal: $first:ident: $first_type:ty as $first_sql:ty
        $(, $column:ident: $type:ty as $sql:ty)* $(,)?) => {
        struct $name {
            $first: Vec<$first_type>,
            $($column: Vec<$type>),*
        }

        impl From<&[$row]> for $name {
            fn from(rows: &[$row]) -> Self {
                Self {
                    $first: rows.iter().map(|row| row.$first.clone()).collect(),
                    $($column: rows.iter().map(|row| row.$column.clone()).collect()),*
                }
            }
        }

        impl QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl Query for $name {
            type SqlType = BigInt;
        }

        impl RunQueryDsl<PgConnection> for $name {}

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($head);
                out.push_bind_param::<Array<$first_sql>, _>(&self.$first)?;
                $(
                    out.push_sql(",");
                    out.push_bind_param::<Array<$sql>, _>(&self.$column)?;
                )*
                out.push_sql($tail);
                Ok(())
            }
        }
    };
}

by_columns!(AssignmentColumns of NewAssignment into
    "INSERT INTO assignments (sequence, bucket, trial_id, unit, arm, stratum, attributes, assigned_at, event_place) \
     SELECT * FROM UNNEST(",
    ") RETURNING sequence":
    sequence: i64 as BigInt,
    bucket: i16 as SmallInt,
    trial_id: i64 as BigInt,
    unit: Vec<u8> as Binary,
    arm: i16 as SmallInt,
    stratum: String as Text,
    attributes: Option<String> as Nullable<Text>,
    assigned_at: i64 as BigInt,
    event_place: i64 as BigInt,
);

by_columns!(CorrectionColumns of CorrectionRow into
    "INSERT INTO corrections (sequence, bucket, agency_id, replaces, root, retracts, before_retracted, before_value, \
     before_occurred_at) SELECT * FROM UNNEST(",
    ") RETURNING sequence":
    sequence: i64 as BigInt,
    bucket: i16 as SmallInt,
    agency_id: i64 as BigInt,
    replaces: String as Text,
    root: i64 as BigInt,
    retracts: bool as Bool,
    before_retracted: bool as Bool,
    before_value: Option<i64> as Nullable<BigInt>,
    before_occurred_at: i64 as BigInt,
);

by_columns!(EventColumns of EventRow into
    "INSERT INTO events (sequence, bucket, agency_id, event_id, unit, kind_id, value, occurred_at, received_at, fingerprint, \
     key_id, source, attributes) SELECT * FROM UNNEST(",
    ") ON CONFLICT DO NOTHING RETURNING sequence":
    sequence: i64 as BigInt,
    bucket: i16 as SmallInt,
    agency_id: i64 as BigInt,
    event_id: String as Text,
    unit: Vec<u8> as Binary,
    kind_id: i64 as BigInt,
    value: Option<i64> as Nullable<BigInt>,
    occurred_at: i64 as BigInt,
    received_at: i64 as BigInt,
    fingerprint: Vec<u8> as Binary,
    key_id: i64 as BigInt,
    source: Option<String> as Nullable<Text>,
    attributes: Option<String> as Nullable<Text>,
);
