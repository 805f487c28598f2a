//! `fairtrial verify-allocation`: draws the list of a bundle again, without a server.

use std::{fs, path::PathBuf};

use fairtrial_domain::allocation::bundle::{Bundle, BundleError, Verified};
use serde_json::json;

use super::{Failure, print};

/// What is verified.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The bundle, as the trial's agency publishes it once the data are locked
    bundle: PathBuf,
    /// SHA-256 of the secret, as it was published when the trial started
    #[arg(long, value_name = "SHA256")]
    commitment: Option<String>,
    /// Say it in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let document = fs::read(&arguments.bundle)
        .map_err(|error| anyhow::anyhow!("{} cannot be read: {error}", arguments.bundle.display()))?;
    let verified = Bundle::from_json(&document).and_then(|bundle| bundle.verify(arguments.commitment.as_deref()));
    match verified {
        Ok(verified) if arguments.json => {
            let by_arm: serde_json::Map<String, serde_json::Value> =
                verified.by_arm.iter().map(|(arm, people)| (arm.to_string(), json!(people))).collect();
            let said = json!({"verified": true, "trial": verified.trial, "protocol_id": verified.protocol_id,
                "secret_commitment": verified.secret_commitment, "list_digest": verified.list_digest,
                "people": verified.people, "by_arm": by_arm});
            Ok(print(&format!("{said}\n"))?)
        }
        Ok(verified) => Ok(print(&words(&verified, arguments.commitment.is_some()))?),
        Err(error) => {
            if arguments.json {
                print(&format!("{}\n", json!({"verified": false, "row": row(&error), "error": error.to_string()})))?;
            }
            Err(Failure::Failed(anyhow::anyhow!("the allocation is not proved: {error}")))
        }
    }
}

fn row(error: &BundleError) -> Option<u64> {
    match error {
        BundleError::Row { row, .. } | BundleError::Differs { row, .. } => Some(*row),
        _ => None,
    }
}

fn words(verified: &Verified, published: bool) -> String {
    let arms: Vec<String> = verified.by_arm.iter().map(|(arm, people)| format!("{arm} {people}")).collect();
    let commitment = if published {
        "The secret is the one that was committed to at the start.".to_owned()
    } else {
        format!(
            "Compare the commitment with the one published at the start, or give it with --commitment:\n  {}",
            verified.secret_commitment
        )
    };
    format!(
        "{}: all {} assignments are those that the secret draws ({}).\n{commitment}\nplan {}\nlist {}\n",
        verified.trial,
        verified.people,
        arms.join(", "),
        verified.protocol_id,
        verified.list_digest
    )
}
