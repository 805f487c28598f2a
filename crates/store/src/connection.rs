//! One connection over both databases.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};

use crate::{dialect, error::StoreError};

/// Name of the lock under which work is done.
const WORK: i64 = 0x6661_6972_0001;

/// Pages that SQLite's write-ahead log may have before the writer copies it into the database file itself.
pub(crate) const LOG_PAGES: u32 = 16_000;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum DbConnection {
    /// The embedded database.
    Sqlite(SqliteConnection),
    /// A PostgreSQL server.
    Postgres(PgConnection),
}

/// Where the data are kept.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server, with its address as libpq reads it.
    Postgres(String),
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // The address may hold a password.
            Self::Postgres(_) => f.write_str("postgres://.."),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.trim_start_matches('/').is_empty() => {
                Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.to_owned())),
            _ => Err(StoreError::Setup("a database address is sqlite:FILE or postgres://…".into())),
        }
    }
}

/// Oldest SQLite without the bug that can lose commits when several connections use one write-ahead log.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

impl DbConnection {
    /// Opens a connection and sets it up so that a commit is durable when it returns.
    ///
    /// # Errors
    /// When the database cannot be reached or is too old.
    pub fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_str().ok_or_else(|| StoreError::Setup("the file name is not UTF-8".into()))?;
                check_place(path)?;
                let mut connection = SqliteConnection::establish(path).map_err(unavailable)?;
                // Before the first question: whoever closes the file last holds it for a moment.
                connection.batch_execute("PRAGMA busy_timeout = 5000").map_err(unavailable)?;
                check_tables(&mut connection)?;
                // recursive_triggers: without it INSERT OR REPLACE walks past the append-only triggers.
                // cache_size: a commit that split a page of an index walks through the whole cache, so a large one costs
                // small commits more than it saves; what it does not hold is in the operating system's cache.
                connection
                    .batch_execute(&format!(
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA secure_delete = FAST; \
                         PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = {LOG_PAGES}; \
                         PRAGMA journal_size_limit = 67108864",
                    ))
                    .map_err(unavailable)?;
                check_sqlite_version(&mut connection)?;
                Ok(Self::Sqlite(connection))
            }
            DatabaseUrl::Postgres(address) => {
                let mut connection = PgConnection::establish(&with_limits(address)).map_err(unavailable)?;
                connection
                    .batch_execute(
                        "SET synchronous_commit = on; SET statement_timeout = '60s'; SET lock_timeout = '10s'; \
                         SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning; SET TIME ZONE 'UTC'",
                    )
                    .map_err(unavailable)?;
                Ok(Self::Postgres(connection))
            }
        }
    }

    /// Runs a piece of work in one write transaction: all of it is kept, or none.
    ///
    /// Works of all servers are done one after the other, on both databases, so that what one reads is still true when it
    /// writes, and no two wait for each other. Only groups of assignments and events run beside them.
    ///
    /// # Errors
    /// Those of the work, after which nothing is kept, and those of the commit.
    pub fn write_transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.group_transaction(|connection| {
            dialect::lock(connection, WORK)?;
            work(connection)
        })
    }

    /// A write transaction that locks nothing by itself on PostgreSQL.
    ///
    /// On SQLite the write lock is taken at once: a transaction that reads first and writes later can fail at any moment.
    pub(crate) fn group_transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let begin = match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
        };
        self.batch_execute(begin)?;
        match work(self) {
            Ok(value) => match self.batch_execute("COMMIT") {
                Ok(()) => Ok(value),
                Err(error) => {
                    let _ = self.batch_execute("ROLLBACK");
                    Err(error.into())
                }
            },
            Err(error) => {
                let _ = self.batch_execute("ROLLBACK");
                Err(error)
            }
        }
    }
}

/// Refuses a place where a file is missing whose newest commits are still there: a new file in its place would take them away.
fn check_place(path: &str) -> Result<(), StoreError> {
    let beside = format!("{path}-wal");
    let commits = fs::metadata(&beside).is_ok_and(|found| found.len() > 0);
    if commits && !Path::new(path).exists() {
        let detail = format!(
            "{path} is missing, but {beside} holds commits of it: put the database back, or move the rest away too"
        );
        return Err(StoreError::Setup(detail));
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Tables {
    #[diesel(sql_type = BigInt)]
    others: i64,
    #[diesel(sql_type = BigInt)]
    ours: i64,
}

/// Refuses a file of another program before anything in it is changed.
fn check_tables(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let Tables { others, ours } = sql_query(
        "SELECT COUNT(*) AS others, COUNT(CASE name WHEN '__diesel_schema_migrations' THEN 1 END) AS ours FROM sqlite_schema",
    )
    .get_result(connection)
    .map_err(unavailable)?;
    match (others, ours) {
        (1.., 0) => Err(StoreError::Setup("the file is not a database of fairtrial: it holds other tables".into())),
        _ => Ok(()),
    }
}

/// The address with limits on how long a silent server is waited for, unless it states its own.
fn with_limits(address: &str) -> String {
    let mut address = address.to_owned();
    for (name, value) in [("connect_timeout", "5"), ("tcp_user_timeout", "15000")] {
        if !address.contains(name) {
            let sign = if address.contains('?') { '&' } else { '?' };
            address.push_str(&format!("{sign}{name}={value}"));
        }
    }
    address
}

fn unavailable(error: impl fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string().trim_end().to_owned())
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

fn check_sqlite_version(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let Version { version } =
        sql_query("SELECT sqlite_version() AS version").get_result(connection).map_err(unavailable)?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let found = (next(), next(), next());
    if found < OLDEST_SQLITE {
        return Err(StoreError::Setup(format!("SQLite {version} can lose commits; 3.51.3 or newer is needed")));
    }
    Ok(())
}
