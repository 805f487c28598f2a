//! Who does not want to be in trials, in memory, so that a known person is answered without the database.

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use fairtrial_domain::{
    Pseudonym,
    identity::BUCKETS,
    note::{OptOutKind, OptOuts},
};

/// All opt-outs in force, in one map for each bucket. A pseudonym belongs to one agency, so the agency is not named.
#[derive(Debug)]
pub(crate) struct Wishes {
    any: AtomicBool,
    shards: Vec<RwLock<HashMap<Pseudonym, OptOuts>>>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { any: AtomicBool::new(false), shards: (0..BUCKETS).map(|_| RwLock::default()).collect() }
    }
}

impl Wishes {
    /// Whether an opt-out covers a trial.
    pub(crate) fn cover(&self, trial_id: i64, unit: &Pseudonym) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let Some(shard) = self.shards.get(usize::from(unit.bucket())) else { return false };
        shard.read().unwrap_or_else(PoisonError::into_inner).get(unit).is_some_and(|outs| outs.cover(trial_id))
    }

    /// Every opt-out in force: unit, kind, trial.
    pub(crate) fn all(&self) -> Vec<([u8; 16], OptOutKind, i64)> {
        let of = |shard: &RwLock<HashMap<Pseudonym, OptOuts>>| -> Vec<_> {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let outs =
                shard.iter().flat_map(|(unit, outs)| outs.iter().map(|(kind, trial)| (*unit.bytes(), kind, trial)));
            outs.collect()
        };
        self.shards.iter().flat_map(of).collect()
    }

    /// Forgets who opted out of one trial alone.
    pub(crate) fn forget(&self, trial_id: i64) {
        for shard in &self.shards {
            shard.write().unwrap_or_else(PoisonError::into_inner).retain(|_, outs| {
                outs.take_back(OptOutKind::Trial, trial_id);
                outs.take_back(OptOutKind::Data, trial_id);
                !outs.is_empty()
            });
        }
    }

    pub(crate) fn set(&self, unit: Pseudonym, kind: OptOutKind, trial_id: i64, in_force: bool) {
        let Some(shard) = self.shards.get(usize::from(unit.bucket())) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let outs = shard.entry(unit).or_default();
        if in_force {
            outs.add(kind, trial_id);
        } else {
            outs.take_back(kind, trial_id);
        }
        if outs.is_empty() {
            shard.remove(&unit);
        }
        self.any.fetch_or(in_force, Ordering::Release);
    }
}
