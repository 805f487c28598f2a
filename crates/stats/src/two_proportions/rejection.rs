//! Which tables an exact one-sided test rejects, decided once for all tables of two given sizes.

use serde::Serialize;

use super::ordering::{all_scores_descending, all_upper_tails_ascending, conditional_masses, upper_tails_within};
use super::supremum::{CertifiedSupremum, masses, supremum};
use crate::{Side, StatError};

/// Largest number of possible tables.
const MAX_TABLES: u128 = 1_100_000;

/// An exact test of equal proportions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExactTest {
    /// Fisher's conditional test.
    Fisher,
    /// Boschloo's test: Fisher's p-value as the order, no condition.
    Boschloo,
    /// Barnard's test with the pooled z as the order.
    PooledZ,
}

/// The tables that a test rejects towards arm 1 above arm 0: for every total of successes the smallest x1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RejectionRegion {
    n1: u64,
    n0: u64,
    /// By total of successes; above `n1` when nothing is rejected.
    thresholds: Vec<u64>,
    size: CertifiedSupremum,
}

impl RejectionRegion {
    /// The largest region of the test's order whose error rate is at most `alpha` for every common proportion.
    ///
    /// One-sided; for a two-sided test at 5 % take `alpha` 0.025. Up to 1,000 people an arm.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::{ExactTest, RejectionRegion};
    /// // Fisher's test of three against three has 1/20 for its most extreme table; only without the condition is there a test at 2.5 %.
    /// let region = |test| RejectionRegion::new(test, 3, 3, 0.025).unwrap();
    /// assert!(!region(ExactTest::Fisher).rejects(3, 0) && region(ExactTest::Boschloo).rejects(3, 0));
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for `alpha` outside (0, 1); `too_few_units` for an empty arm; `too_large` beyond the limit.
    pub fn new(test: ExactTest, n1: u64, n0: u64, alpha: f64) -> Result<Self, StatError> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(StatError::invalid("alpha", "must lie strictly between 0 and 1"));
        }
        if n1 == 0 || n0 == 0 {
            return Err(StatError::TooFewUnits { need: 1, got: 0 });
        }
        if (u128::from(n1) + 1) * (u128::from(n0) + 1) > MAX_TABLES {
            return Err(StatError::TooLarge { reason: "exact power takes up to 1.1 million tables".to_owned() });
        }
        let region = match test {
            // Given the total, all tails within alpha; the size follows.
            ExactTest::Fisher => Self::from_tails(n1, n0, alpha),
            ExactTest::Boschloo => {
                let tails = all_upper_tails_ascending(n1, n0);
                Self::largest(&tails, alpha, |limit| Self::from_tails(n1, n0, *limit))
            }
            ExactTest::PooledZ => {
                let scores = all_scores_descending(n1, n0);
                Self::largest(&scores, alpha, |score| Self::from_thresholds(n1, n0, score.thresholds(n1, n0)))
            }
        };
        Ok(region)
    }

    /// The last of the growing regions whose size is within `alpha`, by bisection.
    fn largest<T>(orders: &[T], alpha: f64, region: impl Fn(&T) -> Self) -> Self {
        let (mut within, mut low, mut high) = (None, 0, orders.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let candidate = region(&orders[middle]);
            if candidate.size.upper_bound <= alpha {
                within = Some(candidate);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        within.unwrap_or_else(|| {
            let mut empty = region(&orders[0]);
            empty.thresholds.fill(empty.n1 + 1);
            empty.size = CertifiedSupremum { value: 0.0, upper_bound: 0.0, at: 0.0 };
            empty
        })
    }

    fn from_tails(n1: u64, n0: u64, limit: f64) -> Self {
        let within = upper_tails_within(n1, n0, limit);
        let thresholds = within.iter().map(|(_, threshold)| *threshold).collect();
        let tails: Vec<f64> = within.iter().map(|(tail, _)| *tail).collect();
        Self { n1, n0, thresholds, size: supremum(&tails) }
    }

    fn from_thresholds(n1: u64, n0: u64, thresholds: Vec<u64>) -> Self {
        let tail = |s: usize| -> f64 {
            let (low, masses) = conditional_masses(n1, n0, s as u64);
            masses.iter().skip(thresholds[s].saturating_sub(low) as usize).rev().sum::<f64>().min(1.0)
        };
        let tails: Vec<f64> = (0..thresholds.len()).map(tail).collect();
        Self { n1, n0, thresholds, size: supremum(&tails) }
    }

    /// The largest error rate over all common proportions, with its proof.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::{ExactTest, RejectionRegion};
    /// let region = RejectionRegion::new(ExactTest::Boschloo, 3, 3, 0.025).unwrap();
    /// // p^3 (1 - p)^3 is largest at one half.
    /// assert!((region.size().value - 1.0 / 64.0).abs() < 1e-12 && (region.size().at - 0.5).abs() < 1e-6);
    /// ```
    #[must_use]
    pub fn size(&self) -> CertifiedSupremum {
        self.size
    }

    /// Whether a table is rejected.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::{ExactTest, RejectionRegion};
    /// let region = RejectionRegion::new(ExactTest::Fisher, 4, 4, 0.025).unwrap();
    /// // The lady tasting tea: 1/70 for all right, 17/70 for three of four.
    /// assert!(region.rejects(4, 0) && !region.rejects(3, 1));
    /// ```
    #[must_use]
    pub fn rejects(&self, x1: u64, x0: u64) -> bool {
        self.thresholds.get((x1 + x0) as usize).is_some_and(|threshold| x1 >= *threshold)
    }

    /// The probability of rejection when the true proportions are `p1` and `p0`.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::{ExactTest, RejectionRegion};
    /// let region = RejectionRegion::new(ExactTest::Boschloo, 3, 3, 0.025).unwrap();
    /// // Only 3 of 3 against 0 of 3 is rejected.
    /// assert!((region.power(0.9, 0.2).unwrap() - 0.9_f64.powi(3) * 0.8_f64.powi(3)).abs() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a proportion outside [0, 1].
    pub fn power(&self, p1: f64, p0: f64) -> Result<f64, StatError> {
        for (name, p) in [("p1", p1), ("p0", p0)] {
            if !(0.0..=1.0).contains(&p) {
                return Err(StatError::invalid(name, "must lie between 0 and 1"));
            }
        }
        let (n1, n0) = (self.n1 as usize, self.n0 as usize);
        let (mut first, mut second) = (vec![0.0; n1 + 1], vec![0.0; n0 + 1]);
        let (from1, to1) = masses(n1, p1, &mut first);
        let (from0, to0) = masses(n0, p0, &mut second);
        let mut power = 0.0;
        for (x1, mass) in first.iter().enumerate().take(to1 + 1).skip(from1) {
            let other: f64 = (from0..=to0).filter(|x0| self.rejects(x1 as u64, *x0 as u64)).map(|x0| second[x0]).sum();
            power += mass * other;
        }
        Ok(power.min(1.0))
    }
}

/// What power does an exact test of two proportions have?
///
/// One-sided at `alpha`, towards the side on which `p1` lies from `p0` ([`Side::Two`] at twice the alpha has the same
/// power but for the wrong side, which is not counted). Complete enumeration, no approximation. Up to 1,000 people an arm.
///
/// ```
/// use fairtrial_stats::two_proportions::{ExactTest, exact_power};
/// let power = exact_power(ExactTest::Boschloo, 20, 20, 0.6, 0.3, 0.025).unwrap();
/// assert!((power - 0.446_650_356_6).abs() < 1e-10);
/// ```
///
/// # Errors
/// As [`RejectionRegion::new`] and [`RejectionRegion::power`].
pub fn exact_power(test: ExactTest, n1: u64, n0: u64, p1: f64, p0: f64, alpha: f64) -> Result<f64, StatError> {
    let side = if p1 >= p0 { Side::Greater } else { Side::Less };
    if side == Side::Greater {
        RejectionRegion::new(test, n1, n0, alpha)?.power(p1, p0)
    } else {
        RejectionRegion::new(test, n0, n1, alpha)?.power(p0, p1)
    }
}

/// How many people does an arm need so that an exact test has the wanted power?
///
/// Equal arms, one-sided at `alpha`. Exact power goes up and down with size like a saw: the answer is the smallest number
/// from which on the power stays at or above `power` up to `most`, which is at most 300.
///
/// ```
/// use fairtrial_stats::two_proportions::{ExactTest, exact_needed, exact_power};
/// let n = exact_needed(ExactTest::Boschloo, 0.6, 0.2, 0.025, 0.8, 60).unwrap();
/// // The power saws: it holds from here on, not only here.
/// let power = |n| exact_power(ExactTest::Boschloo, n, n, 0.6, 0.2, 0.025).unwrap();
/// assert!(power(n - 1) < 0.8 && (n..=60).all(|n| power(n) >= 0.8));
/// ```
///
/// # Errors
/// `not_estimable` when not even `most` suffices or the proportions are equal; otherwise as [`exact_power`].
pub fn exact_needed(test: ExactTest, p1: f64, p0: f64, alpha: f64, power: f64, most: u64) -> Result<u64, StatError> {
    if !(power > 0.0 && power < 1.0) {
        return Err(StatError::invalid("power", "must lie strictly between 0 and 1"));
    }
    if most == 0 || most > 300 {
        return Err(StatError::invalid("most", "must be between 1 and 300"));
    }
    if p1 == p0 {
        return Err(StatError::not_estimable("equal proportions cannot be told apart with any number"));
    }
    let enough = |n: u64| Ok::<bool, StatError>(exact_power(test, n, n, p1, p0, alpha)? >= power);
    if !enough(most)? {
        return Err(StatError::not_estimable(format!("{most} people an arm do not reach the wanted power")));
    }
    let mut n = most;
    while n > 1 && enough(n - 1)? {
        n -= 1;
    }
    Ok(n)
}
