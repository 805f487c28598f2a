//! Secondary suppression: whether a hidden count of one arm can be worked out from what is shown around it.
//!
//! An outsider knows that people assigned are those too early to count, those without an outcome and those counted, for
//! every outcome alike, and between which limits each shown count lies. A shown number of people with a yes-or-no outcome
//! says that enough others are without it, so it is a limit too. For each number of people assigned that fits, the rest is a
//! sum with limits, so trying all of them gives exactly what each small count can be.

use super::{Count, Policy};

/// A hidden count must leave at least this many possibilities: three, and one more because two counts of one arm that are
/// told differently are known to differ.
const FEWEST: usize = 4;

/// What one arm shows about its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Margins {
    pub(super) assigned: Count,
    pub(super) immature: Count,
    pub(super) missing: Count,
    /// By outcome in the plan's order.
    pub(super) counted: Vec<Count>,
    /// People with a yes-or-no outcome as they would be shown beside `counted`, in the same order.
    pub(super) events: Vec<Count>,
}

/// The true counts behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) assigned: u64,
    pub(super) immature: u64,
    pub(super) missing: u64,
    pub(super) counted: Vec<u64>,
    /// Place of the primary outcome, to which immature and missing belong.
    pub(super) primary: usize,
}

impl Truth {
    /// Whether so few are counted on the primary outcome that their number is hidden for itself.
    pub(super) fn counted_is_few(&self, policy: Policy) -> bool {
        self.counted.get(self.primary).is_some_and(|counted| *counted < policy.suppress_below())
    }
}

/// Hides margins until no small count can be worked out. Least is lost when a secondary outcome's number goes first, then
/// the number assigned, then the primary outcome's.
pub(super) fn protect(truth: &Truth, mut shown: Margins, policy: Policy) -> Margins {
    let mut order: Vec<usize> = (0..shown.counted.len()).rev().filter(|place| *place != truth.primary).collect();
    order.extend([usize::MAX, truth.primary]);
    while !is_safe(truth, &shown, policy) {
        let open: Vec<usize> = order.iter().copied().filter(|place| !hidden(&shown, *place)).collect();
        let alone = open.iter().find(|place| is_safe(truth, &without(&shown, **place), policy));
        let Some(place) = alone.or(open.first()) else { break };
        shown = without(&shown, *place);
    }
    shown
}

fn hidden(shown: &Margins, place: usize) -> bool {
    let count = if place == usize::MAX { Some(&shown.assigned) } else { shown.counted.get(place) };
    count.is_none_or(|count| count.value().is_none())
}

fn without(shown: &Margins, place: usize) -> Margins {
    let mut shown = shown.clone();
    match shown.counted.get_mut(place) {
        Some(count) => *count = Count::HIDDEN,
        None => shown.assigned = Count::HIDDEN,
    }
    shown
}

/// Whether each small count leaves enough possibilities: those too early, those missing, and for every outcome whose number
/// is shown the people not counted.
fn is_safe(truth: &Truth, shown: &Margins, policy: Policy) -> bool {
    let small = |count: u64| count < policy.suppress_below();
    let mut wanted: Vec<(Cell, u64)> = vec![(Cell::Immature, truth.immature), (Cell::Missing, truth.missing)];
    for (place, counted) in truth.counted.iter().enumerate() {
        wanted.push((Cell::Rest(place), truth.assigned.saturating_sub(*counted)));
    }
    wanted.into_iter().filter(|(_, count)| small(*count)).all(|(cell, _)| {
        let found = possibilities(cell, truth, shown, policy);
        found.is_none_or(|found| found >= FEWEST)
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Immature,
    Missing,
    Rest(usize),
}

/// How many values a small count can have; nothing when what is shown sets no limit.
fn possibilities(cell: Cell, truth: &Truth, shown: &Margins, policy: Policy) -> Option<usize> {
    let primary = truth.primary;
    let limit = policy.suppress_below().saturating_sub(1);
    let of_rest = |count: Count| count.candidates(policy).unwrap_or((0, limit));
    // Whoever knows when the trial ended knows that nobody is too early any more.
    let known = (truth.immature, truth.immature);
    let immature = if cell == Cell::Missing { known } else { of_rest(shown.immature) };
    let missing = of_rest(shown.missing);
    let mut ranges: Vec<Option<Range>> =
        shown.counted.iter().zip(&shown.events).map(|(count, events)| limits(*count, *events, policy)).collect();
    // That there is a total says that few are counted, where their number is hidden.
    if truth.counted_is_few(policy)
        && let Some(few) = ranges.get_mut(primary)
    {
        *few = Some((0, limit));
    }
    // The people assigned, by what is shown of them or by the outcome that says most.
    let assigned = shown.assigned.candidates(policy).or_else(|| {
        let (low, high) = ranges.get(primary).copied().flatten()?;
        Some((low.saturating_add(immature.0 + missing.0), high.saturating_add(immature.1.saturating_add(missing.1))))
    })?;
    let mut found = std::collections::BTreeSet::new();
    for people in assigned.0..=assigned.1 {
        if let Some((low, high)) = given(cell, people, primary, (immature, missing), &ranges) {
            found.extend((low..=high).take(FEWEST));
            if found.len() >= FEWEST {
                break;
            }
        }
    }
    Some(found.len())
}

type Range = (u64, u64);

/// The numbers of people counted that fit what is shown. Events are shown only beside the people counted, and only when
/// neither they nor the others are few.
fn limits(counted: Count, events: Count, policy: Policy) -> Option<Range> {
    let (low, high) = counted.candidates(policy)?;
    let least = events.candidates(policy).map_or(low, |(few, _)| few.saturating_add(policy.suppress_below()));
    Some((low.max(least), high))
}

/// The limits of a count when that many people are assigned; nothing when that many do not fit.
fn given(
    cell: Cell,
    people: u64,
    primary: usize,
    (immature, missing): (Range, Range),
    ranges: &[Option<Range>],
) -> Option<Range> {
    let mut rests: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (low, high) = range.unwrap_or((0, people));
        let high = high.min(people);
        if low > high {
            return None;
        }
        rests.push((people - high, people - low));
    }
    // The rest of the primary outcome is the sum of those too early and those missing.
    let rest = *rests.get(primary)?;
    let sum = (rest.0.max(immature.0 + missing.0), rest.1.min(immature.1.saturating_add(missing.1)));
    if sum.0 > sum.1 {
        return None;
    }
    let part = |own: Range, other: Range| (own.0.max(sum.0.saturating_sub(other.1)), own.1.min(sum.1 - other.0));
    Some(match cell {
        Cell::Immature => part(immature, missing),
        Cell::Missing => part(missing, immature),
        Cell::Rest(place) if place == primary => sum,
        Cell::Rest(place) => *rests.get(place)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::{ReleaseKey, count::Rounder};
    use fairtrial_domain::TrialKey;

    #[test]
    fn a_margin_that_gives_a_small_count_away_is_hidden() {
        let trial = TrialKey::new("fines-letter").unwrap();
        let mut hidden = 0;
        for seed in 0..40_u8 {
            let key = ReleaseKey::new([seed; 32]);
            let rounder = Rounder { key: &key, trial: &trial, policy: Policy::STANDARD };
            for (assigned, missing, second) in (98..108).flat_map(|n| [(n, 0, n), (n, 5, n), (n, 5, n - 5), (n, 2, n)])
            {
                let truth =
                    Truth { assigned, immature: 0, missing, counted: vec![assigned - missing, second], primary: 0 };
                let count = |raw| rounder.count("arm", raw);
                let shown = Margins {
                    assigned: count(assigned),
                    immature: count(0),
                    missing: count(missing),
                    counted: truth.counted.iter().map(|raw| count(*raw)).collect(),
                    events: vec![Count::HIDDEN; 2],
                };
                let safe = protect(&truth, shown.clone(), Policy::STANDARD);
                assert!(is_safe(&truth, &safe, Policy::STANDARD), "{truth:?} {safe:?}");
                hidden += usize::from(safe != shown);
            }
        }
        assert!(hidden > 20, "the case that the protection is for was met {hidden} times");
    }
}
