//! PostgreSQL is copied by its own programs, which must be here and not older than the server.

use std::{
    io::ErrorKind,
    path::Path,
    process::{Command, Stdio},
};

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};

use super::Contents;
use crate::{
    connection::{DatabaseUrl, DbConnection},
    dialect::{Name, table_names},
    error::StoreError,
};

pub(super) fn copy(url: &DatabaseUrl, address: &str, file: &Path) -> Result<Contents, StoreError> {
    let mut connection = open(url)?;
    // What pg_dump writes and what is counted here are one moment's.
    connection.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ")?;
    let contents = Contents::of(&mut connection)?;
    let snapshot = match &mut connection {
        DbConnection::Postgres(c) => sql_query("SELECT pg_export_snapshot() AS name").get_result::<Name>(c)?.name,
        DbConnection::Sqlite(_) => return Err(StoreError::Setup("a server is no file".into())),
    };
    let mut program = program("pg_dump", address);
    program.args(["--format=custom", "--no-owner", "--no-privileges"]);
    program.arg(format!("--snapshot={snapshot}")).arg("--file").arg(file);
    run("pg_dump", &mut program)?;
    Ok(contents)
}

pub(super) fn restore(url: &DatabaseUrl, address: &str, file: &Path, expected: &Contents) -> Result<(), StoreError> {
    let mut connection = open(url)?;
    if let Some(name) = table_names(&mut connection)?.first() {
        return Err(StoreError::Setup(format!(
            "the database has tables already ({name}): nothing is restored over them"
        )));
    }
    let mut program = program("pg_restore", address);
    program.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]).arg(file);
    run("pg_restore", &mut program)?;
    connection.batch_execute("ANALYZE")?;
    expected.check(&mut connection)
}

/// A connection without limits of time: a large database takes its time.
fn open(url: &DatabaseUrl) -> Result<DbConnection, StoreError> {
    let mut connection = DbConnection::open(url)?;
    connection.batch_execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")?;
    Ok(connection)
}

/// A program with the database's address, and the password where other users of the machine do not see it.
fn program(name: &str, address: &str) -> Command {
    let (address, password) = split_password(address);
    let mut command = Command::new(name);
    command.arg("--no-password").arg("--dbname").arg(address).stdin(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command
}

fn run(name: &str, command: &mut Command) -> Result<(), StoreError> {
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => StoreError::Setup(format!(
            "{name} is not installed: PostgreSQL's own client programs make and read copies of its databases"
        )),
        _ => StoreError::Setup(format!("{name} could not run: {error}")),
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(StoreError::Setup(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// The address without its password, and the password.
fn split_password(address: &str) -> (String, Option<String>) {
    let parts = address.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (place, path) = rest.split_at(end);
        let (user, host) = place.rsplit_once('@')?;
        let (user, password) = user.split_once(':')?;
        Some((format!("{scheme}://{user}@{host}{path}"), decode(password)?))
    });
    parts.map_or_else(|| (address.to_owned(), None), |(address, password)| (address, Some(password)))
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next())? * 16 + digit(rest.next())? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::split_password;

    #[test]
    fn the_password_is_not_on_the_command_line() {
        for (address, wanted, password) in [
            (
                "postgres://me:p%40ss@db.example:5433/x?sslmode=require",
                "postgres://me@db.example:5433/x?sslmode=require",
                Some("p@ss"),
            ),
            ("postgres://me@db.example/x", "postgres://me@db.example/x", None),
            ("postgres:///x?host=/run/pg", "postgres:///x?host=/run/pg", None),
            ("postgres://me:a:b@h", "postgres://me@h", Some("a:b")),
        ] {
            assert_eq!(split_password(address), (wanted.to_owned(), password.map(str::to_owned)), "{address}");
        }
    }
}
