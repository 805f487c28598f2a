use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::estimate::Interval;
use crate::special::{normal, root};
use crate::wald::{check_finite, check_level};

/// An arm's outcome that lies between known limits, partly missing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundedOutcome {
    /// Units with an outcome.
    pub observed: u64,
    /// Units without.
    pub missing: u64,
    /// Mean of the observed outcomes.
    pub mean: f64,
}

/// The smallest and the largest effect that missing outcomes can hide.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Smallest effect.
    pub lower: f64,
    /// Largest effect.
    pub upper: f64,
}

/// Between which limits does the difference of means lie, whatever the missing outcomes are? (Worst-case bounds.)
///
/// # Arguments
/// * `arm1`, `arm0` - observed and missing units with the observed mean; `smallest`, `largest` - the outcome's limits, 0 and 1 for
///   yes/no.
///
/// # Result
/// Bounds of the difference 1 - 0 in this very sample; `imbens_manski` adds sampling uncertainty.
///
/// # When not
/// Not for an outcome without limits.
///
/// # Source
/// Horowitz and Manski (2000), JASA 95:77-84.
///
/// # Errors
/// `TooFewUnits` for an empty arm, `InvalidArgument` for limits or means out of order.
///
/// ```
/// use fairtrial_stats::missing::{BoundedOutcome, manski_bounds};
/// let arm1 = BoundedOutcome { observed: 90, missing: 10, mean: 0.6 };
/// let arm0 = BoundedOutcome { observed: 100, missing: 0, mean: 0.5 };
/// let bounds = manski_bounds(&arm1, &arm0, 0.0, 1.0)?;
/// assert!((bounds.lower - 0.04).abs() < 1e-12 && (bounds.upper - 0.14).abs() < 1e-12);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn manski_bounds(
    arm1: &BoundedOutcome,
    arm0: &BoundedOutcome,
    smallest: f64,
    largest: f64,
) -> Result<Bounds, StatError> {
    check_finite("smallest", smallest)?;
    check_finite("largest", largest)?;
    if smallest >= largest {
        return Err(StatError::invalid("largest", "must be above the smallest value"));
    }
    let range = |arm: &BoundedOutcome, argument: &str| -> Result<(f64, f64), StatError> {
        let (observed, missing) = (arm.observed as f64, arm.missing as f64);
        if arm.observed == 0 && arm.missing == 0 {
            return Err(StatError::TooFewUnits { need: 1, got: 0 });
        }
        if arm.observed > 0 && !(smallest..=largest).contains(&arm.mean) {
            return Err(StatError::invalid(argument, "the mean must lie within the outcome's limits"));
        }
        let share = missing / (observed + missing);
        let known = if arm.observed > 0 { (1.0 - share) * arm.mean } else { 0.0 };
        Ok((known + share * smallest, known + share * largest))
    };
    let ((low1, high1), (low0, high0)) = (range(arm1, "arm1")?, range(arm0, "arm0")?);
    Ok(Bounds { lower: low1 - high0, upper: high1 - low0 })
}

/// Which effects are compatible with the data when the effect itself is only known to lie between bounds? (Imbens and Manski.)
///
/// # Arguments
/// * `bounds` - estimated bounds; `lower_error`, `upper_error` - their standard errors, at least 0; `level` - in (0, 1).
///
/// # Result
/// An interval that contains the true effect with the stated probability; shorter than one that contains both bounds.
///
/// # Source
/// Imbens and Manski (2004), Econometrica 72:1845-1857, equation 7.
///
/// ```
/// use fairtrial_stats::missing::{Bounds, imbens_manski};
/// // Bounds far apart need the one-sided 1.645 at either end only; bounds that meet need 1.96.
/// let far = imbens_manski(&Bounds { lower: 0.0, upper: 100.0 }, 1.0, 1.0, 0.95).unwrap();
/// assert!((far.lower + 1.644_853_627).abs() < 1e-6);
/// let point = imbens_manski(&Bounds { lower: 0.0, upper: 0.0 }, 1.0, 1.0, 0.95).unwrap();
/// assert!((point.upper - 1.959_963_985).abs() < 1e-6);
/// ```
///
/// # Errors
/// `InvalidArgument`, `NoConvergence`.
pub fn imbens_manski(bounds: &Bounds, lower_error: f64, upper_error: f64, level: f64) -> Result<Interval, StatError> {
    check_level(level)?;
    check_finite("bounds", bounds.upper - bounds.lower)?;
    if bounds.lower > bounds.upper {
        return Err(StatError::invalid("bounds", "the lower bound is above the upper one"));
    }
    for (argument, error) in [("lower_error", lower_error), ("upper_error", upper_error)] {
        if !(error.is_finite() && error >= 0.0) {
            return Err(StatError::invalid(argument, "must be finite and at least 0"));
        }
    }
    let largest = lower_error.max(upper_error);
    let critical = if largest == 0.0 {
        0.0
    } else {
        let width = (bounds.upper - bounds.lower) / largest;
        let excess = |c: f64| normal::sf(c) + normal::cdf(-c - width) - (1.0 - level);
        root::find(excess, 0.0, 1.0 - normal::quantile((1.0 - level) / 2.0), 1e-14)?.value
    };
    Ok(Interval { lower: bounds.lower - critical * lower_error, upper: bounds.upper + critical * upper_error, level })
}
