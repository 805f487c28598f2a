use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::special::student;
use crate::sufficient::Moments;
use crate::two_proportions::risk_difference;
use crate::wald::check_level;

/// Most missing outcomes an arm that are gone through.
const MOST_MISSING: u64 = 2_000;

/// An arm's yes-or-no outcomes, partly missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartlyObserved {
    /// Successes among the units with an outcome.
    pub successes: u64,
    /// Units with an outcome.
    pub observed: u64,
    /// Units without.
    pub missing: u64,
}

/// What an interval of a difference says of no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The whole interval is above 0.
    Higher,
    /// The whole interval is below 0.
    Lower,
    /// The interval holds 0.
    Open,
}

/// For one number of successes among the missing of arm 0, where the conclusion tips along arm 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TippingRow {
    /// Successes supposed among the missing of arm 0.
    pub missing_successes0: u64,
    /// Fewest successes among the missing of arm 1 with which arm 1 is shown higher; none when no number does.
    pub higher_from: Option<u64>,
    /// Most successes among the missing of arm 1 with which arm 1 is shown lower; none when no number does.
    pub lower_to: Option<u64>,
}

/// How the conclusion depends on the missing outcomes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TippingPoints {
    /// The conclusion from the units with an outcome.
    pub observed: Conclusion,
    /// Whether every way of filling in the missing outcomes leads to it.
    pub always: bool,
    /// One row for each number of successes among the missing of arm 0.
    pub rows: Vec<TippingRow>,
}

/// How different from the others must the missing people have been for the conclusion to tip? (Yes-or-no outcome.)
///
/// # Arguments
/// * `arm1`, `arm0` - successes, observed and missing units; at most 2,000 missing an arm; `level` - in (0, 1).
///
/// # Result
/// Every pair of numbers of successes among the missing is supposed in turn and the whole analysed by
/// [`risk_difference`]; given is where its interval stops leaving out 0. Whoever reads it judges whether the missing can have
/// been like that. No assumption about why outcomes are missing is made.
///
/// # When not
/// Not as an estimate: it says what would have to be true, not what is.
///
/// # Source
/// Yan, Lee and Li (2009), J. Biopharm. Stat. 19:1085-1098; Liublinska and Rubin (2014), Statist. Med. 33:4170-4185.
///
/// # Errors
/// `InvalidArgument` for more successes than observed units or a level outside (0, 1), `TooFewUnits` for an arm without
/// observed units, `TooLarge` beyond 2,000 missing an arm.
///
/// ```
/// use fairtrial_stats::missing::{Conclusion, PartlyObserved, tipping_point_proportions};
/// let arm1 = PartlyObserved { successes: 60, observed: 80, missing: 10 };
/// let arm0 = PartlyObserved { successes: 40, observed: 80, missing: 5 };
/// let points = tipping_point_proportions(&arm1, &arm0, 0.95)?;
/// assert_eq!(points.observed, Conclusion::Higher);
/// // Even if all five missing of arm 0 had succeeded, two successes among the ten of arm 1 would be enough.
/// assert_eq!(points.rows[5].higher_from, Some(2));
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn tipping_point_proportions(
    arm1: &PartlyObserved,
    arm0: &PartlyObserved,
    level: f64,
) -> Result<TippingPoints, StatError> {
    check_level(level)?;
    if arm1.missing.max(arm0.missing) > MOST_MISSING {
        return Err(StatError::TooLarge { reason: format!("more than {MOST_MISSING} missing outcomes in an arm") });
    }
    let conclude = |x1, n1, x0, n0| -> Result<Conclusion, StatError> {
        let interval = risk_difference(x1, n1, x0, n0, level)?.interval;
        Ok(match (interval.lower > 0.0, interval.upper < 0.0) {
            (true, _) => Conclusion::Higher,
            (_, true) => Conclusion::Lower,
            _ => Conclusion::Open,
        })
    };
    let observed = conclude(arm1.successes, arm1.observed, arm0.successes, arm0.observed)?;
    let (n1, n0) = (arm1.observed + arm1.missing, arm0.observed + arm0.missing);
    let mut rows = Vec::with_capacity(arm0.missing as usize + 1);
    let mut always = true;
    for missing0 in 0..=arm0.missing {
        let at = |missing1: u64| conclude(arm1.successes + missing1, n1, arm0.successes + missing0, n0);
        // One more success in arm 1 never speaks against it, so that each boundary is found by halving.
        let higher_from = first(arm1.missing, |missing1| Ok(at(missing1)? == Conclusion::Higher))?;
        let not_lower_from = first(arm1.missing, |missing1| Ok(at(missing1)? != Conclusion::Lower))?;
        let lower_to = not_lower_from.map_or(Some(arm1.missing), |from| from.checked_sub(1));
        always &= match observed {
            Conclusion::Higher => higher_from == Some(0),
            Conclusion::Lower => lower_to == Some(arm1.missing),
            Conclusion::Open => higher_from.is_none() && lower_to.is_none(),
        };
        rows.push(TippingRow { missing_successes0: missing0, higher_from, lower_to });
    }
    Ok(TippingPoints { observed, always, rows })
}

/// The first number from 0 to `last` that holds, given that all after it do; none when not even the last does.
fn first(last: u64, holds: impl Fn(u64) -> Result<bool, StatError>) -> Result<Option<u64>, StatError> {
    if !holds(last)? {
        return Ok(None);
    }
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle)? { high = middle } else { low = middle + 1 }
    }
    Ok(Some(low))
}

/// By how much the missing of one arm must differ from those observed there for the conclusion to tip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TippingShift {
    /// The conclusion from the units with an outcome.
    pub observed: Conclusion,
    /// Mean of the missing of arm 1 minus that of the observed of arm 1 at which the interval reaches 0, arm 0's missing
    /// being like the observed; none when no shift towards no difference does.
    pub shift1: Option<f64>,
    /// The same for arm 0.
    pub shift0: Option<f64>,
}

/// How different from the others must the missing people have been for the conclusion to tip? (Means.)
///
/// # Arguments
/// * `arm1`, `arm0` - moments of the observed outcomes; `missing1`, `missing0` - units without; `level` - in (0, 1).
///
/// # Result
/// The missing of one arm are supposed to have a mean that lies by a shift away from the observed mean of their arm. The
/// interval is Welch's, moved by shift x share missing; the chance in how many are missing is counted. Given is the shift in
/// each arm, the other arm's missing being like its observed, at which the interval just reaches 0.
///
/// # When not
/// Not as an estimate: it says what would have to be true. When the conclusion is open there is nothing to tip.
///
/// # Source
/// Little (1993), JASA 88:125-134 (pattern mixture); Yan, Lee and Li (2009), J. Biopharm. Stat. 19:1085-1098.
///
/// # Errors
/// `TooFewUnits` below two observed units an arm, `ZeroVariance`, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::missing::{Conclusion, tipping_point_means};
/// use fairtrial_stats::sufficient::Moments;
/// let (arm1, arm0) = (Moments::from_variance(90, 12.0, 9.0)?, Moments::from_variance(95, 10.0, 9.0)?);
/// let tip = tipping_point_means(&arm1, 10, &arm0, 5, 0.95)?;
/// assert_eq!(tip.observed, Conclusion::Higher);
/// // The ten missing of arm 1 would have to lie 9.6 below the 90 others: more than three standard deviations.
/// assert!((tip.shift1.unwrap() + 9.602).abs() < 1e-3);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn tipping_point_means(
    arm1: &Moments,
    missing1: u64,
    arm0: &Moments,
    missing0: u64,
    level: f64,
) -> Result<TippingShift, StatError> {
    let welch = crate::means::welch(arm1, arm0, 0.0, crate::Side::Two, level)?;
    let (Some(point), Some(error), Some(df)) = (welch.point, welch.standard_error, welch.degrees_of_freedom) else {
        return Err(StatError::ZeroVariance);
    };
    let observed = match (welch.interval.lower > 0.0, welch.interval.upper < 0.0) {
        (true, _) => Conclusion::Higher,
        (_, true) => Conclusion::Lower,
        _ => return Ok(TippingShift { observed: Conclusion::Open, shift1: None, shift0: None }),
    };
    let critical = student::quantile(0.5 + 0.5 * level, df);
    let shift = |n: u64, missing: u64, sign: f64| {
        let total = (n + missing) as f64;
        let share = missing as f64 / total;
        let spread = share * (1.0 - share) / total;
        // (point + sign share shift)^2 = critical^2 (error^2 + spread shift^2), written for y = sign shift.
        let a = share * share - critical * critical * spread;
        let half_b = point * share;
        let c = point * point - critical * critical * error * error;
        nearest_root(a, half_b, c, -point.signum()).map(|y| sign * y)
    };
    Ok(TippingShift { observed, shift1: shift(arm1.n, missing1, 1.0), shift0: shift(arm0.n, missing0, -1.0) })
}

/// The root of `a y^2 + 2 half_b y + c` nearest to 0 with the sign given.
fn nearest_root(a: f64, half_b: f64, c: f64, sign: f64) -> Option<f64> {
    let discriminant = half_b * half_b - a * c;
    if discriminant < 0.0 || half_b == 0.0 {
        return None;
    }
    let q = -(half_b + half_b.signum() * discriminant.sqrt());
    [q / a, c / q]
        .into_iter()
        .filter(|root| root.is_finite() && root.signum() == sign)
        .min_by(|x, y| x.abs().total_cmp(&y.abs()))
}
