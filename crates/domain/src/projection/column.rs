//! What the events of the units amount to for one outcome.

use crate::{
    Decimal,
    protocol::{Outcome, OutcomeKind},
};

/// Stands for a unit of which nothing was recorded: no sum is ever so small, and nothing happened so late.
const NO_SUM: i64 = i64::MIN;
const NO_FIRST: (i64, i64) = (i64::MAX, 0);

/// One outcome's values by unit number. They depend on the set of events, not on their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// The sum of the events' values in steps, where all of them count.
    Sums(Vec<i64>),
    /// Time in microseconds and value in steps of the earliest event; of two at one time, the smaller value.
    Firsts(Vec<(i64, i64)>),
}

impl Column {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome.kind {
            OutcomeKind::Binary | OutcomeKind::Count | OutcomeKind::Amount => Self::Sums(Vec::new()),
            OutcomeKind::Duration | OutcomeKind::Rating => Self::Firsts(Vec::new()),
        }
    }

    /// Makes room for one more unit.
    pub(super) fn grow(&mut self) {
        match self {
            Self::Sums(sums) => sums.push(NO_SUM),
            Self::Firsts(firsts) => firsts.push(NO_FIRST),
        }
    }

    /// Takes one event of a unit in: its time and its value in steps.
    pub(super) fn fold(&mut self, number: u32, occurred_at: i64, steps: i64) {
        match self {
            Self::Sums(sums) => {
                if let Some(sum) = sums.get_mut(number as usize) {
                    let before = if *sum == NO_SUM { 0 } else { *sum };
                    *sum = before.saturating_add(steps).max(NO_SUM + 1);
                }
            }
            Self::Firsts(firsts) => {
                if let Some(first) = firsts.get_mut(number as usize) {
                    *first = (*first).min((occurred_at, steps));
                }
            }
        }
    }

    /// A unit's value in steps; none when nothing was recorded.
    pub(super) fn value(&self, number: u32, outcome: &Outcome) -> Option<i64> {
        let value = match self {
            Self::Sums(sums) => *sums.get(number as usize).filter(|sum| **sum != NO_SUM)?,
            Self::Firsts(firsts) => firsts.get(number as usize).filter(|first| **first != NO_FIRST)?.1,
        };
        let value = if outcome.kind == OutcomeKind::Binary { i64::from(value > 0) } else { value };
        Some(outcome.cap_in_steps().map_or(value, |cap| value.min(cap)))
    }
}

/// What one event is worth, in steps of the outcome.
pub(super) fn steps(outcome: &Outcome, value: Option<Decimal>, seconds_since_assignment: i64) -> i64 {
    match value {
        Some(value) => value.in_steps_of(outcome.step).unwrap_or(0),
        None if outcome.kind == OutcomeKind::Duration => {
            Decimal::from_millionths(seconds_since_assignment.saturating_mul(1_000_000))
                .map_or(0, |seconds| seconds.millionths() / outcome.step.millionths().max(1))
        }
        None => 1,
    }
}
