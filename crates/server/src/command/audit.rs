//! `fairtrial audit`.

use std::{fs, path::PathBuf};

use anyhow::{Context, anyhow};
use fairtrial_domain::canonical::hex;
use serde_json::json;

use super::{Failure, StoreArguments, print};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Audit {
    /// Check that every entry still is what was written
    ///
    /// Each entry holds the hash of the one before it, which shows what was changed, taken out or put in. That the end was cut
    /// off, or that everything after a change was written anew, shows only against a checkpoint that was kept elsewhere: see
    /// `fairtrial audit head`. Ends with 1 when something is wrong.
    Verify {
        /// A file with one or several checkpoints
        #[arg(long, value_name = "FILE")]
        anchor: Option<PathBuf>,
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Print a checkpoint of the audit as it is now; keep it where nobody who can write to the database can reach it
    Head {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreArguments,
    },
}

pub(super) fn run(what: Audit) -> Result<(), Failure> {
    match what {
        Audit::Verify { anchor, json, store } => store.with(async |installation| {
            let text = anchor
                .as_ref()
                .map(|file| fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display())))
                .transpose()?;
            let checked = installation.app.check_audit(text.as_deref()).await?;
            let (size, root) = &checked.head;
            if json {
                let findings: Vec<_> = checked
                    .findings
                    .iter()
                    .map(|finding| json!({"place": finding.place, "damage": finding.damage.as_str(), "detail": finding.detail}))
                    .collect();
                let shown = json!({"ok": checked.found == 0, "size": size, "root": hex(root), "anchored": text.is_some(),
                    "found": checked.found, "findings": findings});
                print(&format!("{shown}\n"))?;
            } else {
                let lines: String = checked.findings.iter().map(|finding| format!("{}\n", finding.detail)).collect();
                print(&lines)?;
                if checked.found == 0 {
                    let against = if text.is_some() { ", and the checkpoints fit" } else { "" };
                    print(&format!("{size} entries, each as it was written{against}\nroot {}\n", hex(root)))?;
                }
            }
            if checked.found == 0 {
                return Ok(());
            }
            Err(anyhow!("the audit is damaged: {} findings", checked.found).into())
        }),
        Audit::Head { json, store } => store.with(async |installation| {
            let head = installation.app.head_of_audit().await?;
            let shown = json!({"size": head.checkpoint.size, "root": hex(&head.checkpoint.root), "checkpoint": head.text});
            Ok(print(&if json { format!("{shown}\n") } else { head.text })?)
        }),
    }
}
