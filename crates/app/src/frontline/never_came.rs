//! Corrections that were promised while the database was away, and whose event never came.

use fairtrial_store::{audit, forget_waiting, waiting_since};
use serde_json::json;

use crate::{
    error::AppError,
    state::{App, instant},
};

/// Days for which a promised correction waits for its event.
pub const WAITING_DAYS: i64 = 90;

/// Most that are removed at once; the rest goes the next time.
const MOST_AT_ONCE: i64 = 1_000;

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

impl App {
    /// Removes promised corrections that have waited for their event for [`WAITING_DAYS`]; returns how many. What they were to
    /// correct has never been kept, so no number changes. Each agency's number is an entry in the audit.
    ///
    /// # Errors
    /// When the database fails; then nothing is removed.
    pub async fn remove_what_never_came(&self) -> Result<usize, AppError> {
        let now = self.ambient.now_micros();
        let before = now.saturating_sub(WAITING_DAYS.saturating_mul(MICROS_OF_A_DAY));
        if self.store.read(waiting_since).await?.is_none_or(|since| since >= before) {
            return Ok(0);
        }
        let directory = self.directory.load_full();
        let removed = self
            .store
            .write(move |c| {
                let removed = forget_waiting(c, before, MOST_AT_ONCE)?;
                for (agency_id, number) in &removed {
                    let subject =
                        directory.agency(*agency_id).map_or_else(|_| String::new(), |agency| agency.key.clone());
                    let detail = json!({"removed": number, "received_before": instant(before)});
                    let entry = audit::NewEntry {
                        at: now,
                        agency_id: Some(*agency_id),
                        person_id: None,
                        key_id: None,
                        action: "correction.removed".into(),
                        subject,
                        detail: detail.to_string(),
                    };
                    audit::append(c, &entry)?;
                }
                Ok(removed.values().sum::<usize>())
            })
            .await?;
        if removed > 0 {
            tracing::warn!(
                removed,
                days = WAITING_DAYS,
                "promised corrections were removed, as their events never came"
            );
        }
        Ok(removed)
    }
}
