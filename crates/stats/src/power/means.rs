use super::noncentral_t;
use super::plan::{Plan, SampleSize, check_alpha, detectable};
use crate::error::StatError;
use crate::estimate::Side;
use crate::means::satterthwaite;
use crate::wald::{check_finite, check_positive};

/// Standard error and degrees of freedom: pooled for equal spreads, Welch's otherwise.
fn standard_error(n1: f64, n0: f64, sd1: f64, sd0: f64) -> (f64, f64) {
    let (v1, v0) = (sd1 * sd1 / n1, sd0 * sd0 / n0);
    let df = if sd1 == sd0 { n1 + n0 - 2.0 } else { satterthwaite(&[(v1, n1 - 1.0), (v0, n0 - 1.0)]) };
    ((v1 + v0).sqrt(), df)
}

/// With which probability does a t test find a difference of means?
///
/// # Arguments
/// * `difference` - true difference of means 1 - 0 minus the difference under the null hypothesis (for non-inferiority add the
///   margin), in the outcome's unit.
/// * `n1`, `n0` - units to be analysed, above 1 each, not necessarily whole; `sd1`, `sd0` - standard deviations.
/// * `alpha`, `side` - error rate and sides; with both sides both tails count.
///
/// # Source
/// Noncentral t; Cohen (1988), chapter 2. For unequal spreads Welch's degrees of freedom (Moser, Stevens and Watts 1989).
///
/// # Errors
/// `InvalidArgument`, `TooFewUnits`.
///
/// ```
/// use fairtrial_stats::{Side, power::means_power};
/// let power = means_power(0.5, 20.0, 20.0, 1.0, 1.0, 0.05, Side::Two)?;
/// assert!((power - 0.33793902892509).abs() < 1e-9);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn means_power(
    difference: f64,
    n1: f64,
    n0: f64,
    sd1: f64,
    sd0: f64,
    alpha: f64,
    side: Side,
) -> Result<f64, StatError> {
    check_finite("difference", difference)?;
    check_alpha(alpha)?;
    for (argument, value) in [("n1", n1), ("n0", n0), ("sd1", sd1), ("sd0", sd0)] {
        check_positive(argument, value)?;
    }
    if n1 <= 1.0 || n0 <= 1.0 {
        return Err(StatError::TooFewUnits { need: 2, got: n1.min(n0) as u64 });
    }
    let (error, df) = standard_error(n1, n0, sd1, sd0);
    if df < 1.0 {
        return Err(StatError::TooFewUnits { need: 3, got: 2 });
    }
    Ok(noncentral_t::power(difference / error, df, alpha, side == Side::Two))
}

/// How many units does a comparison of means need?
///
/// # Arguments
/// * `difference`, `sd1`, `sd0` - as [`means_power`]; the difference is not 0. `plan` - error rate, power, ratio, attrition.
///
/// # Source
/// As [`means_power`], solved for the size.
///
/// # Errors
/// `InvalidArgument`, `TooLarge`.
///
/// ```
/// use fairtrial_stats::{Side, power::{Plan, means_needed}};
/// let size = means_needed(0.5, 1.0, 1.0, &Plan::new(0.05, Side::Two, 0.8))?;
/// assert_eq!((size.arm1, size.arm0), (64, 64));
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn means_needed(difference: f64, sd1: f64, sd0: f64, plan: &Plan) -> Result<SampleSize, StatError> {
    plan.check()?;
    if difference == 0.0 {
        return Err(StatError::invalid("difference", "must not be 0: no trial finds no effect"));
    }
    let least = (2.0 / plan.ratio).max(2.0);
    let power = |n0: f64| means_power(difference, n0 * plan.ratio, n0, sd1, sd0, plan.alpha, plan.side);
    plan.sizes(plan.smallest(least, power)?)
}

/// Which difference of means does a given size find with the stated power?
///
/// # Arguments
/// * `n1`, `n0`, `sd1`, `sd0`, `alpha`, `side` - as [`means_power`]; `power` - in (alpha, 1).
///
/// # Result
/// The smallest positive difference, in the outcome's unit.
///
/// ```
/// use fairtrial_stats::{Side, power::means_detectable};
/// // R `power.t.test(n = 20, delta = 1, sd = 1)`: power = 0.8689528
/// let difference = means_detectable(20.0, 20.0, 1.0, 1.0, 0.05, Side::Two, 0.868_952_8).unwrap();
/// assert!((difference - 1.0).abs() < 1e-5);
/// ```
///
/// # Errors
/// `InvalidArgument`, `TooFewUnits`, `NotEstimable`.
pub fn means_detectable(
    n1: f64,
    n0: f64,
    sd1: f64,
    sd0: f64,
    alpha: f64,
    side: Side,
    power: f64,
) -> Result<f64, StatError> {
    means_power(0.0, n1, n0, sd1, sd0, alpha, side)?;
    if power <= alpha {
        return Err(StatError::invalid("power", "must be above alpha"));
    }
    let most = 1e3 * (sd1.max(sd0) / n1.min(n0).sqrt()) / alpha;
    detectable(power, most, |difference| means_power(difference, n1, n0, sd1, sd0, alpha, side))
}
