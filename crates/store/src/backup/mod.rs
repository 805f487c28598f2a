//! A copy of the whole database as of one moment, made while others write; and a database made from such a copy.
//!
//! Copying SQLite's file is not enough: the newest commits stand in a second file. Each database makes its own copy: SQLite by
//! `VACUUM INTO`, PostgreSQL by its program `pg_dump`. What a copy holds is counted in the same moment that it shows.

mod contents;
mod postgres;
mod sqlite;

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use fairtrial_domain::canonical::hex;
use sha2::{Digest, Sha256};

pub use contents::Contents;

use crate::{connection::DatabaseUrl, error::StoreError, migrate};

/// Writes a copy into a file that does not exist yet, and tells what it holds. The file is on the disk when this returns.
///
/// # Errors
/// When the database cannot be read, the file cannot be written, or PostgreSQL's `pg_dump` is not here.
pub fn copy(url: &DatabaseUrl, file: &Path) -> Result<Contents, StoreError> {
    let contents = match url {
        DatabaseUrl::Sqlite(path) => sqlite::copy(path, file),
        DatabaseUrl::Postgres(address) => postgres::copy(url, address, file),
    }?;
    File::open(file).and_then(|file| file.sync_all()).map_err(|error| failed(file, &error))?;
    Ok(contents)
}

/// Makes a database from a copy, where there is none, and tells what it holds.
///
/// # Errors
/// When there is a database already, or the copy comes from a newer version; when the copy does not hold what is expected, after which SQLite has no database and
/// PostgreSQL has one that must not be used.
pub fn restore(url: &DatabaseUrl, file: &Path, expected: &Contents) -> Result<(), StoreError> {
    if let Some(newer) = migrate::first_unknown(&expected.migrations)? {
        return Err(StoreError::Setup(format!("the copy has a newer schema ({newer}): it needs a newer fairtrial")));
    }
    match url {
        DatabaseUrl::Sqlite(path) => sqlite::restore(path, file, expected),
        DatabaseUrl::Postgres(address) => postgres::restore(url, address, file, expected),
    }
}

/// Size and SHA-256 of a file, in hexadecimal digits.
///
/// # Errors
/// When it cannot be read.
pub fn fingerprint(file: &Path) -> Result<(u64, String), StoreError> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    let mut opened = File::open(file).map_err(|error| failed(file, &error))?;
    loop {
        let read = opened.read(&mut buffer).map_err(|error| failed(file, &error))?;
        if read == 0 {
            return Ok((bytes, hex(&hash.finalize())));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

fn failed(file: &Path, error: &io::Error) -> StoreError {
    StoreError::Setup(format!("{}: {error}", file.display()))
}
