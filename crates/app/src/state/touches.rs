//! Requests that did not lead to an assignment, counted in memory and written now and then.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use fairtrial_domain::trial::AssignmentOutcome;
use fairtrial_store::{Store, StoreError, touches};

/// A request that was no touch of the service: somebody looked whether a person would be assigned. In no flow.
pub(crate) const LOOKED_AHEAD: &str = "looked_ahead";

/// Counts since the last time they were written.
#[derive(Debug, Default)]
pub(crate) struct Touches(Mutex<HashMap<(i64, &'static str), i64>>);

impl Touches {
    pub(crate) fn count(&self, trial_id: i64, outcome: AssignmentOutcome) {
        *self.counts().entry((trial_id, outcome.as_str())).or_default() += 1;
    }

    /// Counts a look at whether a person would be assigned.
    pub(crate) fn look_ahead(&self, trial_id: i64) {
        *self.counts().entry((trial_id, LOOKED_AHEAD)).or_default() += 1;
    }

    /// What is not written yet of one trial.
    pub(crate) fn pending(&self, trial_id: i64) -> Vec<(&'static str, i64)> {
        self.counts()
            .iter()
            .filter(|((trial, _), _)| *trial == trial_id)
            .map(|((_, outcome), n)| (*outcome, *n))
            .collect()
    }

    pub(crate) async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let counts: Vec<(i64, &'static str, i64)> =
            self.counts().drain().map(|((trial, outcome), n)| (trial, outcome, n)).collect();
        if counts.is_empty() {
            return Ok(());
        }
        let written = counts.clone();
        let result = store.write(move |c| touches::add(c, &written)).await;
        if result.is_err() {
            for (trial, outcome, n) in counts {
                *self.counts().entry((trial, outcome)).or_default() += n;
            }
        }
        result
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<(i64, &'static str), i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
