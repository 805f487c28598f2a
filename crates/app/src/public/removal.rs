//! How long questions and complaints are kept. What waits for an answer is never removed.

use fairtrial_store::{audit, messages};
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, instant},
};

/// Fewest days for which a message stays after its answer: whoever asked must be able to read it. The database holds to it too.
pub const FEWEST_DAYS: u32 = 90;

/// Days for which a message stays after its answer where nothing else is set.
pub const USUAL_DAYS: u32 = 365;

/// Most messages removed at once; the rest goes the next time.
const MOST_AT_ONCE: i64 = 200;

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

impl App {
    /// Sets for how many days messages stay after their answer, once, when the installation is opened; that of the first call
    /// stays, and less than [`FEWEST_DAYS`] counts as those.
    pub fn set_message_days(&self, days: u32) {
        if self.message_days.set(days.max(FEWEST_DAYS)).is_err() {
            tracing::warn!("for how long messages are kept was set before and stays as it is");
        }
    }

    /// For how many days messages stay after their answer.
    #[must_use]
    pub fn message_days(&self) -> u32 {
        self.message_days.get().copied().unwrap_or(USUAL_DAYS)
    }

    /// Removes messages that were answered long ago, with their answers; returns how many. What stays of each is its number and
    /// when it went, and an entry in the audit for each trial.
    ///
    /// # Errors
    /// When the database fails; then nothing is removed.
    pub async fn remove_old_messages(&self) -> Result<usize, AppError> {
        let now = self.ambient.now_micros();
        let before = now.saturating_sub(i64::from(self.message_days()).saturating_mul(MICROS_OF_A_DAY));
        let old = self.store.read(move |c| messages::answered_before(c, before, MOST_AT_ONCE)).await?;
        if old.is_empty() {
            return Ok(0);
        }
        let directory = self.directory.load_full();
        let mut entries = Vec::new();
        for trial in directory.by_id.values() {
            let removed = old.iter().filter(|(id, _)| *id == trial.id).count();
            if removed > 0 {
                let detail = json!({"removed": removed, "answered_before": instant(before)});
                entries.push(self.entry_by_itself(trial, "message.removed", &detail));
            }
        }
        let count = old.len();
        let removed = self.store.write(move |c| {
            messages::remove(c, &old, now)?;
            entries.iter().try_for_each(|entry| audit::append(c, entry).map(|_| ()))
        });
        match removed.await {
            Ok(()) => Ok(count),
            // Another server was first.
            Err(fairtrial_store::StoreError::Exists) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}
