//! Bringing a database to the schema of this version.

use std::collections::HashSet;

use diesel::{
    QueryableByName, RunQueryDsl,
    backend::Backend,
    connection::SimpleConnection,
    migration::{MigrationSource, MigrationVersion},
    pg::Pg,
    sql_query,
    sql_types::Bool,
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{connection::DbConnection, error::StoreError};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// How the schema of a database stands to that of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// The same.
    Current,
    /// Migrations of this version have not run yet.
    Older,
    /// A migration has run that this version does not know.
    Newer,
}

/// Runs all migrations that have not run; returns their names. Of two servers that start at once, the second waits.
pub(crate) fn run(connection: &mut DbConnection) -> Result<Vec<String>, StoreError> {
    if let DbConnection::Postgres(c) = connection {
        // The lock goes with the connection. A migration of a large table may take its time.
        c.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(112176190783490)")?;
    }
    let done = match connection {
        DbConnection::Sqlite(c) => {
            c.run_pending_migrations(SQLITE).map(|names| names.iter().map(ToString::to_string).collect())
        }
        DbConnection::Postgres(c) => {
            c.run_pending_migrations(POSTGRES).map(|names| names.iter().map(ToString::to_string).collect())
        }
    };
    done.map_err(|error| StoreError::Setup(format!("the database could not be brought up to date: {error}")))
}

/// Undoes all migrations. For tests: it erases everything.
pub(crate) fn revert_all(connection: &mut DbConnection) -> Result<usize, StoreError> {
    let done = match connection {
        DbConnection::Sqlite(c) => c.revert_all_migrations(SQLITE).map(|names| names.len()),
        DbConnection::Postgres(c) => c.revert_all_migrations(POSTGRES).map(|names| names.len()),
    };
    done.map_err(|error| StoreError::Setup(format!("the database could not be taken back: {error}")))
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Whether any migration can have run: asking for them makes the table that holds them, and who only looks changes nothing.
fn is_begun(connection: &mut DbConnection) -> Result<bool, StoreError> {
    let Found { found } = match connection {
        DbConnection::Sqlite(c) => {
            sql_query("SELECT COUNT(*) > 0 AS found FROM sqlite_schema WHERE name = '__diesel_schema_migrations'")
                .get_result(c)
        }
        DbConnection::Postgres(c) => {
            sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found").get_result(c)
        }
    }?;
    Ok(found)
}

/// Compares the migrations that have run with those of this version.
pub(crate) fn schema(connection: &mut DbConnection) -> Result<Schema, StoreError> {
    if !is_begun(connection)? {
        return Ok(Schema::Older);
    }
    match connection {
        DbConnection::Sqlite(c) => compare::<Sqlite>(c.applied_migrations(), &SQLITE),
        DbConnection::Postgres(c) => compare::<Pg>(c.applied_migrations(), &POSTGRES),
    }
    .map_err(|error| StoreError::Setup(error.to_string()))
}

/// The migrations that have run, in their order.
pub(crate) fn applied(connection: &mut DbConnection) -> Result<Vec<String>, StoreError> {
    if !is_begun(connection)? {
        return Ok(Vec::new());
    }
    let applied = match connection {
        DbConnection::Sqlite(c) => c.applied_migrations(),
        DbConnection::Postgres(c) => c.applied_migrations(),
    };
    let mut names: Vec<String> =
        applied.map_err(|error| StoreError::Setup(error.to_string()))?.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    Ok(names)
}

/// The first of these migrations that this version does not know.
pub(crate) fn first_unknown(names: &[String]) -> Result<Option<&String>, StoreError> {
    let ours = MigrationSource::<Sqlite>::migrations(&SQLITE).map_err(|error| StoreError::Setup(error.to_string()))?;
    let known: HashSet<String> = ours.iter().map(|migration| migration.name().version().to_string()).collect();
    Ok(names.iter().find(|name| !known.contains(*name)))
}

fn compare<DB: Backend>(
    applied: diesel::migration::Result<Vec<MigrationVersion<'static>>>,
    ours: &EmbeddedMigrations,
) -> diesel::migration::Result<Schema> {
    let applied: HashSet<String> = applied?.iter().map(ToString::to_string).collect();
    let migrations = MigrationSource::<DB>::migrations(ours)?;
    let known: HashSet<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    Ok(if !applied.is_subset(&known) {
        Schema::Newer
    } else if applied.len() < known.len() {
        Schema::Older
    } else {
        Schema::Current
    })
}
