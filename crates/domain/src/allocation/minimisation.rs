//! Minimisation: each person goes, more often than not, to the arm that leaves the factors best balanced.
//!
//! Pocock and Simon (1975), *Biometrics* 31, 103-115. The imbalance that an arm would leave is the sum over the factors of
//! the range, over the arms, of people with this person's level divided by the arm's share. The arm with the least imbalance
//! is preferred; among equals chance prefers one by their shares. With equal shares the preferred arm is then taken with the
//! plan's probability. With unequal shares a fixed probability would pull the trial away from its ratio, so the others are
//! taken with `(1 - probability) * share / (sum of shares - smallest share)` each and the preferred one with what is left:
//! Han, Enas and McEntegart (2009), *Statistics in Medicine* 28, 3283-3299.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AllocationSecret, arm_at, levels_of};
use crate::Decimal;

const MILLION: u64 = 1_000_000;

/// How many people of each level are in each arm, by factor in the plan's order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Margins(Vec<BTreeMap<String, Vec<u64>>>);

impl Margins {
    /// As text for storage; the same margins always give the same text.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Maps with text keys and lists of numbers can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From stored text; none when it is not what [`to_text`](Self::to_text) writes.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// People with a level of a factor, by arm.
    #[must_use]
    pub fn counts(&self, factor: usize, level: &str) -> &[u64] {
        self.0.get(factor).and_then(|levels| levels.get(level)).map_or(&[], Vec::as_slice)
    }

    /// The largest difference between two arms of equal shares in any level of any factor.
    #[must_use]
    pub fn largest_difference(&self) -> u64 {
        let spread =
            |counts: &Vec<u64>| counts.iter().max().zip(counts.iter().min()).map_or(0, |(most, least)| most - least);
        self.0.iter().flat_map(BTreeMap::values).map(spread).max().unwrap_or(0)
    }

    fn add(&mut self, levels: Vec<String>, arm: usize, arms: usize) {
        self.0.resize_with(levels.len(), BTreeMap::new);
        for (factor, level) in self.0.iter_mut().zip(levels) {
            let counts = factor.entry(level).or_default();
            counts.resize(arms.max(counts.len()), 0);
            if let Some(count) = counts.get_mut(arm) {
                *count += 1;
            }
        }
    }
}

/// The rule with what it needs at each draw.
#[derive(Debug, Clone)]
pub(super) struct Minimisation {
    factors: usize,
    /// Of the plan's probability, what is left for the other arms, in millionths.
    others: u64,
    ratio: Vec<u32>,
    /// For each arm, the least common multiple of the shares divided by its share.
    weights: Vec<u128>,
}

impl Minimisation {
    pub(super) fn new(factors: usize, probability: Decimal, ratio: &[u32]) -> Self {
        let multiple = common_multiple(ratio);
        let others = MILLION.saturating_sub(u64::try_from(probability.millionths()).unwrap_or(0));
        let weights = ratio.iter().map(|share| multiple / u128::from((*share).max(1))).collect();
        Self { factors, others, ratio: ratio.to_vec(), weights }
    }

    /// The arm of the person whose draw is the `number`th, from 0; moves the margins on. None when the group does not have
    /// one level for each factor.
    pub(super) fn next(
        &self,
        secret: &AllocationSecret,
        number: u64,
        margins: &mut Margins,
        group: &str,
    ) -> Option<usize> {
        let levels = levels_of(group);
        if levels.len() != self.factors {
            return None;
        }
        let preferred = self.preferred(secret, number, margins, &levels);
        let arm = self.drawn(secret, number, preferred);
        margins.add(levels, arm, self.ratio.len());
        Some(arm)
    }

    fn preferred(&self, secret: &AllocationSecret, number: u64, margins: &Margins, levels: &[String]) -> usize {
        let imbalance: Vec<u128> = (0..self.ratio.len()).map(|arm| self.imbalance(margins, levels, arm)).collect();
        let least = imbalance.iter().min().copied().unwrap_or(0);
        // The shares of the arms that are equally good; the others own no place.
        let shares: Vec<u32> =
            imbalance.iter().zip(&self.ratio).map(|(is, share)| if *is == least { *share } else { 0 }).collect();
        let places = shares.iter().map(|share| u64::from(*share)).sum();
        arm_at(&shares, secret.draw(&["minimisation/", &number.to_string(), "/preferred"], places))
    }

    /// Sum over the factors of the range over the arms, if this arm got the person.
    fn imbalance(&self, margins: &Margins, levels: &[String], arm: usize) -> u128 {
        let of_factor = |(factor, level): (usize, &String)| {
            let counts = margins.counts(factor, level);
            let weighed = self.weights.iter().enumerate().map(|(other, weight)| {
                let count = counts.get(other).copied().unwrap_or(0) + u64::from(other == arm);
                u128::from(count) * weight
            });
            let (least, most) =
                weighed.fold((u128::MAX, 0), |(least, most), value| (value.min(least), value.max(most)));
            most.saturating_sub(least)
        };
        levels.iter().enumerate().map(of_factor).sum()
    }

    /// The preferred arm, or another one by chance.
    fn drawn(&self, secret: &AllocationSecret, number: u64, preferred: usize) -> usize {
        let (sum, smallest) =
            (self.ratio.iter().map(|share| u64::from(*share)).sum::<u64>(), self.ratio.iter().min().copied());
        let places = MILLION * (sum - u64::from(smallest.unwrap_or(0)));
        let place = secret.draw(&["minimisation/", &number.to_string(), "/arm"], places);
        let mut upper = 0;
        for (arm, share) in self.ratio.iter().enumerate().filter(|(arm, _)| *arm != preferred) {
            upper += self.others * u64::from(*share);
            if place < upper {
                return arm;
            }
        }
        preferred
    }
}

/// The least common multiple of the shares.
pub(crate) fn common_multiple(ratio: &[u32]) -> u128 {
    fn divisor(a: u128, b: u128) -> u128 {
        if b == 0 { a } else { divisor(b, a % b) }
    }
    ratio.iter().map(|share| u128::from((*share).max(1))).fold(1, |multiple, share| {
        // Beyond 10^36 the plan is refused long before: the largest multiple that a plan may have is 10^9.
        (multiple / divisor(multiple, share)).checked_mul(share).unwrap_or(multiple)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margins(counts: &[(usize, &str, &[u64])]) -> Margins {
        let mut margins = Margins::default();
        for (factor, level, counts) in counts {
            margins.0.resize_with(margins.0.len().max(factor + 1), BTreeMap::new);
            margins.0[*factor].insert((*level).to_owned(), counts.to_vec());
        }
        margins
    }

    #[test]
    fn the_worked_example_of_the_text_books_comes_out() {
        // A man under 40 is next; so far A and B hold 3 and 5 men, 4 and 3 people under 40. With A: |4-5| + |5-3| = 3;
        // with B: |3-6| + |4-4| = 3: equal. With one person fewer under 40 in A, A leaves 2 and B leaves 4.
        let rule = Minimisation::new(2, "0.8".parse().unwrap(), &[1, 1]);
        let levels = ["man".to_owned(), "under 40".to_owned()];
        let tied = margins(&[(0, "man", &[3, 5]), (1, "under 40", &[4, 3])]);
        assert_eq!([rule.imbalance(&tied, &levels, 0), rule.imbalance(&tied, &levels, 1)], [3, 3]);
        let clear = margins(&[(0, "man", &[3, 5]), (1, "under 40", &[3, 3])]);
        assert_eq!([rule.imbalance(&clear, &levels, 0), rule.imbalance(&clear, &levels, 1)], [2, 4]);
        // Two to one: 4 and 2 are in balance, so one more in the larger arm is the smaller step away.
        let rule = Minimisation::new(1, "0.8".parse().unwrap(), &[2, 1]);
        let even = margins(&[(0, "man", &[4, 2])]);
        assert_eq!([rule.imbalance(&even, &levels[..1], 0), rule.imbalance(&even, &levels[..1], 1)], [1, 2]);
    }

    #[test]
    fn the_preferred_arm_is_taken_with_the_plans_probability() {
        let secret = AllocationSecret::new([5; 32]);
        for (ratio, preferred, wanted) in [
            (&[1_u32, 1][..], 0, 0.8),
            (&[1, 1, 1], 2, 0.8),
            // The others get 0.2 * share / (3 - 1): 0.1 for the small arm, 0.2 for the large one.
            (&[2, 1], 0, 0.9),
            (&[2, 1], 1, 0.8),
        ] {
            let rule = Minimisation::new(1, "0.8".parse().unwrap(), ratio);
            let taken = (0..20_000).filter(|number| rule.drawn(&secret, *number, preferred) == preferred).count();
            // Three and a half standard errors.
            assert!((taken as f64 / 20_000.0 - wanted).abs() < 0.01, "{ratio:?} {preferred}: {taken}");
        }
    }

    #[test]
    fn with_probability_1_nothing_but_ties_is_left_to_chance() {
        let secret = AllocationSecret::new([5; 32]);
        let rule = Minimisation::new(1, Decimal::ONE, &[1, 1]);
        let mut margins = Margins::default();
        for number in 0..1_000 {
            assert!(rule.next(&secret, number, &mut margins, "all").is_some());
            assert!(margins.largest_difference() <= 1);
        }
        assert_eq!(rule.next(&secret, 1_000, &mut margins, "one/too many"), None);
        assert_eq!(Margins::from_text(&margins.to_text()), Some(margins));
    }

    #[test]
    fn shares_are_weighed_by_their_common_multiple() {
        assert_eq!(common_multiple(&[4, 6, 10]), 60);
        assert_eq!(common_multiple(&[1]), 1);
    }
}
