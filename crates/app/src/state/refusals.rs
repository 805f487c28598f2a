//! People of whom an event was refused at the door: gathered in memory, and noted in the log now and then.
//!
//! A source that sends what cannot be kept more often of one version's people than of the other's loses outcomes of one version. So
//! it is counted by arm how many people this happened to. A person is noted once in each trial, whatever was wrong and however
//! often it is sent; nothing of what was sent is kept. The note is in the log, so that every server folds the same number.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use fairtrial_domain::{Pseudonym, canonical::hex, note::NoteKind};
use fairtrial_store::{
    DbConnection, StoreError,
    notes::{self, NewNote},
    trials,
};

use super::{App, directory::Trial};
use crate::error::AppError;

/// Most people who wait to be noted. Whoever is refused beyond that is noted at the next refusal.
const MOST_WAITING: usize = 50_000;
/// Most people noted in one transaction.
const AT_ONCE: usize = 500;

/// What was refused first of a person, in one trial.
#[derive(Debug, Clone)]
struct Refusal {
    code: &'static str,
    /// The key of a program, or a person with a file.
    sent_by: (Option<i64>, Option<i64>),
    at: i64,
}

/// Trial, and the unit as which the person is in it.
type Place = (i64, Pseudonym);

/// People who wait to be noted.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<Place, Refusal>>);

impl Refusals {
    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<Place, Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// People who are being noted. Those who are not noted when this goes, because the database fails or nobody waits any more, wait on.
struct BeingNoted<'a> {
    from: &'a Refusals,
    people: BTreeMap<Place, Refusal>,
}

impl Drop for BeingNoted<'_> {
    fn drop(&mut self) {
        let mut waiting = self.from.waiting();
        for (place, refusal) in std::mem::take(&mut self.people) {
            waiting.entry(place).or_insert(refusal);
        }
    }
}

/// An item that was refused, as far as it tells whom it is about.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) unit: Pseudonym,
    pub(crate) kind: Option<String>,
    pub(crate) code: &'static str,
}

impl App {
    /// Remembers people of whom an item was refused, in each trial under way that they are in: of those that listen to the kind of
    /// the event where any does, else of all. `only` is the trial for which it came through a link.
    /// `sent_by` is the number of a key, or of a person.
    pub(crate) fn count_refused(
        &self,
        agency_id: i64,
        sent_by: (Option<i64>, Option<i64>),
        only: Option<i64>,
        refused: &[Refused],
    ) {
        let directory = self.directory.load();
        let at = self.ambient.now_micros();
        for Refused { unit, kind, code } in refused {
            let others = self.identities.others(unit, None);
            let places: Vec<(&Arc<Trial>, Pseudonym)> = std::iter::once(*unit)
                .chain(others)
                .flat_map(|name| self.known.trials_of(&name).into_iter().map(move |trial| (trial, name)))
                .filter_map(|(trial, name)| Some((directory.by_id.get(&trial)?, name)))
                .filter(|(trial, _)| {
                    trial.agency_id == agency_id
                        && trial.state.collects_events()
                        && only.is_none_or(|only| only == trial.id)
                })
                .collect();
            if places.is_empty() {
                continue;
            }
            let hears = |trial: &Trial| kind.as_ref().is_some_and(|kind| trial.hears(agency_id, None, kind));
            let any_hears = directory.trials.values().any(|trial| hears(trial));
            let mut waiting = self.refusals.waiting();
            for (trial, name) in places.into_iter().filter(|(trial, _)| !any_hears || hears(trial)) {
                if waiting.len() < MOST_WAITING {
                    waiting.entry((trial.id, name)).or_insert(Refusal { code, sent_by, at });
                }
            }
        }
    }

    /// Notes everybody who waits, in transactions of a few hundred. Whoever is noted already costs nothing.
    ///
    /// # Errors
    /// When the database fails; those who are not noted wait on.
    pub(crate) async fn note_refused(&self) -> Result<(), AppError> {
        let directory = self.directory.load_full();
        let people = std::mem::take(&mut *self.refusals.waiting());
        let mut noting = BeingNoted { from: &self.refusals, people };
        noting.people.retain(|(trial_id, unit), _| {
            let trial = directory.by_id.get(trial_id);
            trial.is_some_and(|trial| !self.projections.progress(trial, |projection| projection.was_refused(unit)))
        });
        while !noting.people.is_empty() {
            let some = noting.people.iter().take(AT_ONCE).map(|(place, refusal)| (*place, refusal.clone()));
            let some: Vec<(Place, Refusal)> = some.collect();
            let (writing, now) = (some.clone(), self.ambient.now_micros());
            self.store.write(move |c| note(c, &writing, now)).await?;
            for (place, _) in &some {
                noting.people.remove(place);
            }
        }
        Ok(())
    }
}

fn note(c: &mut DbConnection, batch: &[(Place, Refusal)], now: i64) -> Result<(), StoreError> {
    let mut of_trials: BTreeMap<i64, (i64, bool)> = BTreeMap::new();
    for ((trial_id, unit), refusal) in batch {
        let (agency_id, late) = match of_trials.get(trial_id) {
            Some(known) => *known,
            None => {
                let row = trials::by_id(c, *trial_id)?.ok_or_else(|| StoreError::Damaged("a trial is gone".into()))?;
                *of_trials.entry(*trial_id).or_insert((row.agency_id, row.locked_at.is_some()))
            }
        };
        let note = NewNote {
            agency_id,
            // A name that no sender can give, the same on every server: who is noted is noted once.
            event_id: format!("refused/{trial_id}/{}", hex(unit.bytes())),
            trial_id: *trial_id,
            unit: *unit,
            named: None,
            same_as: None,
            kind: NoteKind::Refused,
            code: refusal.code.to_owned(),
            arm: None,
            severity: None,
            remark: None,
            late,
            at: refusal.at,
            received_at: now,
            key_id: refusal.sent_by.0,
            person_id: refusal.sent_by.1,
        };
        // Whoever was noted by another server meanwhile stays as they were noted.
        notes::add(c, &note)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_noted_waits_on_with_what_was_refused_first() {
        let place = |number: u8| (1, Pseudonym::from_bytes(&[number; 16]).unwrap());
        let refusal = |code| Refusal { code, sent_by: (None, None), at: 1 };
        let refusals = Refusals::default();
        let people = BTreeMap::from([(place(1), refusal("first")), (place(2), refusal("first"))]);
        let mut noting = BeingNoted { from: &refusals, people };
        refusals.waiting().insert(place(1), refusal("meanwhile"));
        noting.people.remove(&place(1));
        drop(noting);
        let waiting: Vec<(Place, &str)> = refusals.waiting().iter().map(|(at, what)| (*at, what.code)).collect();
        assert_eq!(waiting, [(place(1), "meanwhile"), (place(2), "first")]);
    }
}
