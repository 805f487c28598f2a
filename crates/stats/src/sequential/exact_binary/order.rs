//! The order of the tables of one look, without rounding.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::two_proportions::{ScoreVariance, Table, score_statistic};

/// Largest number of units in an arm for which the products of the comparison fit into 128 bits.
pub(crate) const MAX_ARM: u64 = 1_000_000;

/// The pooled score of a 2 x 2 table as integers, so that ties are ties.
///
/// With `d = x1 n0 - x0 n1` and `s = x1 + x0` of `N = n1 + n0` units, the squared score is
/// `d^2 N / (n1 n0 s (N - s))`. Two tables of the same look are compared by `d^2 / (s (N - s))` after multiplying
/// crosswise; floating point would split ties and make p-values too small. Where `d` is 0 the score is 0, also for
/// `s = 0` and `s = N`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Score {
    difference: i128,
    spread: u128,
}

impl Score {
    /// The score of `x1` outcomes among `n1` units of arm 1 and `x0` among `n0` of arm 0; arms of at most a million.
    pub(crate) fn of(x1: u64, n1: u64, x0: u64, n0: u64) -> Self {
        let difference = i128::from(x1) * i128::from(n0) - i128::from(x0) * i128::from(n1);
        let sum = u128::from(x1) + u128::from(x0);
        let rest = u128::from(n1) + u128::from(n0) - sum;
        Self { difference, spread: sum * rest }
    }

    /// The score itself, for reading; `n1` and `n0` are the arm sizes of the look.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 3, control: 3 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.025, Spending::LanDeMetsPocock)).unwrap();
    /// // 3 of 3 against 0 of 3: a difference of 1 over sqrt(1/2 * 1/2 * 2/3).
    /// assert!((design.looks()[0].efficacy.unwrap().z(3, 3) - 6_f64.sqrt()).abs() < 1e-14);
    /// ```
    #[must_use]
    pub fn z(&self, n1: u64, n0: u64) -> f64 {
        if self.difference == 0 {
            return 0.0;
        }
        let (n1, n0) = (n1 as f64, n0 as f64);
        self.difference as f64 * ((n1 + n0) / (n1 * n0 * self.spread as f64)).sqrt()
    }

    /// The squared score as a fraction in lowest terms.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize}};
    /// let looks = vec![LookSize { treatment: 3, control: 3 }];
    /// let design = ExactBinaryDesign::new(ExactBinarySpec::new(looks, 0.025, Spending::LanDeMetsPocock)).unwrap();
    /// assert_eq!(design.looks()[0].efficacy.unwrap().squared(3, 3), (6, 1));
    /// ```
    #[must_use]
    pub fn squared(&self, n1: u64, n0: u64) -> (u128, u128) {
        let magnitude = self.difference.unsigned_abs();
        if magnitude == 0 {
            return (0, 1);
        }
        let product = u128::from(n1) * u128::from(n0);
        // Cancel before multiplying, so that a million units per arm stay within 128 bits.
        let (square, spread) = reduce(magnitude * magnitude, self.spread);
        let (total, product) = reduce(u128::from(n1) + u128::from(n0), product);
        let (square, product) = reduce(square, product);
        let (total, spread) = reduce(total, spread);
        (square.saturating_mul(total), spread.saturating_mul(product))
    }
}

/// The place of a table in the order of its look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// By the pooled score, without rounding.
    Whole(Score),
    /// By the score for a margin, rounded so that what differs by rounding alone is tied.
    Rounded(i64),
}

/// How the tables of a look are ordered: by the pooled score without a margin, by the score that supposes a difference of
/// `-margin` (Farrington and Manning 1990) with one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) margin: f64,
}

impl Order {
    pub(crate) fn rank(self, x1: u64, n1: u64, x0: u64, n0: u64) -> Rank {
        if self.margin == 0.0 {
            return Rank::Whole(Score::of(x1, n1, x0, n0));
        }
        Rank::Rounded((self.z(x1, n1, x0, n0) / ROUNDING).round() as i64)
    }

    /// The score for reading.
    pub(crate) fn z(self, x1: u64, n1: u64, x0: u64, n0: u64) -> f64 {
        if self.margin == 0.0 {
            return Score::of(x1, n1, x0, n0).z(n1, n0);
        }
        // A score without spread is infinite; it is put beyond every other one.
        margin_score(x1, n1, x0, n0, self.margin).clamp(-FARTHEST, FARTHEST)
    }
}

/// Scores for a margin closer than this are tied.
const ROUNDING: f64 = 1e-9;
/// What stands for an infinite score.
const FARTHEST: f64 = 1e9;

fn margin_score(x1: u64, n1: u64, x0: u64, n0: u64, margin: f64) -> f64 {
    Table::new(x1, n1, x0, n0)
        .and_then(|table| score_statistic(&table, -margin, ScoreVariance::Uncorrected))
        .unwrap_or(0.0)
}

fn reduce(a: u128, b: u128) -> (u128, u128) {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a.checked_div(x).unwrap_or(a), b.checked_div(x).unwrap_or(b))
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.difference.signum().cmp(&other.difference.signum());
        if signs != Ordering::Equal || self.difference == 0 {
            return signs;
        }
        let (own, others) = (self.difference.unsigned_abs(), other.difference.unsigned_abs());
        let magnitudes = (own * own * other.spread).cmp(&(others * others * self.spread));
        if self.difference > 0 { magnitudes } else { magnitudes.reverse() }
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Score {}

#[cfg(test)]
mod tests {
    use super::Score;

    #[test]
    fn ties_are_exact_where_floating_point_splits_them() {
        // The two tables are mirror images and have the same score; their floating-point scores need not agree.
        let mut split = 0;
        for n in 3..40_u64 {
            for x1 in 0..=n {
                for x0 in 0..x1 {
                    let here = Score::of(x1, n, x0, n);
                    let mirror = Score::of(n - x0, n, n - x1, n);
                    assert_eq!(here, mirror);
                    let float = |x1: u64, x0: u64| {
                        let (a, b, n) = (x1 as f64 / n as f64, x0 as f64 / n as f64, n as f64);
                        let pooled = 0.5 * (a + b);
                        (a - b) / (pooled * (1.0 - pooled) * 2.0 / n).sqrt()
                    };
                    split += usize::from(float(x1, x0) != float(n - x0, n - x1));
                }
            }
        }
        assert!(split > 100, "the trap that exact order avoids has gone: {split}");
    }

    #[test]
    fn compares_at_the_largest_arm_without_overflow() {
        let n = super::MAX_ARM;
        let high = Score::of(n, n, 0, n);
        let middle = Score::of(n / 2 + 1, n, n / 2 - 1, n);
        assert!(high > middle);
        assert!(Score::of(0, n, n, n) < middle);
        assert_eq!(high.squared(n, n), (2 * u128::from(n), 1));
    }

    #[test]
    fn rises_with_arm_1_and_falls_with_arm_0() {
        // This is the convexity of Barnard that makes equal proportions the worst case of the one-sided null.
        for (n1, n0) in [(1, 1), (3, 7), (8, 8), (5, 12), (13, 4)] {
            for x1 in 0..=n1 {
                for x0 in 0..=n0 {
                    if x1 < n1 {
                        assert!(Score::of(x1 + 1, n1, x0, n0) >= Score::of(x1, n1, x0, n0));
                    }
                    if x0 < n0 {
                        assert!(Score::of(x1, n1, x0 + 1, n0) <= Score::of(x1, n1, x0, n0));
                    }
                }
            }
        }
    }
}
