//! Bringing a database to the schema of this version.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{connection::DbConnection, error::StoreError};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Runs all migrations that have not run; returns their names.
pub(crate) fn run(connection: &mut DbConnection) -> Result<Vec<String>, StoreError> {
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

/// Whether migrations of this version have not run yet.
pub(crate) fn pending(connection: &mut DbConnection) -> Result<bool, StoreError> {
    let pending = match connection {
        DbConnection::Sqlite(c) => c.has_pending_migration(SQLITE),
        DbConnection::Postgres(c) => c.has_pending_migration(POSTGRES),
    };
    pending.map_err(|error| StoreError::Setup(error.to_string()))
}
