//! Whether a database is in a state in which "kept" means kept.

use diesel::{
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};

use crate::{
    connection::{DatabaseUrl, DbConnection},
    dialect::Name,
    error::StoreError,
    migrate::{self, Schema},
    records::audit,
};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Which database, in which version.
    pub engine: String,
    /// Sentences about what is wrong; none when all is well.
    pub faults: Vec<String>,
    /// Sentences about what is well and could be safer.
    pub notes: Vec<String>,
    /// Migrations of this version that have not run.
    pub is_older: bool,
    /// The moment of the last audit entry, in microseconds; 0 before the first.
    pub last_entry_at: i64,
    /// The clock of a database server, in microseconds; none for a file.
    pub clock: Option<i64>,
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Micros {
    #[diesel(sql_type = BigInt)]
    micros: i64,
}

/// What a PostgreSQL server must be set to, or a commit may be lost or a text may not come back as it was.
const WANTED: [(&str, &str); 5] = [
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    ("server_encoding", "UTF8"),
    ("in_recovery", "false"),
];

const READ_ONLY: &str = "the database can only be read, so that nothing could be kept: give the user as whom fairtrial runs the right to write to \
                         the file and its folder";

/// Whether a SQLite file can only be read. SQLite opens one without a word, and finds out with the first write.
fn is_read_only(connection: &mut DbConnection) -> bool {
    let DbConnection::Sqlite(c) = connection else { return false };
    // To begin is not enough: on such a file it begins a transaction that can only read. Where somebody else writes, it can be written.
    let tried = c.batch_execute("BEGIN IMMEDIATE; PRAGMA user_version = 1");
    let _ = c.batch_execute("ROLLBACK");
    tried.is_err_and(|error| error.to_string().contains("readonly"))
}

/// Refuses a SQLite file that can only be read, and a PostgreSQL database that does not keep texts in UTF-8: in one, names come back
/// as others; in another, no macron fits.
pub(crate) fn check(connection: &mut DbConnection) -> Result<(), StoreError> {
    if is_read_only(connection) {
        return Err(StoreError::Setup(READ_ONLY.into()));
    }
    let DbConnection::Postgres(c) = connection else { return Ok(()) };
    let Name { name } = sql_query("SELECT current_setting('server_encoding') AS name").get_result(c)?;
    if name == "UTF8" {
        return Ok(());
    }
    Err(StoreError::Setup(format!(
        "the database keeps texts as {name}, and must as UTF8: make one with ENCODING 'UTF8'"
    )))
}

/// Looks a database over. Reads all of a SQLite file.
///
/// # Errors
/// When it cannot be reached, or is none of ours.
pub fn examine(url: &DatabaseUrl) -> Result<Condition, StoreError> {
    if let DatabaseUrl::Sqlite(path) = url
        && !path.is_file()
    {
        return Err(StoreError::Setup(format!("there is no database at {}", path.display())));
    }
    let mut connection = DbConnection::open(url)?;
    let schema = migrate::schema(&mut connection)?;
    let mut notes = Vec::new();
    let (engine, mut faults, clock) = match &mut connection {
        DbConnection::Sqlite(c) => {
            let version: Name = sql_query("SELECT sqlite_version() AS name").get_result(c)?;
            let said: Vec<Name> = sql_query("SELECT integrity_check AS name FROM pragma_integrity_check").load(c)?;
            let damaged = said.into_iter().map(|row| row.name).filter(|said| said != "ok");
            (
                format!("SQLite {}", version.name),
                damaged.map(|said| format!("the file is damaged: {said}")).collect(),
                None,
            )
        }
        DbConnection::Postgres(c) => {
            let version: Name = sql_query("SELECT current_setting('server_version') AS name").get_result(c)?;
            let settings: Vec<Setting> = sql_query(
                // Of the server, not of this connection, which sets some of them for itself.
                "SELECT name, CASE WHEN name = 'synchronous_commit' THEN reset_val ELSE setting END AS value FROM pg_settings \
                 UNION ALL SELECT 'in_recovery', CAST(pg_is_in_recovery() AS TEXT)",
            )
            .load(c)?;
            let Micros { micros } =
                sql_query("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS micros")
                    .get_result(c)?;
            let wrong = WANTED.iter().filter_map(|(name, wanted)| {
                let found =
                    settings.iter().find(|setting| setting.name == *name).map_or("unknown", |s| s.value.as_str());
                (found != *wanted).then(|| format!("the server's {name} is {found}, and must be {wanted}"))
            });
            let role: Vec<Name> = sql_query(
                "SELECT CAST(rolname AS TEXT) AS name FROM pg_roles WHERE rolname = current_user AND rolsuper",
            )
            .load(c)?;
            notes.extend(role.into_iter().map(|Name { name }| {
                format!("{name} is a superuser, whom no guard of the tables holds: give fairtrial a role of its own that is none")
            }));
            (format!("PostgreSQL {}", version.name), wrong.collect::<Vec<_>>(), Some(micros))
        }
    };
    if is_read_only(&mut connection) {
        faults.push(READ_ONLY.into());
    }
    if schema == Schema::Newer {
        faults.push("the database has a newer schema: it needs a newer fairtrial".into());
    }
    let last_entry_at = if schema == Schema::Older { 0 } else { audit::last_at(&mut connection)? };
    Ok(Condition { engine, faults, notes, is_older: schema == Schema::Older, last_entry_at, clock })
}
