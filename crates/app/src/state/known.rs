//! Who is in which trial, in memory, so that a known person is answered without the database.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use fairtrial_domain::{Pseudonym, identity::BUCKETS};

use super::{by_pseudonym::ByPseudonym, read, write};

/// A person's place in a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownPlace {
    pub(crate) arm: u8,
    /// The arm that is served since somebody gave the person another version for their good.
    pub(crate) given: Option<u8>,
    /// In microseconds.
    pub(crate) assigned_at: i64,
}

/// The places of one unit, in the order of the trials' numbers. Nearly everybody is in one trial.
#[derive(Debug, Clone)]
pub(crate) enum Places {
    One(i64, KnownPlace),
    Many(Vec<(i64, KnownPlace)>),
}

impl Places {
    fn all(&self) -> impl Iterator<Item = (i64, KnownPlace)> + '_ {
        let (one, many): (_, &[_]) = match self {
            Self::One(trial_id, place) => (Some((*trial_id, *place)), &[]),
            Self::Many(places) => (None, places),
        };
        one.into_iter().chain(many.iter().copied())
    }

    pub(crate) fn get(&self, trial_id: i64) -> Option<KnownPlace> {
        match self {
            Self::One(id, place) => (*id == trial_id).then_some(*place),
            Self::Many(places) => places.get(at(places, trial_id).ok()?).map(|(_, place)| *place),
        }
    }

    fn get_mut(&mut self, trial_id: i64) -> Option<&mut KnownPlace> {
        match self {
            Self::One(id, place) => (*id == trial_id).then_some(place),
            Self::Many(places) => {
                let at = at(places, trial_id).ok()?;
                places.get_mut(at).map(|(_, place)| place)
            }
        }
    }

    /// Takes a trial's place out: whether there was one, and whether any is left.
    fn take_out(&mut self, trial_id: i64) -> (bool, bool) {
        match self {
            Self::One(id, _) => (*id == trial_id, *id != trial_id),
            Self::Many(places) => {
                let there = at(places, trial_id);
                if let Ok(at) = there {
                    places.remove(at);
                }
                (there.is_ok(), !places.is_empty())
            }
        }
    }

    /// Adds a trial's place: whether there was none. The first one stays.
    fn add(&mut self, trial_id: i64, place: KnownPlace) -> bool {
        match self {
            Self::One(id, _) if *id == trial_id => false,
            Self::One(id, first) => {
                let mut both = vec![(*id, *first), (trial_id, place)];
                both.sort_unstable_by_key(|(id, _)| *id);
                *self = Self::Many(both);
                true
            }
            Self::Many(places) => match at(places, trial_id) {
                Ok(_) => false,
                Err(at) => {
                    places.insert(at, (trial_id, place));
                    true
                }
            },
        }
    }
}

/// Where a trial's place stands, or would.
fn at(places: &[(i64, KnownPlace)], trial_id: i64) -> Result<usize, usize> {
    places.binary_search_by_key(&trial_id, |(id, _)| *id)
}

/// The places of one bucket. Its lock has a line of the processor's cache for itself, and the one that is fetched beside it: threads that
/// read in neighbouring buckets would wait for each other.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(RwLock<HashMap<Pseudonym, Places, ByPseudonym>>);

/// All known places, in one map for each bucket so that a writer rarely meets a reader.
#[derive(Debug)]
pub(crate) struct Known {
    shards: Vec<Shard>,
    places: AtomicUsize,
}

impl Default for Known {
    fn default() -> Self {
        Self { shards: (0..BUCKETS).map(|_| Shard::default()).collect(), places: AtomicUsize::default() }
    }
}

impl Known {
    fn shard(&self, unit: &Pseudonym) -> Option<&Shard> {
        self.shards.get(usize::from(unit.bucket()))
    }

    pub(crate) fn get(&self, trial_id: i64, unit: &Pseudonym) -> Option<KnownPlace> {
        read(&self.shard(unit)?.0).get(unit)?.get(trial_id)
    }

    /// All places of a unit.
    pub(crate) fn places_of(&self, unit: &Pseudonym) -> Places {
        self.shard(unit).and_then(|shard| read(&shard.0).get(unit).cloned()).unwrap_or(Places::Many(Vec::new()))
    }

    /// The trials that a unit is in.
    pub(crate) fn trials_of(&self, unit: &Pseudonym) -> Vec<i64> {
        self.places_of(unit).all().map(|(trial_id, _)| trial_id).collect()
    }

    pub(crate) fn insert(&self, trial_id: i64, unit: Pseudonym, arm: usize, assigned_at: i64) {
        let Ok(arm) = u8::try_from(arm) else { return };
        let Some(shard) = self.shard(&unit) else { return };
        let place = KnownPlace { arm, given: None, assigned_at };
        let new = match write(&shard.0).entry(unit) {
            Entry::Vacant(entry) => {
                entry.insert(Places::One(trial_id, place));
                true
            }
            Entry::Occupied(mut entry) => entry.get_mut().add(trial_id, place),
        };
        self.places.fetch_add(usize::from(new), Ordering::Relaxed);
    }

    /// Notes that another version than the assigned one is served.
    pub(crate) fn give(&self, trial_id: i64, unit: &Pseudonym, arm: u8) {
        let Some(shard) = self.shard(unit) else { return };
        if let Some(place) = write(&shard.0).get_mut(unit).and_then(|places| places.get_mut(trial_id)) {
            place.given = Some(arm);
        }
    }

    /// Who is served another version than the assigned one: trial, unit, arm.
    pub(crate) fn given(&self) -> Vec<(i64, [u8; 16], u8)> {
        let of = |shard: &Shard| -> Vec<_> {
            let shard = read(&shard.0);
            let places = shard.iter().flat_map(|(unit, places)| places.all().map(move |place| (unit, place)));
            places.filter_map(|(unit, (trial, place))| Some((trial, *unit.bytes(), place.given?))).collect()
        };
        self.shards.iter().flat_map(of).collect()
    }

    /// Forgets who is in a trial.
    pub(crate) fn forget(&self, trial_id: i64) {
        for shard in &self.shards {
            let mut forgotten = 0;
            write(&shard.0).retain(|_, places| {
                let (was_in, is_left) = places.take_out(trial_id);
                forgotten += usize::from(was_in);
                is_left
            });
            self.places.fetch_sub(forgotten, Ordering::Relaxed);
        }
    }

    /// Places in trials.
    pub(crate) fn len(&self) -> usize {
        self.places.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_has_one_place_in_each_of_its_trials() {
        let known = Known::default();
        let unit = |number: u8| Pseudonym::from_bytes(&[number; 16]).unwrap();
        for (trial, arm) in [(7, 0), (7, 1), (8, 1), (9, 0), (8, 0)] {
            known.insert(trial, unit(1), arm, trial);
        }
        known.insert(7, unit(2), 1, 1);
        let arm = |trial, number| known.get(trial, &unit(number)).map(|place| place.arm);
        assert_eq!([arm(7, 1), arm(8, 1), arm(9, 1), arm(7, 2), arm(8, 2)], [Some(0), Some(1), Some(0), Some(1), None]);
        assert_eq!((known.len(), known.trials_of(&unit(1)), known.trials_of(&unit(3))), (4, vec![7, 8, 9], vec![]));
        known.give(9, &unit(1), 1);
        known.give(9, &unit(2), 1);
        assert_eq!(known.given(), [(9, [1; 16], 1)]);
        known.forget(7);
        known.forget(7);
        assert_eq!((known.len(), known.trials_of(&unit(1)), known.trials_of(&unit(2))), (2, vec![8, 9], vec![]));
        known.forget(8);
        known.forget(9);
        assert_eq!((known.len(), known.trials_of(&unit(1))), (0, vec![]));
        known.insert(8, unit(1), 0, 5);
        assert_eq!((known.len(), arm(8, 1)), (1, Some(0)));
    }
}
