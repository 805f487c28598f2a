//! What the log of events says, as the fold takes it: events, and corrections with what they take the place of.

use std::{collections::HashSet, sync::Arc};

use fairtrial_domain::{
    Decimal, Pseudonym,
    projection::{FoldedCorrection, FoldedEvent, TrialProjection},
};
use fairtrial_store::log::{EventRow, Replaced};

use super::directory::{Trial, instant};

/// One row of the log.
#[derive(Debug)]
pub(crate) enum Fact {
    /// An event that stands for itself.
    Event(FoldedEvent),
    /// One that takes the place of another.
    Correction(Box<Correction>),
}

#[derive(Debug)]
pub(crate) struct Correction {
    sequence: i64,
    root: i64,
    unit: Pseudonym,
    before: Option<FoldedEvent>,
    after: Option<FoldedEvent>,
}

impl Fact {
    pub(crate) fn of(row: &EventRow, unit: Pseudonym, kind: Arc<str>) -> Self {
        let event = |sequence: i64, value: Option<i64>, occurred_at: i64| FoldedEvent {
            sequence,
            unit,
            kind: Arc::clone(&kind),
            value: value.and_then(Decimal::from_millionths),
            occurred_at: instant(occurred_at),
        };
        let Some(replaced) = &row.replaces else {
            return Self::Event(event(row.sequence, row.value, row.occurred_at));
        };
        let Replaced { root, retracts, before_retracted, before_value, before_occurred_at } = *replaced;
        Self::Correction(Box::new(Correction {
            sequence: row.sequence,
            root,
            unit,
            before: (!before_retracted).then(|| event(root, before_value, before_occurred_at)),
            after: (!retracts).then(|| event(root, row.value, row.occurred_at)),
        }))
    }

    /// Whom it is about.
    pub(crate) fn unit(&self) -> &Pseudonym {
        match self {
            Self::Event(event) => &event.unit,
            Self::Correction(correction) => &correction.unit,
        }
    }

    /// The place in the log at which it says who is meant.
    pub(crate) fn place(&self) -> i64 {
        match self {
            Self::Event(event) => event.sequence,
            Self::Correction(correction) => correction.root,
        }
    }

    /// How many events more, or fewer, a trial hears by it.
    pub(crate) fn more(&self, trial: &Trial) -> i64 {
        match self {
            Self::Event(event) => i64::from(trial.listens_to(event.sequence, event.occurred_at)),
            Self::Correction(correction) => correction.heard_by(trial).map_or(0, |heard| heard.more()),
        }
    }

    /// Folds it into a trial, as far as the trial hears it.
    pub(crate) fn fold(&self, projection: &mut TrialProjection, trial: &Trial, others: &[Pseudonym]) {
        match self {
            Self::Event(event) if trial.listens_to(event.sequence, event.occurred_at) => {
                projection.fold_of_person(event, others);
            }
            Self::Event(_) => {}
            Self::Correction(correction) => {
                if let Some(heard) = correction.heard_by(trial) {
                    projection.fold_correction(&heard, others);
                }
            }
        }
    }

    /// Folds it once more that was folded before these units were known.
    pub(crate) fn fold_behind(
        &self,
        projection: &mut TrialProjection,
        trial: &Trial,
        others: &[Pseudonym],
        new: &HashSet<Pseudonym>,
    ) {
        match self {
            Self::Event(event) if trial.listens_to(event.sequence, event.occurred_at) => {
                projection.fold_behind(event, others, new);
            }
            Self::Event(_) => {}
            Self::Correction(correction) => {
                if let Some(heard) = correction.heard_by(trial) {
                    projection.fold_correction_behind(&heard, others, new);
                }
            }
        }
    }
}

impl Correction {
    /// What the correction is to a trial: nothing when it came after the lock of its data, or neither what stood nor what stands now
    /// happened while the trial ran.
    fn heard_by(&self, trial: &Trial) -> Option<FoldedCorrection> {
        if trial.locked_sequence.is_some_and(|last| self.sequence > last) {
            return None;
        }
        let heard = |event: &Option<FoldedEvent>| {
            event.as_ref().filter(|event| trial.listens_to(event.sequence, event.occurred_at)).cloned()
        };
        let (before, after) = (heard(&self.before), heard(&self.after));
        (before.is_some() || after.is_some()).then_some(FoldedCorrection { sequence: self.sequence, before, after })
    }
}
