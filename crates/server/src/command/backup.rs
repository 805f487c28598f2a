//! `fairtrial backup`.

use std::path::PathBuf;

use super::{Failure, StoreArguments, print};
use crate::server::{database, make_backup, present_master_key, system_ambient};

/// Beside a running server or without one. The folder holds a copy of the database as of one moment, and a manifest with the
/// rows of each table, the head of the audit, a digest of the copy, and a proof that this installation wrote it. The master
/// key is not in it: keep that elsewhere, and keep both. PostgreSQL is copied by its own pg_dump.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder to make; it must not exist
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Copy the master key into the folder as well: then whoever finds the folder can open everything
    #[arg(long)]
    with_key: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.store.settings()?;
    let key = present_master_key(&settings)?;
    let copied_key = if arguments.with_key { Some(settings.data.join("master.key")) } else { None };
    let url = database(&settings)?;
    let manifest = make_backup(&url, &key, copied_key.as_deref(), &arguments.folder, system_ambient().now())?;
    let rows: i64 = manifest.rows.values().sum();
    let events = manifest.rows.get("events").copied().unwrap_or_default();
    print(&format!(
        "backup of {} at {}: {rows} rows in {} tables, {events} events, {} bytes\n",
        manifest.database,
        manifest.created_at,
        manifest.rows.len(),
        manifest.file.bytes
    ))?;
    if !arguments.with_key {
        print(
            "The master key is not in it, and without that key it opens nothing: keep a copy of the key elsewhere.\n",
        )?;
    }
    Ok(())
}
