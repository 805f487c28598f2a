//! Sets of compatible values that need not be an interval.

use serde::{Deserialize, Serialize};

use crate::estimate::Interval;

/// The values of a ratio that a test at the stated level does not reject.
///
/// When the denominator is not clearly different from zero, this is not an interval: every value, or everything outside a gap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case")]
pub enum ConfidenceSet {
    /// From `lower` to `upper`.
    Bounded {
        /// Smallest compatible value.
        lower: f64,
        /// Largest compatible value.
        upper: f64,
    },
    /// Up to `below` and from `above`: everything except the gap between them.
    OutsideGap {
        /// End of the lower ray.
        below: f64,
        /// Start of the upper ray.
        above: f64,
    },
    /// Every value is compatible with the data.
    Everything,
}

impl ConfidenceSet {
    /// The ratios `r` with `(y - r x)^2 <= c^2 Var(y - r x)`, the inequality of Fieller (1954).
    ///
    /// `covariance` is that of the numerator's and the denominator's estimates.
    pub(crate) fn fieller(y: f64, x: f64, var_y: f64, var_x: f64, covariance: f64, critical: f64) -> Self {
        // Numerator and denominator in units of their own size, so that no product overflows.
        let (unit_x, unit_y) = (x.abs().max(var_x.sqrt()), y.abs().max(var_y.sqrt()));
        if unit_x <= 0.0 || !unit_x.is_finite() || !unit_y.is_finite() {
            return Self::Everything;
        }
        let unit_y = if unit_y > 0.0 { unit_y } else { 1.0 };
        let scaled = Self::fieller_scaled(
            y / unit_y,
            x / unit_x,
            var_y / unit_y / unit_y,
            var_x / unit_x / unit_x,
            covariance / unit_x / unit_y,
            critical,
        );
        let back = |value: f64| value * (unit_y / unit_x);
        match scaled {
            Self::Bounded { lower, upper } => Self::Bounded { lower: back(lower), upper: back(upper) },
            Self::OutsideGap { below, above } => Self::OutsideGap { below: back(below), above: back(above) },
            Self::Everything => Self::Everything,
        }
    }

    fn fieller_scaled(y: f64, x: f64, var_y: f64, var_x: f64, covariance: f64, critical: f64) -> Self {
        let c2 = critical * critical;
        let (a, half_b, c) = (x * x - c2 * var_x, x * y - c2 * covariance, y * y - c2 * var_y);
        // b² - ac expanded: the large terms x²y² cancel on paper, not in floating point.
        let spread =
            (y * y * var_x - 2.0 * x * y * covariance + x * x * var_y) - c2 * (var_x * var_y - covariance * covariance);
        let discriminant = c2 * spread;
        if a > 0.0 {
            let root = discriminant.max(0.0).sqrt();
            // The root further from zero first, the other one from the product of both, so that nothing cancels.
            let far = if half_b >= 0.0 { half_b + root } else { half_b - root };
            let (first, second) = if far == 0.0 { (0.0, 0.0) } else { (far / a, c / far) };
            return Self::Bounded { lower: first.min(second), upper: first.max(second) };
        }
        if discriminant <= 0.0 || a == 0.0 {
            return Self::Everything;
        }
        let root = discriminant.sqrt();
        let far = if half_b >= 0.0 { half_b + root } else { half_b - root };
        let (first, second) = (far / a, c / far);
        Self::OutsideGap { below: first.min(second), above: first.max(second) }
    }

    /// The smallest interval that contains the set.
    ///
    /// ```
    /// use fairtrial_stats::confidence_set::ConfidenceSet;
    /// let set = ConfidenceSet::Bounded { lower: 0.5, upper: 2.0 };
    /// assert_eq!((set.hull(0.95).lower, set.hull(0.95).upper), (0.5, 2.0));
    /// // A set with a gap is not made to look like an interval: its hull is the whole line.
    /// let gap = ConfidenceSet::OutsideGap { below: -1.0, above: 3.0 };
    /// assert_eq!(gap.hull(0.95).lower, f64::NEG_INFINITY);
    /// ```
    #[must_use]
    pub fn hull(&self, level: f64) -> Interval {
        match *self {
            Self::Bounded { lower, upper } => Interval { lower, upper, level },
            Self::OutsideGap { .. } | Self::Everything => {
                Interval { lower: f64::NEG_INFINITY, upper: f64::INFINITY, level }
            }
        }
    }

    /// Whether a value is in the set.
    ///
    /// ```
    /// use fairtrial_stats::confidence_set::ConfidenceSet;
    /// let gap = ConfidenceSet::OutsideGap { below: -1.0, above: 3.0 };
    /// assert!(gap.contains(-1.0) && !gap.contains(0.0) && gap.contains(7.0));
    /// assert!(ConfidenceSet::Everything.contains(0.0));
    /// ```
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        match *self {
            Self::Bounded { lower, upper } => lower <= value && value <= upper,
            Self::OutsideGap { below, above } => value <= below || value >= above,
            Self::Everything => true,
        }
    }
}
