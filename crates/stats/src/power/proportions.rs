use super::plan::{Plan, SampleSize, check_alpha, critical, detectable};
use crate::error::StatError;
use crate::estimate::Side;
use crate::special::elementary::{acos, cos};
use crate::special::normal;
use crate::wald::check_positive;

fn check(p1: f64, p0: f64, null_difference: f64) -> Result<(), StatError> {
    for (argument, p) in [("p1", p1), ("p0", p0)] {
        if !(0.0..=1.0).contains(&p) {
            return Err(StatError::invalid(argument, "must lie between 0 and 1"));
        }
    }
    if !(null_difference > -1.0 && null_difference < 1.0) {
        return Err(StatError::invalid("null_difference", "must lie strictly between -1 and 1"));
    }
    Ok(())
}

/// Variances of the difference times the size of arm 0, under the null hypothesis and under the alternative.
fn variances(p1: f64, p0: f64, null_difference: f64, ratio: f64) -> (f64, f64) {
    let (q1, q0) = restricted(p1, p0, null_difference, 1.0 / ratio);
    let of = |p1: f64, p0: f64| p1 * (1.0 - p1) / ratio + p0 * (1.0 - p0);
    (of(q1, q0), of(p1, p0))
}

/// The proportions nearest to the true ones among those that differ by `d` (Farrington and Manning 1990); `theta` = n0 / n1.
fn restricted(p1: f64, p0: f64, d: f64, theta: f64) -> (f64, f64) {
    if d == 0.0 {
        let pooled = (p1 + theta * p0) / (1.0 + theta);
        return (pooled, pooled);
    }
    let a = 1.0 + theta;
    let b = -(1.0 + theta + p1 + theta * p0 + d * (theta + 2.0));
    let c = d * d + d * (2.0 * p1 + theta + 1.0) + p1 + theta * p0;
    let last = -p1 * d * (1.0 + d);
    let v = (b / (3.0 * a)).powi(3) - b * c / (6.0 * a * a) + last / (2.0 * a);
    let u = ((b / (3.0 * a)).powi(2) - c / (3.0 * a)).max(0.0).sqrt().copysign(v);
    let cosine = if u == 0.0 { 0.0 } else { (v / u.powi(3)).clamp(-1.0, 1.0) };
    let angle = (std::f64::consts::PI + acos(cosine)) / 3.0;
    let q1 = (2.0 * u * cos(angle) - b / (3.0 * a)).clamp(d.max(0.0), (1.0 + d).min(1.0));
    (q1, q1 - d)
}

/// With which probability does a comparison of two proportions find a difference? (Normal approximation.)
///
/// # Arguments
/// * `p1`, `p0` - true proportions; `null_difference` - difference under the null hypothesis: 0, or minus the margin for
///   non-inferiority when more is better.
/// * `n1`, `n0` - units to be analysed; `alpha`, `side` - error rate and sides.
///
/// # When not
/// Below about 50 units an arm use the exact power, which has no approximation.
///
/// # Source
/// Farrington and Manning (1990), Statistics in Medicine 9:1447-1454: variance under the null hypothesis from the restricted
/// maximum likelihood. With both sides only the nearer tail counts, as in textbooks.
///
/// ```
/// use fairtrial_stats::{Side, power::proportions_power};
/// // Fleiss 1981: 152 people an arm for 40 % against 25 %.
/// let power = proportions_power(0.4, 0.25, 0.0, 152.0, 152.0, 0.05, Side::Two).unwrap();
/// assert!((0.8..0.803).contains(&power));
/// ```
///
/// # Errors
/// `InvalidArgument`, `ZeroVariance` when both proportions are 0 or 1.
pub fn proportions_power(
    p1: f64,
    p0: f64,
    null_difference: f64,
    n1: f64,
    n0: f64,
    alpha: f64,
    side: Side,
) -> Result<f64, StatError> {
    check(p1, p0, null_difference)?;
    check_alpha(alpha)?;
    check_positive("n1", n1)?;
    check_positive("n0", n0)?;
    let (null, alternative) = variances(p1, p0, null_difference, n1 / n0);
    if alternative <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let shift = (p1 - p0 - null_difference).abs() * n0.sqrt();
    Ok(normal::cdf((shift - critical(alpha, side) * null.sqrt()) / alternative.sqrt()))
}

/// How many units does a comparison of two proportions need? (Normal approximation.)
///
/// # Arguments
/// * `p1`, `p0`, `null_difference` - as [`proportions_power`]; `plan` - error rate, power, ratio, attrition.
///
/// # Source
/// Farrington and Manning (1990), equation 4; for a null difference of 0 this is Fleiss's (1981) formula.
///
/// # Errors
/// `InvalidArgument` when the true difference is the null difference, `ZeroVariance`, `TooLarge`.
///
/// ```
/// use fairtrial_stats::{Side, power::{Plan, proportions_needed}};
/// let size = proportions_needed(0.4, 0.25, 0.0, &Plan::new(0.05, Side::Two, 0.8))?;
/// assert_eq!((size.arm1, size.arm0), (152, 152));
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn proportions_needed(p1: f64, p0: f64, null_difference: f64, plan: &Plan) -> Result<SampleSize, StatError> {
    plan.check()?;
    check(p1, p0, null_difference)?;
    let effect = p1 - p0 - null_difference;
    if effect == 0.0 {
        return Err(StatError::invalid("p1", "must differ from p0 by something else than the null difference"));
    }
    let (null, alternative) = variances(p1, p0, null_difference, plan.ratio);
    if alternative <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let (z_alpha, z_power) = plan.quantiles();
    let root = z_alpha * null.sqrt() + z_power * alternative.sqrt();
    plan.sizes((root.max(0.0) / effect).powi(2))
}

/// Which higher proportion in arm 1 does a given size find with the stated power?
///
/// # Arguments
/// * `p0` - proportion in arm 0, below 1; `n1`, `n0`, `alpha`, `side` - as [`proportions_power`]; `power` - in (alpha, 1).
///
/// # Result
/// The smallest difference p1 - p0 above 0.
///
/// ```
/// use fairtrial_stats::{Side, power::{proportions_detectable, proportions_power}};
/// let difference = proportions_detectable(0.25, 150.0, 150.0, 0.05, Side::Two, 0.8).unwrap();
/// assert!((proportions_power(0.25 + difference, 0.25, 0.0, 150.0, 150.0, 0.05, Side::Two).unwrap() - 0.8).abs() < 1e-8);
/// ```
///
/// # Errors
/// `InvalidArgument`, `NotEstimable` when even a proportion of 1 is not found.
pub fn proportions_detectable(p0: f64, n1: f64, n0: f64, alpha: f64, side: Side, power: f64) -> Result<f64, StatError> {
    check(p0, p0, 0.0)?;
    if power <= alpha {
        return Err(StatError::invalid("power", "must be above alpha"));
    }
    let most = 1.0 - p0;
    if most <= 0.0 {
        return Err(StatError::invalid("p0", "must be below 1"));
    }
    // Just below the end: at p1 = 1 with p0 = 0 there is no spread left.
    let most = most * (1.0 - 1e-12);
    detectable(power, most, |difference| proportions_power(p0 + difference, p0, 0.0, n1, n0, alpha, side))
}
