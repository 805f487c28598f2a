//! `fairtrial trial`.

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow};
use fairtrial_app::{Actor, KeyActor, Person};
use fairtrial_domain::trial::{PersonRole, Scope};
use fairtrial_store::people;

use super::{Failure, StoreArguments, print};
use crate::server::Installation;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Trial {
    /// Make a trial from a protocol document, as a draft
    Import {
        /// The document
        file: PathBuf,
        /// E-mail address of the designer who writes it
        #[arg(long = "as", value_name = "EMAIL")]
        author: String,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Print a trial's protocol document
    Export {
        /// The trial
        key: String,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// List all trials
    List {
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Say how a trial stands
    Show {
        /// The trial
        key: String,
        #[command(flatten)]
        store: StoreArguments,
    },
}

pub(super) fn run(what: Trial) -> Result<(), Failure> {
    match what {
        Trial::Import { file, author, store } => store.with(async |installation| {
            let document = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let actor = person(&installation, &author)?;
            let key = installation.app.create_trial(&actor, &document).await?;
            Ok(print(&format!("the trial {key} was made, as a draft\n"))?)
        }),
        Trial::Export { key, store } => store.with(async |installation| {
            let trial = find(&installation, &key)?;
            Ok(print(&format!("{}\n", trial.plan.canonical()))?)
        }),
        Trial::List { store } => store.with(async |installation| {
            let lines = all(&installation)?.into_iter().map(|trial| {
                let plan = trial.plan.protocol();
                format!("{}\t{}\t{}\t{}\n", trial.key(), plan.agency, trial.state.as_str(), plan.title)
            });
            Ok(print(&lines.collect::<String>())?)
        }),
        Trial::Show { key, store } => store.with(async |installation| {
            let trial = find(&installation, &key)?;
            let plan = trial.plan.protocol();
            let moment = |at: Option<chrono::DateTime<chrono::Utc>>| at.map_or("-".into(), |at| at.to_rfc3339());
            Ok(print(&format!(
                "trial     {}\ntitle     {}\nagency    {}\nstate     {}\nreason    {}\nplan      {}\npeople    {}\n\
                 started   {}\nended     {}\nlocked    {}\n",
                trial.key(),
                plan.title,
                plan.agency,
                trial.state.as_str(),
                trial.state_reason.as_deref().unwrap_or("-"),
                trial.plan.id(),
                installation.app.people_in(&trial),
                moment(trial.started_at),
                moment(trial.ended_at),
                moment(trial.locked_at),
            ))?)
        }),
    }
}

/// Somebody with an account, as whom a plan is written.
fn person(installation: &Installation, email: &str) -> Result<Actor, Failure> {
    let wanted = email.trim().to_lowercase();
    let row = installation.store.read_blocking(|c| people::by_email(c, &wanted))?;
    let row =
        row.filter(|row| !row.disabled).ok_or_else(|| anyhow!("nobody has an account with the address {email}"))?;
    let roles = row.roles.split_whitespace().filter_map(PersonRole::from_word).collect();
    Ok(Actor::Person(Person { id: row.id, agency_id: row.agency_id, name: row.name, email: row.email, roles }))
}

/// The trials of all agencies: whoever runs the server reads for each.
fn all(installation: &Installation) -> Result<Vec<Arc<fairtrial_app::Trial>>, Failure> {
    let mut trials = Vec::new();
    for agency in installation.app.agencies() {
        let reader =
            KeyActor { id: 0, agency_id: agency.id, scopes: vec![Scope::TrialsRead], live: false, person: None };
        trials.extend(installation.app.trials_of(&Actor::Key(reader))?);
    }
    Ok(trials)
}

fn find(installation: &Installation, key: &str) -> Result<Arc<fairtrial_app::Trial>, Failure> {
    let found = all(installation)?.into_iter().find(|trial| trial.key() == key);
    Ok(found.ok_or_else(|| anyhow!("there is no trial {key:?}"))?)
}
