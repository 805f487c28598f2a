//! `fairtrial restore`.

use std::path::PathBuf;

use super::{Failure, StoreArguments, print};
use crate::server::{Restored, database, restore_backup};

/// Checks the manifest, the copy's digest, every table's rows and the whole audit before the database is put in its place, and
/// never over another. The master key must be there first: in the data folder, in the settings, or in the backup itself.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder that `fairtrial backup` made
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    #[command(flatten)]
    store: StoreArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.store.settings()?;
    let Restored { manifest, needs_migration } = restore_backup(&settings, &database(&settings)?, &arguments.folder)?;
    let rows: i64 = manifest.rows.values().sum();
    print(&format!(
        "restored the backup of {}: {rows} rows in {} tables, all as the manifest says, and the audit is whole\n",
        manifest.created_at,
        manifest.rows.len()
    ))?;
    if needs_migration {
        print("It comes from an older version: run `fairtrial migrate` before `fairtrial serve`.\n")?;
    }
    Ok(())
}
