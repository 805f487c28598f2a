//! `fairtrial agency`.

use fairtrial_app::BurdenCap;

use super::{Failure, StoreArguments, print};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Agency {
    /// Add an agency
    Create {
        /// Its key, of a to z, 0 to 9 and the marks . - _
        key: String,
        /// Its name for people
        name: String,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Set how many trials one person may meet in a number of days; without both numbers there is no limit
    BurdenCap {
        /// Key of the agency
        key: String,
        /// Most trials
        #[arg(long, requires = "days")]
        trials: Option<u32>,
        /// In this many days
        #[arg(long, requires = "trials")]
        days: Option<u32>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Ask more signatures of every trial of an agency than its plan's answers do
    LeastTier {
        /// The agency
        key: String,
        /// 0, 1 or 2; an agency can be stricter than the answers, never milder
        #[arg(value_parser = clap::value_parser!(u8).range(0..=2))]
        tier: u8,
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
        Agency::BurdenCap { key, trials, days, store } => store.with(async |installation| {
            let cap = trials.zip(days).map(|(trials, days)| BurdenCap { trials, days });
            installation.app.set_burden_cap_of(&key, cap).await?;
            let told = match cap {
                Some(cap) => format!("in {key}, one person meets at most {} trials in {} days\n", cap.trials, cap.days),
                None => format!("in {key}, there is no limit on how many trials one person meets\n"),
            };
            Ok(print(&told)?)
        }),
        Agency::LeastTier { key, tier, store } => store.with(async |installation| {
            installation.app.set_least_tier(&key, tier).await?;
            Ok(print(&format!("every trial of {key} is now of tier {tier} at least\n"))?)
        }),
        Agency::List { store } => store.with(async |installation| {
            let lines =
                installation.app.agencies().into_iter().map(|agency| format!("{}\t{}\n", agency.key, agency.name));
            Ok(print(&lines.collect::<String>())?)
        }),
    }
}
