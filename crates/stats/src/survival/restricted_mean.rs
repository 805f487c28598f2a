use crate::special::elementary::{exp, hypot, ln};
use serde::{Deserialize, Serialize};

use super::{KaplanMeier, Observation};
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Interval, Side};
use crate::wald::{Reference, Wald, check_positive};

/// Mean time without the event up to a horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RestrictedMean {
    /// Mean time in the unit of the times.
    pub mean: f64,
    /// Standard error; 0 when nobody had the event before the horizon.
    pub standard_error: f64,
}

/// Mean times of both arms compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestrictedMeanComparison {
    /// Arm 1.
    pub arm1: RestrictedMean,
    /// Arm 0.
    pub arm0: RestrictedMean,
    /// Difference 1 - 0 of the mean times.
    pub difference: Estimate,
    /// Ratio 1 / 0 of the mean times.
    pub ratio: Estimate,
    /// Ratio 1 / 0 of the mean times lost to the event before the horizon; none when no time was lost in an arm.
    pub ratio_of_time_lost: Option<Estimate>,
}

/// How long do people wait on average, looking no further than a horizon?
///
/// # Arguments
/// * `observations` - times; `horizon` - above 0 and not beyond what was observed.
///
/// # Source
/// Irwin (1949); Uno and others (2014), Journal of Clinical Oncology 32:2380-2385.
///
/// ```
/// use fairtrial_stats::survival::{Observation, restricted_mean};
/// let of = |times: &[f64]| -> Vec<Observation> { times.iter().map(|&time| Observation { time, event: true }).collect() };
/// // Everybody seen to the end: the plain mean, and the plain standard error with 1/n.
/// let mean = restricted_mean(&of(&[1.0, 2.0, 3.0]), 3.0).unwrap();
/// assert!((mean.mean - 2.0).abs() < 1e-14 && (mean.standard_error - (2.0 / 9.0_f64).sqrt()).abs() < 1e-14);
/// ```
///
/// # Errors
/// `NotEstimable` for a horizon beyond the longest time observed (unless everybody had the event), `TooFewUnits`,
/// `InvalidArgument`.
pub fn restricted_mean(observations: &[Observation], horizon: f64) -> Result<RestrictedMean, StatError> {
    check_positive("horizon", horizon)?;
    let curve = KaplanMeier::fit(observations)?;
    let steps = curve.steps();
    let ends_at_zero = steps.last().is_some_and(|step| step.survival == 0.0);
    if horizon > curve.last_time() && !ends_at_zero {
        return Err(StatError::not_estimable("the horizon is beyond the longest time observed in an arm"));
    }
    let within: Vec<_> = steps.iter().take_while(|step| step.time <= horizon).collect();
    // Areas from each event to the horizon, built from the right.
    let (mut area, mut variance, mut until) = (0.0, 0.0, horizon);
    for step in within.iter().rev() {
        area += step.survival * (until - step.time);
        until = step.time;
        let left = step.at_risk - step.events;
        if left > 0.0 {
            variance += area * area * step.events / (step.at_risk * left);
        }
    }
    Ok(RestrictedMean { mean: area + until, standard_error: variance.sqrt() })
}

/// By how much does the mean time up to a horizon differ?
///
/// # Arguments
/// * `arm1`, `arm0` - times; `horizon` - within what was observed in both arms; `side`, `level` - question.
///
/// # Result
/// Difference in the unit of time, and ratios by the delta method on the logarithm; standard errors of ratios are those of the
/// logarithm.
///
/// # When not
/// Not with a horizon chosen after seeing the curves.
///
/// # Source
/// Uno and others (2014); Tian, Zhao and Wei (2014).
///
/// ```
/// use fairtrial_stats::{Side, survival::{Observation, compare_restricted_means}};
/// let of = |times: &[f64]| -> Vec<Observation> { times.iter().map(|&time| Observation { time, event: true }).collect() };
/// let found = compare_restricted_means(&of(&[2.0, 4.0, 6.0]), &of(&[1.0, 2.0, 3.0]), 3.0, Side::Two, 0.95).unwrap();
/// // Up to 3: (2 + 3 + 3)/3 against 2.
/// assert!((found.difference.point.unwrap() - 2.0 / 3.0).abs() < 1e-14);
/// assert!((found.ratio.point.unwrap() - 4.0 / 3.0).abs() < 1e-14);
/// ```
///
/// # Errors
/// As [`restricted_mean`]; `ZeroVariance` when nobody had the event before the horizon.
pub fn compare_restricted_means(
    arm1: &[Observation],
    arm0: &[Observation],
    horizon: f64,
    side: Side,
    level: f64,
) -> Result<RestrictedMeanComparison, StatError> {
    let (m1, m0) = (restricted_mean(arm1, horizon)?, restricted_mean(arm0, horizon)?);
    let wald = |point: f64, standard_error: f64| Wald {
        point,
        standard_error,
        reference: Reference::Normal,
        null: 0.0,
        side,
        level,
    };
    let difference = wald(m1.mean - m0.mean, hypot(m1.standard_error, m0.standard_error))
        .estimate("difference of restricted means", Guarantee::Asymptotic)?;
    let ratio = |part1: f64, part0: f64, method: &str| -> Result<Estimate, StatError> {
        let error = hypot(m1.standard_error / part1, m0.standard_error / part0);
        let mut estimate = wald(ln(part1 / part0), error).estimate(method, Guarantee::Asymptotic)?;
        estimate.point = Some(part1 / part0);
        estimate.interval =
            Interval { lower: exp(estimate.interval.lower), upper: exp(estimate.interval.upper), level };
        Ok(estimate)
    };
    let (lost1, lost0) = (horizon - m1.mean, horizon - m0.mean);
    let ratio_of_time_lost =
        if lost1 > 0.0 && lost0 > 0.0 { Some(ratio(lost1, lost0, "ratio of restricted times lost")?) } else { None };
    Ok(RestrictedMeanComparison {
        arm1: m1,
        arm0: m0,
        difference,
        ratio: ratio(m1.mean, m0.mean, "ratio of restricted means")?,
        ratio_of_time_lost,
    })
}
