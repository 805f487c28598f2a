//! What the events of one unit amount to for one outcome.

use crate::{
    Decimal,
    protocol::{Outcome, OutcomeKind},
};

/// The running state of one unit and outcome. It depends on the set of events, not on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitOutcome {
    events: u32,
    sum: i64,
    /// Time in microseconds and value in steps of the earliest event; of two at one time, the smaller value.
    first: Option<(i64, i64)>,
}

impl UnitOutcome {
    /// Takes one event in: its time and its value, with seconds since assignment for events without one.
    pub fn fold(&mut self, outcome: &Outcome, occurred_at: i64, value: Option<Decimal>, seconds_since_assignment: i64) {
        let steps = match value {
            Some(value) => value.in_steps_of(outcome.step).unwrap_or(0),
            None if outcome.kind == OutcomeKind::Duration => {
                Decimal::from_millionths(seconds_since_assignment.saturating_mul(1_000_000))
                    .map_or(0, |seconds| seconds.millionths() / outcome.step.millionths().max(1))
            }
            None => 1,
        };
        self.events = self.events.saturating_add(1);
        self.sum = self.sum.saturating_add(steps);
        let this = (occurred_at, steps);
        self.first = Some(self.first.map_or(this, |first| first.min(this)));
    }

    /// The unit's value in steps; none when nothing was recorded.
    #[must_use]
    pub fn value(&self, outcome: &Outcome) -> Option<i64> {
        let (_, first) = self.first?;
        let value = match outcome.kind {
            OutcomeKind::Binary => i64::from(self.sum > 0),
            OutcomeKind::Count | OutcomeKind::Amount => self.sum,
            OutcomeKind::Duration | OutcomeKind::Rating => first,
        };
        Some(outcome.cap_in_steps().map_or(value, |cap| value.min(cap)))
    }
}
