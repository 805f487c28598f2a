//! Who is known by several names, in memory.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use fairtrial_domain::{Pseudonym, identity::LinkedUnits};

use super::{App, known::KnownPlace};

/// All links between units that are the same person. A pseudonym belongs to one agency, so the agency is not named.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    any: AtomicBool,
    linked: RwLock<LinkedUnits>,
}

impl Identities {
    pub(crate) fn link(&self, one: Pseudonym, other: Pseudonym, place: i64) {
        self.linked.write().unwrap_or_else(PoisonError::into_inner).link(one, other, place);
        self.any.store(true, Ordering::Release);
    }

    /// The other names of a person; with `before`, by links made before an event at this place.
    pub(crate) fn others(&self, unit: &Pseudonym, before: Option<i64>) -> Vec<Pseudonym> {
        self.with(|linked| linked.others(unit, before)).unwrap_or_default()
    }

    /// What the links say; none when there are none.
    pub(crate) fn with<T>(&self, tell: impl FnOnce(&LinkedUnits) -> T) -> Option<T> {
        let any = self.any.load(Ordering::Acquire);
        any.then(|| tell(&self.linked.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Every link: both units and the place in the log of events.
    pub(crate) fn all(&self) -> Vec<([u8; 16], [u8; 16], i64)> {
        let bytes = |(one, other, place): (Pseudonym, Pseudonym, i64)| (*one.bytes(), *other.bytes(), place);
        self.with(|linked| linked.all().map(bytes).collect()).unwrap_or_default()
    }
}

impl App {
    /// A person's place in a trial as far as memory knows, with the unit as which they were assigned: the one that is asked for, or
    /// else the earliest of their other names.
    pub(crate) fn place(&self, trial_id: i64, unit: &Pseudonym) -> Option<(Pseudonym, KnownPlace)> {
        if let Some(own) = self.known.get(trial_id, unit) {
            return Some((*unit, own));
        }
        let others = self.identities.others(unit, None);
        let places = others.into_iter().filter_map(|other| Some((other, self.known.get(trial_id, &other)?)));
        places.min_by_key(|(other, place)| (place.assigned_at, *other))
    }

    /// Whether a person does not want to be in a trial, under whichever of their names they said so.
    pub(crate) fn opted_out(&self, trial_id: i64, unit: &Pseudonym) -> bool {
        let others = || self.identities.others(unit, None);
        self.wishes.cover(trial_id, unit) || others().iter().any(|other| self.wishes.cover(trial_id, other))
    }
}
