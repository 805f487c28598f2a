//! Taking the place of an event: what it added is taken out, exactly, and what is said now is added.
//!
//! A correction changes what an event says, never when it came: whoever the event was about when it came is who the correction is
//! about. So it makes no difference whether somebody folds the two, or an event that said the latter from the first.

use std::collections::HashSet;

use super::trial_projection::{FoldedEvent, TrialProjection};
use crate::Pseudonym;

/// What the fold needs of a correction or a retraction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedCorrection {
    /// Its own place in the order of all events.
    pub sequence: i64,
    /// What stood until now, at the place of the first event of its line; none where it does not count in the trial, or was taken back.
    pub before: Option<FoldedEvent>,
    /// What stands now, at the same place; none where it does not count in the trial, or is taken back.
    pub after: Option<FoldedEvent>,
}

impl FoldedCorrection {
    /// How many events more, or fewer, it makes.
    #[must_use]
    pub fn more(&self) -> i64 {
        i64::from(self.after.is_some()) - i64::from(self.before.is_some())
    }

    fn any(&self) -> Option<&FoldedEvent> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

impl TrialProjection {
    /// Takes a correction in, exactly once per call, after the event that it is about. `others` are the other names of the person, at the
    /// place of that event.
    pub fn fold_correction(&mut self, correction: &FoldedCorrection, others: &[Pseudonym]) {
        let Some(event) = correction.any().filter(|event| self.listens_to(&event.kind)) else { return };
        match self.meant(event, others) {
            Some(number) => self.correct(number, correction),
            None => self.pass_over(correction.more()),
        }
    }

    /// Takes a correction in once more that was folded before one of these units was known here, as
    /// [`fold_behind`](Self::fold_behind) does an event.
    pub fn fold_correction_behind(
        &mut self,
        correction: &FoldedCorrection,
        others: &[Pseudonym],
        new: &HashSet<Pseudonym>,
    ) {
        let Some(event) = correction.any().filter(|event| self.listens_to(&event.kind)) else { return };
        if let Some(number) = self.meant_of(event, others, new) {
            self.pass_over(-correction.more());
            self.correct(number, correction);
        }
    }

    /// Place in the order of events of the last correction of an event about somebody in the trial; none without any.
    #[must_use]
    pub fn last_correction(&self) -> Option<i64> {
        (self.last_correction > 0).then_some(self.last_correction)
    }

    fn correct(&mut self, number: u32, correction: &FoldedCorrection) {
        if let Some(before) = &correction.before {
            self.uncount(number, before);
        }
        if let Some(after) = &correction.after {
            self.count(number, after);
        }
        match correction.after {
            Some(_) => self.counts.corrected += 1,
            None => self.counts.retracted += 1,
        }
        self.last_correction = self.last_correction.max(correction.sequence);
        let place = number as usize;
        let cell = self.cell_of.get(place).and_then(|cell| self.cells.get(*cell as usize));
        let arm = cell.and_then(|cell| self.handling.get_mut(usize::from(cell.arm)));
        if let (Some(handled), Some(counts)) = (self.handled.get_mut(place), arm) {
            handled.correct(counts);
        }
    }
}
