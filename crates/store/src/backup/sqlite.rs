//! SQLite copies its own file.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use diesel::{Connection as _, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};

use super::{Contents, failed};
use crate::{
    connection::{DatabaseUrl, DbConnection},
    error::StoreError,
};

pub(super) fn copy(path: &Path, file: &Path) -> Result<Contents, StoreError> {
    if !path.is_file() {
        return Err(StoreError::Setup(format!("there is no database at {}", path.display())));
    }
    let text = file.to_str().ok_or_else(|| StoreError::Setup("the name of the copy is not UTF-8".into()))?;
    match DbConnection::open(&DatabaseUrl::Sqlite(path.to_owned()))? {
        DbConnection::Sqlite(mut c) => sql_query("VACUUM INTO $1").bind::<Text, _>(text).execute(&mut c)?,
        DbConnection::Postgres(_) => return Err(StoreError::Setup("a file is no server".into())),
    };
    Contents::of(&mut untouched(file)?)
}

pub(super) fn restore(path: &Path, file: &Path, expected: &Contents) -> Result<(), StoreError> {
    for taken in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm"), beside(path, "-journal")] {
        if taken.exists() {
            return Err(StoreError::Setup(format!(
                "{} is there already: nothing is restored over it",
                taken.display()
            )));
        }
    }
    // Beside its place, so that it can be moved there in one step on any file system; in that step and not before, it is one.
    let partial = beside(path, ".restoring");
    let written = fs::copy(file, &partial).and_then(|_| File::open(&partial)?.sync_all());
    let checked = written.map_err(|error| failed(&partial, &error)).and_then(|()| check(&partial, expected));
    let placed = checked.and_then(|()| {
        let synced = fs::rename(&partial, path).and_then(|()| match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
            _ => Ok(()),
        });
        synced.map_err(|error| failed(path, &error))
    });
    if placed.is_err() {
        // What was refused may be wrong from front to end; it stays nowhere.
        drop(fs::remove_file(&partial));
    }
    placed
}

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

fn check(file: &Path, expected: &Contents) -> Result<(), StoreError> {
    let mut connection = untouched(file)?;
    if let DbConnection::Sqlite(c) = &mut connection {
        let said: Vec<Said> = sql_query("SELECT integrity_check AS said FROM pragma_integrity_check").load(c)?;
        if let Some(Said { said }) = said.into_iter().find(|said| said.said != "ok") {
            return Err(StoreError::Damaged(format!("the file of the copy: {said}")));
        }
        let said: Vec<Said> = sql_query("SELECT \"table\" AS said FROM pragma_foreign_key_check LIMIT 1").load(c)?;
        if let Some(Said { said }) = said.into_iter().next() {
            return Err(StoreError::Damaged(format!("{said} refers to what is not there")));
        }
    }
    expected.check(&mut connection)
}

/// A connection that leaves the file as it is, to the last byte.
fn untouched(file: &Path) -> Result<DbConnection, StoreError> {
    let text = file.to_str().ok_or_else(|| StoreError::Setup("the name of the copy is not UTF-8".into()))?;
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    SqliteConnection::establish(&format!("file:{escaped}?mode=ro&immutable=1"))
        .map(DbConnection::Sqlite)
        .map_err(|error| StoreError::Setup(format!("{}: {error}", file.display())))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
