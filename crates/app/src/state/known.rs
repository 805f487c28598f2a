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

/// The places of one unit, in the order of the trials' numbers. Nearly everybody is in one trial, of which all is kept in two words:
/// a server knows millions of people, and its maps have room for more than they hold.
#[derive(Debug, Clone)]
pub(crate) enum Places {
    One { trial: u32, arm: u8, given: Option<u8>, assigned_at: i64 },
    Many(Several),
}

const _: () = assert!(size_of::<Places>() == 16, "one place and a word of what it is");

/// A list behind one word instead of the three of a list: whoever is in one trial pays for what stands here, too.
type Several = Box<Vec<(i64, KnownPlace)>>;

impl Default for Places {
    fn default() -> Self {
        Self::Many(Several::default())
    }
}

impl Places {
    fn one(trial_id: i64, place: KnownPlace) -> Self {
        let KnownPlace { arm, given, assigned_at } = place;
        match u32::try_from(trial_id) {
            Ok(trial) => Self::One { trial, arm, given, assigned_at },
            Err(_) => Self::Many(Box::new(vec![(trial_id, place)])),
        }
    }

    /// The only place, and of several none.
    fn only(&self) -> Option<(i64, KnownPlace)> {
        match *self {
            Self::One { trial, arm, given, assigned_at } => {
                Some((trial.into(), KnownPlace { arm, given, assigned_at }))
            }
            Self::Many(_) => None,
        }
    }

    fn all(&self) -> impl Iterator<Item = (i64, KnownPlace)> + '_ {
        let several: &[_] = match self {
            Self::One { .. } => &[],
            Self::Many(places) => places,
        };
        self.only().into_iter().chain(several.iter().copied())
    }

    pub(crate) fn get(&self, trial_id: i64) -> Option<KnownPlace> {
        match self {
            Self::One { .. } => self.only().filter(|(id, _)| *id == trial_id).map(|(_, place)| place),
            Self::Many(places) => places.get(at(places, trial_id).ok()?).map(|(_, place)| *place),
        }
    }

    /// Notes which version is served instead.
    fn give(&mut self, trial_id: i64, other: u8) {
        match self {
            Self::One { trial, given, .. } if i64::from(*trial) == trial_id => *given = Some(other),
            Self::One { .. } => {}
            Self::Many(places) => {
                let there = at(places, trial_id).ok().and_then(|at| places.get_mut(at));
                if let Some((_, place)) = there {
                    place.given = Some(other);
                }
            }
        }
    }

    /// Takes a trial's place out: whether there was one, and whether any is left.
    fn take_out(&mut self, trial_id: i64) -> (bool, bool) {
        match self {
            Self::One { trial, .. } => {
                let is_it = i64::from(*trial) == trial_id;
                (is_it, !is_it)
            }
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
        if let Self::Many(places) = self {
            let there = at(places, trial_id);
            if let Err(at) = there {
                places.insert(at, (trial_id, place));
            }
            return there.is_err();
        }
        let Some(first) = self.only().filter(|(id, _)| *id != trial_id) else { return false };
        let mut both = vec![first, (trial_id, place)];
        both.sort_unstable_by_key(|(id, _)| *id);
        *self = Self::Many(Box::new(both));
        true
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
        self.shard(unit).and_then(|shard| read(&shard.0).get(unit).cloned()).unwrap_or_default()
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
                entry.insert(Places::one(trial_id, place));
                true
            }
            Entry::Occupied(mut entry) => entry.get_mut().add(trial_id, place),
        };
        self.places.fetch_add(usize::from(new), Ordering::Relaxed);
    }

    /// Notes that another version than the assigned one is served.
    pub(crate) fn give(&self, trial_id: i64, unit: &Pseudonym, arm: u8) {
        let Some(shard) = self.shard(unit) else { return };
        if let Some(places) = write(&shard.0).get_mut(unit) {
            places.give(trial_id, arm);
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
    #[test]
    fn numbers_of_trials_may_be_larger_than_what_is_kept_for_one() {
        let (known, unit) = (Known::default(), Pseudonym::from_bytes(&[3; 16]).unwrap());
        let large = i64::from(u32::MAX) + 1;
        for trial in [large, i64::MAX, 0, large] {
            known.insert(trial, unit, 1, 9);
        }
        known.give(large, &unit, 0);
        assert_eq!((known.len(), known.trials_of(&unit)), (3, vec![0, large, i64::MAX]));
        assert_eq!(known.given(), [(large, [3; 16], 0)]);
        known.forget(large);
        known.forget(i64::MAX);
        let place = KnownPlace { arm: 1, given: None, assigned_at: 9 };
        assert_eq!((known.get(0, &unit), known.get(large, &unit)), (Some(place), None));
        known.forget(0);
        assert_eq!((known.len(), known.trials_of(&unit)), (0, vec![]));
    }
}
