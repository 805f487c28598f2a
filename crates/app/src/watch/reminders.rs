//! What only the time of day brings about: enrolment that goes on after its last day, and results that are not public in time. Noted
//! once, so that people are told.

use std::{collections::BTreeSet, sync::Mutex, sync::PoisonError};

use fairtrial_domain::trial::{AlertMatter, OVERDUE_NOTED, PAST_END_NOTED};
use fairtrial_store::{
    StoreError, audit,
    reminders::{self, ReminderRow},
};
use serde_json::json;

use crate::{error::AppError, state::App};

/// What this server knows to be noted. It saves work and decides nothing.
pub(crate) type Reminded = Mutex<BTreeSet<ReminderRow>>;

impl App {
    /// Notes what has become due or overdue by the time of day, each once on however many servers. Returns how many notes this one
    /// made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remind(&self) -> Result<usize, AppError> {
        let directory = self.directory.load_full();
        let mut noted = 0;
        for trial in directory.by_id.values() {
            let past_end =
                self.past_end(trial).map(|event| (AlertMatter::EnrolmentPastEnd, PAST_END_NOTED, event.since));
            let overdue = self.overdue_since(trial).map(|since| (AlertMatter::ResultsOverdue, OVERDUE_NOTED, since));
            for (matter, action, since) in past_end.into_iter().chain(overdue) {
                let since = since.timestamp_micros();
                let row = ReminderRow { trial_id: trial.id, matter: matter.as_str().to_owned(), since };
                if self.reminded.lock().unwrap_or_else(PoisonError::into_inner).contains(&row) {
                    continue;
                }
                let entry = self.entry_by_itself(trial, action, &json!({"since": since}));
                let kept = row.clone();
                let wrote = self.store.write(move |c| {
                    reminders::add(c, &kept)?;
                    audit::append(c, &entry)
                });
                match wrote.await {
                    Ok(()) => noted += 1,
                    // Another server was first, or this one before it was started anew.
                    Err(StoreError::Exists) => {}
                    Err(error) => return Err(error.into()),
                }
                self.reminded.lock().unwrap_or_else(PoisonError::into_inner).insert(row);
            }
        }
        Ok(noted)
    }
}
