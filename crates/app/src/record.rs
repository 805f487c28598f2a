//! The audit as a whole: its head, and whether it still is what was written.

use fairtrial_domain::checkpoint::Checkpoint;
use fairtrial_store::audit::{self, Checked};
use serde_json::Value;

use crate::{
    error::AppError,
    state::{App, actor::Actor, directory::Trial},
    trials::view::may_read,
};

/// How far the audit has come, and the text that says so to somebody outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub checkpoint: Checkpoint,
    /// The checkpoint as text with its proof, to be kept elsewhere.
    pub text: String,
}

impl App {
    /// The head of the audit, for people of an agency and programs that may read trials: it tells nothing of any entry.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a key without the scope.
    pub async fn audit_head(&self, actor: &Actor) -> Result<Head, AppError> {
        may_read(actor)?;
        self.head_of_audit().await
    }

    /// The same on behalf of whoever runs the server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn head_of_audit(&self) -> Result<Head, AppError> {
        let (size, root) = self.store.read(audit::head).await?;
        let root = root.try_into().map_err(|_| AppError::Internal("the last entry of the audit has no hash".into()))?;
        let checkpoint = Checkpoint { size, root };
        Ok(Head { text: self.master_key.checkpoints().write(&checkpoint), checkpoint })
    }

    /// An entry of what the system did with a trial by itself.
    pub(crate) fn entry_by_itself(&self, trial: &Trial, action: &str, detail: &Value) -> audit::NewEntry {
        audit::NewEntry {
            at: self.ambient.now_micros(),
            agency_id: Some(trial.agency_id),
            person_id: None,
            key_id: None,
            action: action.to_owned(),
            subject: trial.key().to_owned(),
            detail: detail.to_string(),
        }
    }

    /// Checks every entry of the audit, and against checkpoints where there are some.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a text that is no list of checkpoints of this installation, and when one is forged.
    pub async fn check_audit(&self, checkpoints: Option<&str>) -> Result<Checked, AppError> {
        let read = |text| self.master_key.checkpoints().read(text);
        let checkpoints = checkpoints.map(read).transpose();
        let checkpoints = checkpoints.map_err(|error| AppError::invalid("", "bad_checkpoint", error.to_string()))?;
        Ok(self.store.read(move |c| audit::check(c, &checkpoints.unwrap_or_default())).await?)
    }
}
