//! The shapes in which results are given.

use crate::special::elementary::{exp, ln};
use serde::{Deserialize, Serialize};

/// Which alternatives count against the null hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Both directions; exact tests double the smaller tail (central).
    Two,
    /// Arm 1 above arm 0.
    Greater,
    /// Arm 1 below arm 0.
    Less,
}

/// An interval of values compatible with the data at the stated level. A missing bound is unbounded, never a fake number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower bound; `f64::NEG_INFINITY` when unbounded.
    pub lower: f64,
    /// Upper bound; `f64::INFINITY` when unbounded.
    pub upper: f64,
    /// Confidence level in (0, 1), for example 0.95.
    pub level: f64,
}

impl Interval {
    /// Whether a value lies in the closed interval.
    ///
    /// ```
    /// use fairtrial_stats::Interval;
    /// let interval = Interval { lower: 0.0, upper: f64::INFINITY, level: 0.95 };
    /// assert!(interval.contains(0.0) && interval.contains(1e300) && !interval.contains(-1e-300));
    /// ```
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }
}

/// A p-value kept as its natural logarithm, so that it never underflows to a false 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PValue {
    /// Natural logarithm of the p-value; at most 0.
    pub ln_p: f64,
}

impl PValue {
    /// From a probability in (0, 1].
    ///
    /// ```
    /// use fairtrial_stats::PValue;
    /// assert!((PValue::from_p(0.05).ln_p + 2.995_732_273_553_991).abs() < 1e-15);
    /// // Twice a tail above one half is no more than certain.
    /// assert_eq!(PValue::from_p(1.2).p(), 1.0);
    /// ```
    #[must_use]
    pub fn from_p(p: f64) -> Self {
        Self { ln_p: ln(p.min(1.0)) }
    }

    /// From a natural logarithm.
    ///
    /// ```
    /// use fairtrial_stats::PValue;
    /// // A p-value of e^-5000 is not 0.
    /// let tiny = PValue::from_ln(-5000.0);
    /// assert_eq!((tiny.ln_p, tiny.p()), (-5000.0, 0.0));
    /// ```
    #[must_use]
    pub fn from_ln(ln_p: f64) -> Self {
        Self { ln_p: ln_p.min(0.0) }
    }

    /// The p-value itself; 0 only below the smallest positive number that a double can hold.
    ///
    /// ```
    /// use fairtrial_stats::PValue;
    /// assert!((PValue::from_ln(0.5_f64.ln()).p() - 0.5).abs() < 1e-16);
    /// ```
    #[must_use]
    pub fn p(&self) -> f64 {
        exp(self.ln_p)
    }
}

/// On what the stated error rate of a method rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarantee {
    /// Holds for every sample size.
    Exact,
    /// Holds because the assignment was random in the way that the test repeats.
    DesignBased,
    /// Holds at every moment and every sample size.
    Anytime,
    /// Holds for large samples; small ones are approximate.
    Asymptotic,
}

/// An estimate with what is known of its certainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Point estimate in the unit of the measure; none when the data do not give one (0 / 0).
    pub point: Option<f64>,
    /// Standard error, where the method has one.
    pub standard_error: Option<f64>,
    /// Degrees of freedom, where the method has them.
    pub degrees_of_freedom: Option<f64>,
    /// Interval at the level asked for.
    pub interval: Interval,
    /// p-value of the null hypothesis asked for, where the method tests one.
    pub p_value: Option<PValue>,
    /// Field's name of the method, as in `docs/STATISTICS.md`.
    pub method: String,
    /// On what its error rate rests.
    pub guarantee: Guarantee,
}
