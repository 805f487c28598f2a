//! Whether a database is in a state in which "kept" means kept.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
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
            (format!("PostgreSQL {}", version.name), wrong.collect::<Vec<_>>(), Some(micros))
        }
    };
    if schema == Schema::Newer {
        faults.push("the database has a newer schema: it needs a newer fairtrial".into());
    }
    let last_entry_at = if schema == Schema::Older { 0 } else { audit::last_at(&mut connection)? };
    Ok(Condition { engine, faults, is_older: schema == Schema::Older, last_entry_at, clock })
}
