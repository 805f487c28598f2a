//! The exact intervals of all possible results of a trial at once: what they cover and how wide they will be.

use crate::special::elementary::exp;
use serde::Serialize;

use super::exact_limit::{Limits, unbounded};
use super::exact_ratio::ExactMeasure;
use super::supremum::masses;
use super::table::{Table, check_level};
use crate::{Interval, StatError};

/// Most people in an arm.
const MOST: u64 = 40;

/// The exact interval of every possible table of two sizes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExactIntervals {
    n1: u64,
    n0: u64,
    measure: ExactMeasure,
    /// By x1 and x0.
    intervals: Vec<Interval>,
}

impl ExactIntervals {
    /// All intervals that [`exact_unconditional`](super::exact_unconditional) gives for trials of these sizes, with the whole
    /// search; limits agree to 2e-7 (of a difference, or of the logarithm of a ratio).
    ///
    /// What speaks against null hypotheses far outside is proved for many tables at once, and a limit serves for the table with
    /// successes and failures exchanged: several times faster than one table after the other. Up to 40 people an arm.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::{ExactIntervals, ExactMeasure};
    /// let all = ExactIntervals::new(1, 1, ExactMeasure::RiskDifference, 0.95).unwrap();
    /// // 1 of 1 against 0 of 1: at least 2 times the root of 0.025, less 1.
    /// let interval = all.interval(1, 0).unwrap();
    /// assert!((interval.lower - (2.0 * 0.025_f64.sqrt() - 1.0)).abs() < 2e-7 && interval.upper == 1.0);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a level outside (0, 1); `too_few_units` for an empty arm; `too_large` beyond the limit.
    pub fn new(n1: u64, n0: u64, measure: ExactMeasure, level: f64) -> Result<Self, StatError> {
        check_level(level)?;
        if n1 == 0 || n0 == 0 {
            return Err(StatError::TooFewUnits { need: 1, got: 0 });
        }
        if n1.max(n0) > MOST {
            return Err(StatError::TooLarge {
                reason: "all exact intervals at once take up to 40 people an arm".to_owned(),
            });
        }
        let tail = 0.5 * (1.0 - level);
        let lower = lower_limits(n1, n0, measure, tail)?;
        // Exchanged arms exchange the sides of a ratio; for the others exchanged outcomes do, which needs no other search.
        let other = if measure == ExactMeasure::RiskRatio && n1 != n0 {
            Some(lower_limits(n0, n1, measure, tail)?)
        } else {
            None
        };
        let at = |x1: u64, x0: u64| (x1 * (n0 + 1) + x0) as usize;
        let interval = |x1: u64, x0: u64| {
            let low = lower[at(x1, x0)];
            let high = match (measure, &other) {
                (ExactMeasure::RiskRatio, Some(other)) => -other[(x0 * (n1 + 1) + x1) as usize],
                (ExactMeasure::RiskRatio, None) => -lower[at(x0, x1)],
                _ => -lower[at(n1 - x1, n0 - x0)],
            };
            match measure {
                ExactMeasure::RiskDifference => Interval { lower: low, upper: high, level },
                _ => Interval { lower: exp(low), upper: exp(high), level },
            }
        };
        let intervals =
            (0..=n1).flat_map(|x1| (0..=n0).map(move |x0| (x1, x0))).map(|(x1, x0)| interval(x1, x0)).collect();
        Ok(Self { n1, n0, measure, intervals })
    }

    /// The interval of `x1` successes in arm 1 and `x0` in arm 0; none beyond the sizes.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::{ExactIntervals, ExactMeasure};
    /// let all = ExactIntervals::new(3, 2, ExactMeasure::OddsRatio, 0.9).unwrap();
    /// assert!(all.interval(3, 0).unwrap().upper.is_infinite() && all.interval(4, 0).is_none());
    /// ```
    #[must_use]
    pub fn interval(&self, x1: u64, x0: u64) -> Option<Interval> {
        if x1 > self.n1 || x0 > self.n0 {
            return None;
        }
        self.intervals.get((x1 * (self.n0 + 1) + x0) as usize).copied()
    }

    /// How often does the interval contain the true value, when the proportions are `p1` and `p0`? By complete enumeration.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::{ExactIntervals, ExactMeasure};
    /// let all = ExactIntervals::new(8, 8, ExactMeasure::RiskDifference, 0.9).unwrap();
    /// assert!(all.coverage(0.62, 0.31).unwrap() >= 0.9);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a proportion outside (0, 1).
    pub fn coverage(&self, p1: f64, p0: f64) -> Result<f64, StatError> {
        let odds = |p: f64| p / (1.0 - p);
        let truth = match self.measure {
            ExactMeasure::RiskDifference => p1 - p0,
            ExactMeasure::RiskRatio => p1 / p0,
            ExactMeasure::OddsRatio => odds(p1) / odds(p0),
        };
        Ok(self.mean(p1, p0, |interval| if interval.contains(truth) { 1.0 } else { 0.0 })?.min(1.0))
    }

    /// How wide will the interval be on average, when the proportions are `p1` and `p0`? Infinite where a result that can
    /// come has an interval without a bound.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::{ExactIntervals, ExactMeasure};
    /// let width = |n| ExactIntervals::new(n, n, ExactMeasure::RiskDifference, 0.95).unwrap().expected_width(0.6, 0.3).unwrap();
    /// assert!(width(20) < width(10) && width(10) < 1.0);
    /// ```
    ///
    /// # Errors
    /// As [`ExactIntervals::coverage`].
    pub fn expected_width(&self, p1: f64, p0: f64) -> Result<f64, StatError> {
        self.mean(p1, p0, |interval| interval.upper - interval.lower)
    }

    /// The mean over all tables of something of their intervals.
    fn mean(&self, p1: f64, p0: f64, value: impl Fn(&Interval) -> f64) -> Result<f64, StatError> {
        for (name, p) in [("p1", p1), ("p0", p0)] {
            if !(p > 0.0 && p < 1.0) {
                return Err(StatError::invalid(name, "must lie strictly between 0 and 1"));
            }
        }
        let (mut first, mut second) = (vec![0.0; self.n1 as usize + 1], vec![0.0; self.n0 as usize + 1]);
        masses(self.n1 as usize, p1, &mut first);
        masses(self.n0 as usize, p0, &mut second);
        let row = |intervals: &[Interval]| -> f64 {
            let possible = intervals.iter().zip(&second).filter(|(_, mass)| **mass > 0.0);
            possible.map(|(interval, mass)| mass * value(interval)).sum()
        };
        let rows = self.intervals.chunks(second.len()).zip(&first).filter(|(_, mass)| **mass > 0.0);
        Ok(rows.map(|(intervals, mass)| mass * row(intervals)).sum())
    }
}

/// The lower limits of all tables, on the scale on which exchanged arms change the sign, by x1 and x0.
fn lower_limits(n1: u64, n0: u64, measure: ExactMeasure, tail: f64) -> Result<Vec<f64>, StatError> {
    let mut limits = Limits::of_all(n1, n0, measure, tail);
    let mut found = Vec::with_capacity(((n1 + 1) * (n0 + 1)) as usize);
    for x1 in 0..=n1 {
        for x0 in 0..=n0 {
            let table = Table::new(x1, n1, x0, n0)?;
            found.push(unbounded(&table, measure).unwrap_or_else(|| limits.lower(&table, (0.0, 1.0))));
        }
    }
    Ok(found)
}
