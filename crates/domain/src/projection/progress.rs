//! How far a trial has come, without its results: what decides when a look is due, and what is watched between looks.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::trial_projection::{TrialProjection, matures_at};
use crate::Pseudonym;

impl TrialProjection {
    /// When how many units will have been followed up in full for the outcome at a place of the plan, in the order of time. Units
    /// whose data may not be used, and those who came in a transition, are not among them.
    #[must_use]
    pub fn maturing(&self, place: usize) -> Vec<(DateTime<Utc>, u64)> {
        let Some(outcome) = self.plan.protocol().outcomes.get(place) else { return Vec::new() };
        let mut moments: BTreeMap<DateTime<Utc>, u64> = BTreeMap::new();
        for cell in self.cells.iter().filter(|cell| !cell.in_transition) {
            let at = matures_at(cell.day, self.zone(), outcome.follow_up_days);
            *moments.entry(at).or_default() += cell.assigned.saturating_sub(cell.set_aside);
        }
        moments.into_iter().collect()
    }

    /// Whether an event about this unit is known to have been refused at the door.
    #[must_use]
    pub fn was_refused(&self, unit: &Pseudonym) -> bool {
        let handled = self.numbers.get(unit).and_then(|number| self.handled.get(*number as usize));
        handled.is_some_and(|handled| handled.was_refused())
    }

    /// For the outcome at a place of the plan, by arm: the units to whom anything of it has happened so far, and all units whose
    /// data may be used, followed up in full or not.
    #[must_use]
    pub fn so_far(&self, place: usize) -> (Vec<u64>, Vec<u64>) {
        let arms = self.plan.protocol().arms.len();
        let (mut happened, mut among) = (vec![0_u64; arms], vec![0_u64; arms]);
        for cell in self.cells.iter().filter(|cell| !cell.in_transition) {
            let arm = usize::from(cell.arm);
            if let (Some(happened), Some(among)) = (happened.get_mut(arm), among.get_mut(arm)) {
                *happened += cell.tallies.get(place).map_or(0, |tally| tally.observed);
                *among += cell.assigned.saturating_sub(cell.set_aside);
            }
        }
        (happened, among)
    }
}
