//! Who is in which trial, in memory, so that a known person is answered without the database.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use fairtrial_domain::{Pseudonym, identity::BUCKETS};

/// A person's place in a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownPlace {
    pub(crate) arm: u8,
    /// The arm that is served since somebody gave the person another version for their good.
    pub(crate) given: Option<u8>,
    /// In microseconds.
    pub(crate) assigned_at: i64,
}

type Shard = RwLock<HashMap<(i64, Pseudonym), KnownPlace>>;

/// All known places, in one map for each bucket so that a writer rarely meets a reader.
#[derive(Debug)]
pub(crate) struct Known(Vec<Shard>);

impl Default for Known {
    fn default() -> Self {
        Self((0..BUCKETS).map(|_| Shard::default()).collect())
    }
}

impl Known {
    fn shard(&self, unit: &Pseudonym) -> Option<&Shard> {
        self.0.get(usize::from(unit.bucket()))
    }

    pub(crate) fn get(&self, trial_id: i64, unit: &Pseudonym) -> Option<KnownPlace> {
        let shard = self.shard(unit)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(&(trial_id, *unit)).copied()
    }

    pub(crate) fn insert(&self, trial_id: i64, unit: Pseudonym, arm: usize, assigned_at: i64) {
        let Ok(arm) = u8::try_from(arm) else { return };
        if let Some(shard) = self.shard(&unit) {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.entry((trial_id, unit)).or_insert(KnownPlace { arm, given: None, assigned_at });
        }
    }

    /// Notes that another version than the assigned one is served.
    pub(crate) fn give(&self, trial_id: i64, unit: &Pseudonym, arm: u8) {
        let Some(shard) = self.shard(unit) else { return };
        if let Some(place) = shard.write().unwrap_or_else(PoisonError::into_inner).get_mut(&(trial_id, *unit)) {
            place.given = Some(arm);
        }
    }

    /// Who is served another version than the assigned one: trial, unit, arm.
    pub(crate) fn given(&self) -> Vec<(i64, [u8; 16], u8)> {
        let of = |shard: &Shard| -> Vec<_> {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let given = shard.iter().filter_map(|((trial, unit), place)| Some((*trial, *unit.bytes(), place.given?)));
            given.collect()
        };
        self.0.iter().flat_map(of).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }
}
