//! A database of its own for each test, on both of the databases that Fairtrial keeps its data in.
//!
//! SQLite is a file in a folder that goes away with the [`TestDatabase`]. On PostgreSQL, `scripts/postgres` runs a server
//! for the tests and names an administrator's connection in `FAIRTRIAL_TEST_POSTGRES`; each test creates a database there
//! and drops it. A test that finds no server fails and says what to run: a test that quietly leaves out one of the two
//! databases would prove nothing about it.
//!
//! Databases are created by the program `psql`, not by our store, so that the store needs no function that only tests
//! call, and is itself tested on a database that it did not make.

use std::fmt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// Where `scripts/postgres` leaves the URL of an administrator's connection.
pub const POSTGRES_VARIABLE: &str = "FAIRTRIAL_TEST_POSTGRES";

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// An empty database that nobody else uses, and that is gone when this value is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    kind: Kind,
    url: String,
    // Held for what dropping it does.
    _home: Home,
}

/// What has to be taken away in the end.
#[derive(Debug)]
enum Home {
    Folder(#[expect(dead_code, reason = "dropping it removes the folder")] TempDir),
    Server(#[expect(dead_code, reason = "dropping it drops the database")] ServerDatabase),
}

/// Why a test has no database. Shown as a sentence also by `unwrap`, because that is where it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct NoDatabase(String);

impl fmt::Debug for NoDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NoDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoDatabase {}

impl TestDatabase {
    /// Makes an empty database.
    ///
    /// # Errors
    /// When there is no room for a temporary folder, no PostgreSQL server for tests, or no `psql`.
    pub fn fresh(kind: Kind) -> Result<Self, NoDatabase> {
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::with_prefix("fairtrial-")
                    .map_err(|error| NoDatabase(format!("no temporary folder for SQLite: {error}")))?;
                let url = format!("sqlite:{}", folder.path().join("fairtrial.db").display());
                Ok(Self { kind, url, _home: Home::Folder(folder) })
            }
            Kind::Postgres => {
                let server = ServerDatabase::create(&administrator()?)?;
                Ok(Self { kind, url: server.url.clone(), _home: Home::Server(server) })
            }
        }
    }

    /// Which of the two databases this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// `sqlite:/path/of/file` or `postgres://…/name`, as `--database-url` takes it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where tests learn of the server that scripts/postgres runs"
)]
fn administrator() -> Result<String, NoDatabase> {
    std::env::var(POSTGRES_VARIABLE).map_err(|_| {
        NoDatabase(format!(
            "{POSTGRES_VARIABLE} does not name a PostgreSQL server for tests. Run all tests by scripts/test, or these \
             by: scripts/postgres cargo nextest run …"
        ))
    })
}

/// A database on the server, dropped with this value.
#[derive(Debug)]
struct ServerDatabase {
    administrator: String,
    name: String,
    url: String,
}

impl ServerDatabase {
    fn create(administrator: &str) -> Result<Self, NoDatabase> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        loop {
            // The process number tells tests apart that run at once; a name left over by a test that was killed is
            // passed by.
            let name = format!("fairtrial_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
            let url = with_database(administrator, &name)?;
            match psql(administrator, &format!("CREATE DATABASE {name}")) {
                Ok(()) => return Ok(Self { administrator: administrator.to_owned(), name, url }),
                Err(NoDatabase(why)) if why.contains("already exists") => {}
                Err(why) => return Err(why),
            }
        }
    }
}

impl Drop for ServerDatabase {
    fn drop(&mut self) {
        // Connections that the test still holds are ended. A failure here must not hide the test's own.
        if let Err(why) = psql(&self.administrator, &format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            eprintln!("the test database {} stays behind: {why}", self.name);
        }
    }
}

fn psql(url: &str, statement: &str) -> Result<(), NoDatabase> {
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--command", statement, url])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| NoDatabase(format!("psql does not run ({error}). Run scripts/install.")))?;
    if output.status.success() {
        Ok(())
    } else {
        let why = String::from_utf8_lossy(&output.stderr);
        Err(NoDatabase(format!("psql could not run \"{statement}\": {}", why.trim())))
    }
}

/// The same connection, to another database of the server.
fn with_database(url: &str, name: &str) -> Result<String, NoDatabase> {
    let (place, options) = url.split_once('?').map_or((url, None), |(place, options)| (place, Some(options)));
    let server = place
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "postgres" | "postgresql"))
        .and_then(|(scheme, rest)| Some(format!("{scheme}://{}", rest.split('/').next()?)))
        .ok_or_else(|| NoDatabase(format!("{POSTGRES_VARIABLE} is not a postgres:// URL")))?;
    let options = options.map_or_else(String::new, |options| format!("?{options}"));
    Ok(format!("{server}/{name}{options}"))
}

/// Writes each test twice, once for each database: `name::sqlite` and `name::postgres`.
///
/// ```text
/// fairtrial_testkit::on_both_databases! {
///     /// A new database is nobody else's.
///     fn is_fresh(database) {
///         assert!(database.url().contains(':'));
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$about:meta])* fn $name:ident($database:ident) $body:block)+) => {$(
        $(#[$about])*
        mod $name {
            #[allow(unused_imports, reason = "a story need not use what stands around it")]
            use super::*;

            fn story($database: &$crate::database::TestDatabase) $body

            #[test]
            fn sqlite() {
                story(&$crate::database::TestDatabase::fresh($crate::database::Kind::Sqlite).unwrap());
            }

            #[test]
            fn postgres() {
                story(&$crate::database::TestDatabase::fresh($crate::database::Kind::Postgres).unwrap());
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_named_in_the_url() {
        for (given, wanted) in [
            ("postgres://postgres@127.0.0.1:5432/postgres", "postgres://postgres@127.0.0.1:5432/x"),
            ("postgresql://host", "postgresql://host/x"),
            ("postgres:///postgres?host=/run/pg", "postgres:///x?host=/run/pg"),
        ] {
            assert_eq!(with_database(given, "x"), Ok(wanted.to_owned()));
        }
        for wrong in ["", "sqlite:data.db", "host=127.0.0.1 dbname=postgres"] {
            assert!(with_database(wrong, "x").is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn a_sqlite_folder_goes_away() {
        let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
        let path = std::path::PathBuf::from(database.url().strip_prefix("sqlite:").unwrap());
        std::fs::write(&path, "x").unwrap();
        let folder = path.parent().unwrap().to_owned();
        assert!(folder.exists());
        drop(database);
        assert!(!folder.exists());
    }

    #[test]
    fn a_postgres_database_is_empty_and_goes_away() {
        let first = TestDatabase::fresh(Kind::Postgres).unwrap();
        let second = TestDatabase::fresh(Kind::Postgres).unwrap();
        assert_ne!(first.url(), second.url());
        psql(first.url(), "CREATE TABLE only_here (x int)").unwrap();
        let elsewhere = psql(second.url(), "SELECT * FROM only_here").unwrap_err();
        assert!(elsewhere.to_string().contains("does not exist"), "{elsewhere}");
        let url = first.url().to_owned();
        drop(first);
        let gone = psql(&url, "SELECT 1").unwrap_err();
        assert!(gone.to_string().contains("does not exist"), "{gone}");
    }

    on_both_databases! {
        /// The macro hands each story the database that its name says.
        fn each_story_has_its_kind(database) {
            let scheme = database.url().split(':').next();
            let wanted = match database.kind() {
                Kind::Sqlite => "sqlite",
                Kind::Postgres => "postgres",
            };
            assert_eq!(scheme, Some(wanted));
        }
    }
}
