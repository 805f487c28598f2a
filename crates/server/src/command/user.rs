//! `fairtrial user`.

use std::{fs, path::PathBuf};

use anyhow::Context;
use fairtrial_app::people::accounts::NewAccount;
use fairtrial_domain::trial::PersonRole;
use fairtrial_store::people;

use super::{Failure, StoreArguments, print};
use crate::server::Installation;

#[derive(Debug, clap::Subcommand)]
pub(super) enum User {
    /// Add an account; prints its first password unless one is given
    Create {
        /// E-mail address to sign in with
        email: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// Key of the agency
        #[arg(long)]
        agency: String,
        /// What they may do; several times for several roles
        #[arg(long = "role", required = true, value_parser = role)]
        roles: Vec<PersonRole>,
        #[command(flatten)]
        password: Password,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Give an account another password, and end its sessions
    ResetPassword {
        /// E-mail address of the account
        email: String,
        #[command(flatten)]
        password: Password,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// List the accounts of an agency
    List {
        /// Key of the agency
        #[arg(long)]
        agency: String,
        #[command(flatten)]
        store: StoreArguments,
    },
}

/// A password never stands on the command line, where others on the machine can read it.
#[derive(Debug, clap::Args)]
pub(super) struct Password {
    /// File that holds the password; without it one is made and printed
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Password {
    /// The password, and what to say about it.
    fn read(&self, installation: &Installation) -> Result<(String, String), Failure> {
        match &self.password_file {
            Some(path) => {
                let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
                Ok((text.trim_end_matches(['\r', '\n']).to_owned(), String::new()))
            }
            None => {
                let made: String = installation.app.ambient().token().chars().take(20).collect();
                let said = format!("password: {made}\n");
                Ok((made, said))
            }
        }
    }
}

fn role(word: &str) -> Result<PersonRole, String> {
    PersonRole::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = PersonRole::ALL.iter().map(|role| role.as_str()).collect();
        format!("known are: {}", known.join(", "))
    })
}

pub(super) fn run(what: User) -> Result<(), Failure> {
    match what {
        User::Create { email, name, agency, roles, password, store } => store.with(async |installation| {
            let (password, said) = password.read(&installation)?;
            let account = NewAccount { email: email.clone(), name, password, roles };
            installation.app.create_account_in(&agency, &account).await?;
            Ok(print(&format!("the account {email} was added\n{said}"))?)
        }),
        User::ResetPassword { email, password, store } => store.with(async |installation| {
            let (password, said) = password.read(&installation)?;
            installation.app.reset_password(&email, &password).await?;
            Ok(print(&format!("the account {email} has another password\n{said}"))?)
        }),
        User::List { agency, store } => store.with(async |installation| {
            let id = installation.app.agency_by_key(&agency)?.id;
            let rows = installation.store.read_blocking(|c| people::of_agency(c, id))?;
            let lines = rows.into_iter().map(|row| {
                let closed = if row.disabled { "\tclosed" } else { "" };
                format!("{}\t{}\t{}{closed}\n", row.email, row.name, row.roles)
            });
            Ok(print(&lines.collect::<String>())?)
        }),
    }
}
