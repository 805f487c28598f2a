//! What the two databases say differently, in one place.

use diesel::{
    QueryResult, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};

use crate::connection::DbConnection;

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
            sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(name).execute(c).map(|_| ())
        }
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
    on_either!(connection, c => sql_query(ADD)
        .bind::<BigInt, _>(trial_id)
        .bind::<Text, _>(outcome)
        .bind::<BigInt, _>(requests)
        .execute(c))
}
