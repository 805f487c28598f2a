//! `fairtrial agency`.

use super::{Failure, StoreArguments, print};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Agency {
    /// Add an agency
    Create {
        /// Its key: a to z, 0 to 9, -, _ and .
        key: String,
        /// Its name for people
        name: String,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// List all agencies
    List {
        #[command(flatten)]
        store: StoreArguments,
    },
}

pub(super) fn run(what: Agency) -> Result<(), Failure> {
    match what {
        Agency::Create { key, name, store } => store.with(async |installation| {
            installation.app.create_agency(&key, &name).await?;
            Ok(print(&format!("the agency {key} was added\n"))?)
        }),
        Agency::List { store } => store.with(async |installation| {
            let lines =
                installation.app.agencies().into_iter().map(|agency| format!("{}\t{}\n", agency.key, agency.name));
            Ok(print(&lines.collect::<String>())?)
        }),
    }
}
