//! `fairtrial key`.

use fairtrial_app::people::api_keys::NewKey;
use fairtrial_domain::trial::Scope;
use fairtrial_store::api_keys;

use super::{Failure, StoreArguments, print};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Key {
    /// Make a key; its token is printed once and kept nowhere
    Create {
        /// What it is called
        name: String,
        /// Key of the agency
        #[arg(long)]
        agency: String,
        /// What it may do; several times for several scopes
        #[arg(long = "scope", required = true, value_parser = scope)]
        scopes: Vec<Scope>,
        /// For trying out: nothing that is done with it is kept
        #[arg(long)]
        test: bool,
        /// E-mail address of the person it acts as; needed for trials:write
        #[arg(long, value_name = "EMAIL")]
        acts_as: Option<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Take a key back; servers that run stop taking it within a second
    Revoke {
        /// The part of the token after ft_live_ or ft_test_
        id: String,
        /// Key of the agency
        #[arg(long)]
        agency: String,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// List the keys of an agency
    List {
        /// Key of the agency
        #[arg(long)]
        agency: String,
        #[command(flatten)]
        store: StoreArguments,
    },
}

fn scope(word: &str) -> Result<Scope, String> {
    Scope::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("known are: {}", known.join(", "))
    })
}

pub(super) fn run(what: Key) -> Result<(), Failure> {
    match what {
        Key::Create { name, agency, scopes, test, acts_as, store } => store.with(async |installation| {
            let key = NewKey { name, live: !test, scopes, acts_as_owner: acts_as.is_some() };
            let token = installation.app.create_key_in(&agency, acts_as.as_deref(), &key).await?;
            Ok(print(&format!("{token}\n"))?)
        }),
        Key::Revoke { id, agency, store } => store.with(async |installation| {
            installation.app.revoke_key_in(&agency, &id).await?;
            Ok(print(&format!("the key {id} was taken back\n"))?)
        }),
        Key::List { agency, store } => store.with(async |installation| {
            let agency_id = installation.app.agency_by_key(&agency)?.id;
            let rows = installation.store.read_blocking(|c| api_keys::of_agency(c, agency_id))?;
            let lines = rows.into_iter().map(|row| {
                let revoked = if row.revoked_at.is_some() { "\ttaken back" } else { "" };
                format!("{}\t{}\t{}\t{}{revoked}\n", row.public_id, row.environment, row.name, row.scopes)
            });
            Ok(print(&lines.collect::<String>())?)
        }),
    }
}
