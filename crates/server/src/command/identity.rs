//! `fairtrial identity`. What people are called is read from a file or from standard input, never from the command line, where others
//! on the machine can read it, and goes no further: not into what is printed, not into the log.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use fairtrial_app::{
    AppError,
    frontline::{apart::ApartCall, same_person::SamePersonCall},
};
use fairtrial_domain::{UnitText, event::EventId, note::CodeWord};
use serde_json::json;

use super::{Failure, StoreArguments, acting::person, print};
use crate::server::Installation;

/// Two names are 256 characters at most.
const LONGEST: u64 = 1_024;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Identity {
    /// Say that two names are one person's, who is then served under each what they were assigned under the first
    Link {
        /// For what lawful purpose the two are brought together: a code of your own list, such as sign-in
        #[arg(long, value_name = "CODE", value_parser = code)]
        purpose: CodeWord,
        #[command(flatten)]
        names: Names,
    },
    /// Take back that two names are one person's; every answer that was given stands
    Withdraw {
        /// Why: a code of your own list, such as shared-device
        #[arg(long, value_name = "CODE", value_parser = code)]
        reason: CodeWord,
        #[command(flatten)]
        names: Names,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Names {
    /// File of two lines: the name that is new, and the one that was known before, as your system sends them; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// E-mail address of whoever does it, with the role privacy or administrator in the agency whose names they are
    #[arg(long = "as", value_name = "EMAIL")]
    actor: String,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

impl Names {
    /// The two names: who, and as whom they were known before.
    fn read(&self) -> Result<(UnitText, UnitText), Failure> {
        let text = if self.file == Path::new("-") {
            at_most(io::stdin().lock()).context("standard input cannot be read")
        } else {
            let shown = self.file.display();
            File::open(&self.file).and_then(at_most).with_context(|| format!("{shown} cannot be read"))
        }?;
        let mut lines = text.lines();
        match (lines.next(), lines.next(), lines.next()) {
            (Some(unit), Some(same_as), None) => Ok((unit_of(1, unit)?, unit_of(2, same_as)?)),
            _ => Err(anyhow!("two lines are read: the name that is new, and the one that was known before").into()),
        }
    }
}

fn at_most(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// What is wrong with a name is said by its line, without the name.
fn unit_of(line: u8, text: &str) -> Result<UnitText, Failure> {
    Ok(UnitText::new(text.trim()).with_context(|| format!("line {line}"))?)
}

fn code(text: &str) -> Result<CodeWord, String> {
    CodeWord::new(text).map_err(|error| error.to_string())
}

/// A name for what is said, which nobody else gives: a note is known by it.
fn event_id(installation: &Installation) -> Result<EventId, Failure> {
    let name = EventId::new(&format!("command-{}", installation.app.ambient().token()));
    Ok(name.ok_or_else(|| anyhow!("no name could be made"))?)
}

pub(super) fn run(what: Identity) -> Result<(), Failure> {
    match what {
        Identity::Link { purpose, names } => {
            let (unit, same_as) = names.read()?;
            names.store.with(async |installation| {
                let actor = person(&installation, &names.actor)?;
                let asked = SamePersonCall { event_id: event_id(&installation)?, unit, same_as, purpose };
                let receipt = installation.app.link_units(&actor, &asked).await?;
                if names.json {
                    let status = if receipt.duplicate { "duplicate" } else { "accepted" };
                    let shown =
                        json!({"status": status, "in_two_arms": receipt.in_two_arms, "in_twice": receipt.in_twice});
                    return Ok(print(&format!("{shown}\n"))?);
                }
                let told = if receipt.duplicate { "were known as one person's before" } else { "are one person's now" };
                let two = listed("in two versions, and in no result, in", &receipt.in_two_arms);
                let twice = listed("in one version under both, and counted once, in", &receipt.in_twice);
                Ok(print(&format!("the two names {told}\n{two}{twice}"))?)
            })
        }
        Identity::Withdraw { reason, names } => {
            let (unit, same_as) = names.read()?;
            names.store.with(async |installation| {
                let actor = person(&installation, &names.actor)?;
                let asked = ApartCall { event_id: event_id(&installation)?, unit, same_as, reason };
                let receipt = installation.app.part_units(&actor, &asked).await.map_err(|error| match error {
                    AppError::NotFound(_) => Failure::Failed(anyhow!(
                        "these two names are not known as one person; look whether each is written as your system sends it"
                    )),
                    other => other.into(),
                })?;
                if names.json {
                    let shown = json!({"status": "accepted", "left_out_in": receipt.left_out_in});
                    return Ok(print(&format!("{shown}\n"))?);
                }
                let left_out = listed("a place that was two people's is in no result in", &receipt.left_out_in);
                Ok(print(&format!("the two names are two people's again\n{left_out}"))?)
            })
        }
    }
}

/// A line that names trials; nothing where there are none.
fn listed(what: &str, trials: &[String]) -> String {
    if trials.is_empty() { String::new() } else { format!("{what}: {}\n", trials.join(", ")) }
}
