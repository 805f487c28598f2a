//! What the two databases say differently, in one place.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Text},
};

use crate::{connection::DbConnection, error::StoreError, records::replies::Reply, statement::statement};

/// The same expression on whichever database a connection is to; for what does not compile on both at once.
macro_rules! on_either {
    ($connection:expr, $inner:ident => $work:expr) => {
        match $connection {
            $crate::connection::DbConnection::Sqlite($inner) => $work,
            $crate::connection::DbConnection::Postgres($inner) => $work,
        }
    };
}
pub(crate) use on_either;

/// Takes a lock that other writers of the same name wait for, until the transaction ends. SQLite has one writer anyway.
pub(crate) fn lock(connection: &mut DbConnection, name: i64) -> QueryResult<()> {
    match connection {
        DbConnection::Sqlite(_) => Ok(()),
        DbConnection::Postgres(c) => {
            statement("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(name).execute(c).map(|_| ())
        }
    }
}

/// Locks a trial against assignments and other moves until the transaction ends.
pub(crate) fn lock_trial(connection: &mut DbConnection, trial_id: i64) -> QueryResult<()> {
    match connection {
        DbConnection::Sqlite(_) => Ok(()),
        DbConnection::Postgres(c) => statement("SELECT id FROM trials WHERE id = $1 FOR UPDATE")
            .bind::<BigInt, _>(trial_id)
            .execute(c)
            .map(|_| ()),
    }
}

/// Adds to a trial's count of requests that ended in one way.
pub(crate) fn add_touches(
    connection: &mut DbConnection,
    trial_id: i64,
    outcome: &str,
    requests: i64,
) -> QueryResult<usize> {
    const ADD: &str = "INSERT INTO touches (trial_id, outcome, requests) VALUES ($1, $2, $3) \
                       ON CONFLICT (trial_id, outcome) DO UPDATE SET requests = touches.requests + excluded.requests";
    on_either!(connection, c => statement(ADD)
        .bind::<BigInt, _>(trial_id)
        .bind::<Text, _>(outcome)
        .bind::<BigInt, _>(requests)
        .execute(c))
}

/// Keeps the answer to a named request. Of two servers that answered it at once, the first keeps its answer.
pub(crate) fn keep_reply(
    connection: &mut DbConnection,
    key_id: i64,
    name: &str,
    reply: &Reply,
    at: i64,
) -> QueryResult<usize> {
    const KEEP: &str = "INSERT INTO replies (key_id, name, fingerprint, status, body, at) VALUES ($1, $2, $3, $4, $5, $6) \
                        ON CONFLICT DO NOTHING";
    on_either!(connection, c => statement(KEEP)
        .bind::<BigInt, _>(key_id)
        .bind::<Text, _>(name)
        .bind::<Binary, _>(&reply.fingerprint)
        .bind::<BigInt, _>(reply.status)
        .bind::<Text, _>(&reply.body)
        .bind::<BigInt, _>(at)
        .execute(c))
}

/// The tables of a database, except what the database keeps for itself.
pub(crate) fn table_names(connection: &mut DbConnection) -> QueryResult<Vec<String>> {
    const SQLITE: &str =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    const POSTGRES: &str =
        "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1";
    let names: Vec<Name> = match connection {
        DbConnection::Sqlite(c) => sql_query(SQLITE).load(c),
        DbConnection::Postgres(c) => sql_query(POSTGRES).load(c),
    }?;
    Ok(names.into_iter().map(|row| row.name).collect())
}

/// Copies the log of a SQLite file into it and empties the log.
pub(crate) fn empty_log(connection: &mut DbConnection) -> Result<(), StoreError> {
    let DbConnection::Sqlite(c) = connection else { return Ok(()) };
    let done: Checkpoint = sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(c)?;
    match done.busy {
        0 => Ok(()),
        _ => Err(StoreError::Unavailable("somebody reads the file, so that its log cannot be emptied".into())),
    }
}

/// What a checkpoint says.
#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = BigInt)]
    busy: i64,
}

/// A row that is a name.
#[derive(QueryableByName)]
pub(crate) struct Name {
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
}
