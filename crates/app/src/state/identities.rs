//! Who is known by several names, in memory.

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use fairtrial_domain::{Pseudonym, identity::LinkedUnits, note::NoteKind};
use fairtrial_store::notes;

use super::{App, known::KnownPlace, projections::other_of};
use crate::error::AppError;

/// All links between units that are the same person. A pseudonym belongs to one agency, so the agency is not named.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    any: AtomicBool,
    linked: RwLock<LinkedUnits>,
    /// As whom a unit goes on to be served in a trial, since a link was taken back.
    kept: RwLock<HashMap<(i64, Pseudonym), Pseudonym>>,
}

/// A link as it is written down: both units, the place in the log of events, and the place at which it was taken back.
pub(super) type KeptLink = ([u8; 16], [u8; 16], i64, Option<i64>);

impl Identities {
    pub(crate) fn link(&self, one: Pseudonym, other: Pseudonym, place: i64) {
        self.linked.write().unwrap_or_else(PoisonError::into_inner).link(one, other, place);
        self.any.store(true, Ordering::Release);
    }

    pub(crate) fn part(&self, one: Pseudonym, other: Pseudonym, place: i64) {
        self.linked.write().unwrap_or_else(PoisonError::into_inner).part(one, other, place);
    }

    pub(crate) fn keep(&self, trial_id: i64, unit: Pseudonym, place: Pseudonym) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).entry((trial_id, unit)).or_insert(place);
    }

    fn kept_place(&self, trial_id: i64, unit: &Pseudonym) -> Option<Pseudonym> {
        let any = self.any.load(Ordering::Acquire);
        any.then(|| self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&(trial_id, *unit)).copied())?
    }

    /// The other names of a person; with `at`, by links that hold for an event at this place.
    pub(crate) fn others(&self, unit: &Pseudonym, at: Option<i64>) -> Vec<Pseudonym> {
        self.with(|linked| linked.others(unit, at)).unwrap_or_default()
    }

    /// What the links say; none when there are none.
    pub(crate) fn with<T>(&self, tell: impl FnOnce(&LinkedUnits) -> T) -> Option<T> {
        let any = self.any.load(Ordering::Acquire);
        any.then(|| tell(&self.linked.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// What the notes say, in the place of what was known.
    pub(super) fn replace(&self, rows: &[notes::NoteRow]) -> Result<(), AppError> {
        let (mut linked, mut kept) = (LinkedUnits::default(), HashMap::new());
        for row in rows {
            let damaged = || AppError::Internal(format!("note {} cannot be read", row.sequence));
            let unit = Pseudonym::from_bytes(&row.unit).ok_or_else(damaged)?;
            let (other, place) = other_of(row).ok_or_else(damaged)?;
            match NoteKind::from_word(&row.kind).ok_or_else(damaged)? {
                NoteKind::SamePerson => linked.link(unit, other, place),
                NoteKind::Apart => linked.part(unit, other, place),
                NoteKind::KeptPlace => drop(kept.entry((row.trial_id, unit)).or_insert(other)),
                _ => {}
            }
        }
        *self.linked.write().unwrap_or_else(PoisonError::into_inner) = linked;
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(())
    }

    /// Takes in what was written down.
    pub(super) fn restore(&self, links: &[KeptLink], kept: &[(i64, [u8; 16], [u8; 16])]) {
        let pair =
            |one: &[u8; 16], other: &[u8; 16]| Some((Pseudonym::from_bytes(one)?, Pseudonym::from_bytes(other)?));
        // In their order: the same two may have been linked again.
        let mut links: Vec<&KeptLink> = links.iter().collect();
        links.sort_unstable_by_key(|link| link.2);
        for (one, other, place, until) in links {
            let Some((one, other)) = pair(one, other) else { continue };
            self.link(one, other, *place);
            if let Some(until) = until {
                self.part(one, other, *until);
            }
        }
        for (trial_id, unit, place) in kept {
            if let Some((unit, place)) = pair(unit, place) {
                self.keep(*trial_id, unit, place);
            }
        }
    }

    /// Every link.
    pub(super) fn all(&self) -> Vec<KeptLink> {
        let bytes = |(one, other, place, until): (Pseudonym, Pseudonym, i64, Option<i64>)| {
            (*one.bytes(), *other.bytes(), place, until)
        };
        self.with(|linked| linked.all().map(bytes).collect()).unwrap_or_default()
    }

    /// Every place that was kept: trial, unit, as whom.
    pub(super) fn all_kept(&self) -> Vec<(i64, [u8; 16], [u8; 16])> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|((trial, unit), place)| (*trial, *unit.bytes(), *place.bytes())).collect()
    }
}

impl App {
    /// A person's place in a trial as far as memory knows, with the unit as which they were assigned: the one that is asked for, the
    /// one that was kept for it after a link was taken back, or else the earliest of their other names.
    pub(crate) fn place(&self, trial_id: i64, unit: &Pseudonym) -> Option<(Pseudonym, KnownPlace)> {
        if let Some(own) = self.known.get(trial_id, unit) {
            return Some((*unit, own));
        }
        let kept = |unit: &Pseudonym| {
            let place = self.identities.kept_place(trial_id, unit)?;
            Some((place, self.known.get(trial_id, &place)?))
        };
        if let Some(kept) = kept(unit) {
            return Some(kept);
        }
        let others = self.identities.others(unit, None);
        let earliest = |places: &mut dyn Iterator<Item = (Pseudonym, KnownPlace)>| {
            places.min_by_key(|(other, place)| (place.assigned_at, *other))
        };
        earliest(&mut others.iter().filter_map(|other| Some((*other, self.known.get(trial_id, other)?))))
            .or_else(|| earliest(&mut others.iter().filter_map(kept)))
    }

    /// Whether a person does not want to be in a trial, under whichever of their names they said so.
    pub(crate) fn opted_out(&self, trial_id: i64, unit: &Pseudonym) -> bool {
        let others = || self.identities.others(unit, None);
        self.wishes.cover(trial_id, unit) || others().iter().any(|other| self.wishes.cover(trial_id, other))
    }
}
