//! What the events of the units amount to for one outcome.

use std::collections::HashMap;

use super::room;
use crate::{
    Decimal,
    protocol::{Outcome, OutcomeKind},
};

/// Stands for a unit of which nothing was recorded: nothing happened so late.
const NO_FIRST: (i64, i64) = (i64::MAX, 0);

/// How many events of a unit count, and the sum of their values in steps: 96 bits, which no sum of 2^32 events of 64 bits leaves, so
/// that what was added can be taken out again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) low: u64,
    pub(super) high: i32,
    pub(super) events: u32,
}

impl Sum {
    fn total(self) -> i128 {
        (i128::from(self.high) << 64) | i128::from(self.low)
    }

    fn with(self, total: i128, events: u32) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the two parts of 96 bits")]
        Self { low: total as u64, high: (total >> 64) as i32, events }
    }

    fn add(self, steps: i64) -> Self {
        self.with(self.total() + i128::from(steps), self.events.saturating_add(1))
    }

    fn take_out(self, steps: i64) -> Self {
        self.with(self.total() - i128::from(steps), self.events.saturating_sub(1))
    }

    /// The sum as far as 64 bits go; none when no event counts.
    fn value(self) -> Option<i64> {
        let limit = if self.high < 0 { i64::MIN + 1 } else { i64::MAX };
        (self.events > 0).then(|| i64::try_from(self.total()).unwrap_or(limit).max(i64::MIN + 1))
    }
}

/// One outcome's values by unit number. They depend on the set of events, not on their order, and an event can be taken out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// The sum of the events' values, where all of them count.
    Sums(Vec<Sum>),
    /// Where one event counts.
    Firsts(Firsts),
}

/// Time in microseconds and value in steps of the earliest event; of two at one time, the smaller value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Firsts {
    pub(super) earliest: Vec<(i64, i64)>,
    /// All other events of those who have several, in no order: one of them is the earliest when that is taken out.
    pub(super) others: HashMap<u32, Vec<(i64, i64)>>,
}

impl Firsts {
    fn add(&mut self, number: u32, event: (i64, i64)) {
        let Some(earliest) = self.earliest.get_mut(number as usize) else { return };
        let later = (*earliest).max(event);
        *earliest = (*earliest).min(event);
        if later != NO_FIRST {
            self.others.entry(number).or_default().push(later);
        }
    }

    fn take_out(&mut self, number: u32, event: (i64, i64)) {
        let Some(earliest) = self.earliest.get_mut(number as usize) else { return };
        let Some(others) = self.others.get_mut(&number) else {
            if *earliest == event {
                *earliest = NO_FIRST;
            }
            return;
        };
        let wanted = if *earliest == event { others.iter().min().copied() } else { Some(event) };
        let place = others.iter().position(|other| Some(*other) == wanted);
        let Some(taken) = place.map(|place| others.swap_remove(place)) else { return };
        if *earliest == event {
            *earliest = taken;
        }
        if others.is_empty() {
            self.others.remove(&number);
        }
    }
}

impl Column {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome.kind {
            OutcomeKind::Binary | OutcomeKind::Count | OutcomeKind::Amount => Self::Sums(Vec::new()),
            OutcomeKind::Duration | OutcomeKind::Rating => Self::Firsts(Firsts::default()),
        }
    }

    /// Makes room for one more unit.
    pub(super) fn grow(&mut self) {
        match self {
            Self::Sums(sums) => room::push(sums, Sum::default()),
            Self::Firsts(firsts) => room::push(&mut firsts.earliest, NO_FIRST),
        }
    }

    /// Takes one event of a unit in: its time and its value in steps.
    pub(super) fn fold(&mut self, number: u32, occurred_at: i64, steps: i64) {
        match self {
            Self::Sums(sums) => {
                if let Some(sum) = sums.get_mut(number as usize) {
                    *sum = sum.add(steps);
                }
            }
            Self::Firsts(firsts) => firsts.add(number, (occurred_at, steps)),
        }
    }

    /// Takes one event of a unit out again that was taken in; undoes [`fold`](Self::fold) exactly.
    pub(super) fn take_out(&mut self, number: u32, occurred_at: i64, steps: i64) {
        match self {
            Self::Sums(sums) => {
                if let Some(sum) = sums.get_mut(number as usize) {
                    *sum = sum.take_out(steps);
                }
            }
            Self::Firsts(firsts) => firsts.take_out(number, (occurred_at, steps)),
        }
    }

    /// A unit's value in steps; none when nothing was recorded.
    pub(super) fn value(&self, number: u32, outcome: &Outcome) -> Option<i64> {
        let value = match self {
            Self::Sums(sums) => sums.get(number as usize)?.value()?,
            Self::Firsts(firsts) => firsts.earliest.get(number as usize).filter(|first| **first != NO_FIRST)?.1,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_beyond_64_bits_come_back_exactly() {
        let far = [i64::MAX, i64::MAX, 5, i64::MIN + 2, i64::MIN + 2, i64::MIN + 2, -7];
        let all = far.iter().fold(Sum::default(), |sum, steps| sum.add(*steps));
        let two = all.take_out(far[3]).take_out(far[4]).take_out(far[5]).take_out(far[6]).take_out(far[2]);
        assert_eq!((two.value(), two.events), (Some(i64::MAX), 2));
        let one = two.take_out(far[0]);
        assert_eq!((one.value(), one), (Some(i64::MAX), Sum::default().add(i64::MAX)));
        assert_eq!(one.take_out(far[1]), Sum::default());
        assert_eq!(Sum::default().add(i64::MIN + 2).add(-5).value(), Some(i64::MIN + 1));
        assert_eq!((Sum::default().value(), Sum::default().add(0).value()), (None, Some(0)));
    }

    #[test]
    fn the_earliest_is_found_again_among_the_others() {
        let mut firsts = Firsts { earliest: vec![NO_FIRST], ..Firsts::default() };
        let events = [(5, 1), (3, 9), (3, 2), (8, 4), (3, 2)];
        events.iter().for_each(|event| firsts.add(0, *event));
        assert_eq!(firsts.earliest, [(3, 2)]);
        for (taken, left) in
            [((3, 2), (3, 2)), ((8, 4), (3, 2)), ((3, 2), (3, 9)), ((3, 9), (5, 1)), ((5, 1), NO_FIRST)]
        {
            firsts.take_out(0, taken);
            assert_eq!(firsts.earliest, [left], "without {taken:?}");
        }
        assert_eq!(firsts, Firsts { earliest: vec![NO_FIRST], ..Firsts::default() });
    }
}
