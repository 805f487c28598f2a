use super::{satterthwaite, variance_of_mean};
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::sufficient::Moments;
use crate::wald::{Reference, Wald};

/// By how much does the mean differ between the arms, when spreads may differ? (Welch's t.)
///
/// # Arguments
/// * `arm1`, `arm0` - moments of the new and the current version; two units each at least, not all equal.
/// * `null_difference` - the difference under the null hypothesis, in the outcome's unit; 0 for superiority, minus the margin
///   for non-inferiority when more is better.
/// * `side` - alternatives that count. A one-sided question gets the one-sided interval that belongs to its test.
/// * `level` - confidence level in (0, 1).
///
/// # Result
/// Difference of means 1 - 0 in the outcome's unit. The standard error equals HC2 of the regression on the arm.
///
/// # When not
/// Not for clusters assigned as a whole ([`crate::cluster`]), nor below about ten units an arm with skewed outcomes
/// ([`super::permutation_test`]).
///
/// # Source
/// Welch (1947), Biometrika 34:28-35; Satterthwaite (1946).
///
/// # Errors
/// `TooFewUnits` with one unit in an arm, `ZeroVariance` when all values within both arms are equal, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::{Side, means::welch, sufficient::Moments};
/// let arm1 = Moments::of(&[1.1, 2.3])?;
/// let arm0 = Moments::of(&[5.0, 5.2, 9.9])?;
/// let estimate = welch(&arm1, &arm0, 0.0, Side::Two, 0.95)?;
/// assert!((estimate.p_value.unwrap().p() - 0.0764066862117653).abs() < 1e-12);
/// assert!((estimate.interval.upper - 1.10749563715963).abs() < 1e-10);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn welch(
    arm1: &Moments,
    arm0: &Moments,
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let (v1, v0) = (variance_of_mean(arm1, "arm1")?, variance_of_mean(arm0, "arm0")?);
    let variance = v1 + v0;
    if variance <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let df = satterthwaite(&[(v1, (arm1.n - 1) as f64), (v0, (arm0.n - 1) as f64)]);
    Wald {
        point: arm1.mean - arm0.mean,
        standard_error: variance.sqrt(),
        reference: Reference::Student(df),
        null: null_difference,
        side,
        level,
    }
    .estimate("Welch's t", Guarantee::Asymptotic)
}

/// By how much does the mean differ between the arms, when both have the same spread? (Student's t.)
///
/// Arguments and result as [`welch`]; exact for normal outcomes with equal variances, and wrong without them when the arms
/// differ in size: prefer Welch. One arm may have a single unit.
///
/// # Source
/// Student (1908); equations in any textbook, for example Altman (1991) section 9.6.
///
/// ```
/// use fairtrial_stats::{Side, means::student, sufficient::Moments};
/// // Student's sleep data; R `t.test(extra ~ group, data = sleep, var.equal = TRUE)`
/// let second = Moments::of(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]).unwrap();
/// let first = Moments::of(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]).unwrap();
/// let e = student(&second, &first, 0.0, Side::Two, 0.95).unwrap();
/// assert!((e.p_value.unwrap().p() - 0.07919).abs() < 1e-5 && e.degrees_of_freedom == Some(18.0));
/// assert!((e.interval.lower + 0.203_874).abs() < 1e-6 && (e.interval.upper - 3.363_874).abs() < 1e-6);
/// ```
///
/// # Errors
/// `TooFewUnits` without a unit in an arm or with fewer than three in all, `ZeroVariance`, `InvalidArgument`.
pub fn student(
    arm1: &Moments,
    arm0: &Moments,
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let (arm1, arm0) = (arm1.checked("arm1")?, arm0.checked("arm0")?);
    let smallest = arm1.n.min(arm0.n);
    if smallest == 0 {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    let units = arm1.n.saturating_add(arm0.n);
    if units < 3 {
        return Err(StatError::TooFewUnits { need: 3, got: units });
    }
    let (n1, n0) = (arm1.n as f64, arm0.n as f64);
    let df = n1 + n0 - 2.0;
    let variance = (arm1.m2 + arm0.m2) / df;
    if variance <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    Wald {
        point: arm1.mean - arm0.mean,
        standard_error: (variance * (1.0 / n1 + 1.0 / n0)).sqrt(),
        reference: Reference::Student(df),
        null: null_difference,
        side,
        level,
    }
    .estimate("Student's t", Guarantee::Asymptotic)
}

/// By how much does the mean differ, when units were assigned separately within blocks or strata?
///
/// Mean of the blocks' differences weighted with the blocks' sizes; variances by Neyman within each block; degrees of freedom
/// units - 2 blocks.
///
/// # Arguments
/// * `blocks` - per block the moments of (arm 1, arm 0); two units per arm and block at least.
///
/// # When not
/// Not for matched pairs: a block with one unit an arm has no variance of its own.
///
/// # Source
/// Imbens and Rubin (2015), Causal Inference, chapter 9; Gerber and Green (2012), section 3.6.
///
/// ```
/// use fairtrial_stats::{Side, means::{blocked_difference, welch}, sufficient::Moments};
/// // One block is Welch's comparison; two blocks of one size give the mean of the two differences.
/// let (high, low) = (Moments::of(&[3.0, 5.0, 7.0]).unwrap(), Moments::of(&[1.0, 2.0, 6.0]).unwrap());
/// let one = blocked_difference(&[(high, low)], 0.0, Side::Two, 0.95).unwrap();
/// assert_eq!(one.standard_error, welch(&high, &low, 0.0, Side::Two, 0.95).unwrap().standard_error);
/// let two = blocked_difference(&[(high, low), (low, high)], 0.0, Side::Two, 0.95).unwrap();
/// assert!(two.point.unwrap().abs() < 1e-15);
/// ```
///
/// # Errors
/// `TooFewUnits`, `ZeroVariance`, `InvalidArgument`.
pub fn blocked_difference(
    blocks: &[(Moments, Moments)],
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    if blocks.is_empty() {
        return Err(StatError::TooFewUnits { need: 4, got: 0 });
    }
    let units: f64 = blocks.iter().map(|(arm1, arm0)| arm1.n as f64 + arm0.n as f64).sum();
    let (mut point, mut variance) = (0.0, 0.0);
    for (arm1, arm0) in blocks {
        let (v1, v0) = (variance_of_mean(arm1, "blocks")?, variance_of_mean(arm0, "blocks")?);
        let weight = (arm1.n as f64 + arm0.n as f64) / units;
        point += weight * (arm1.mean - arm0.mean);
        variance += weight * weight * (v1 + v0);
    }
    Wald {
        point,
        standard_error: variance.sqrt(),
        reference: Reference::Student(units - 2.0 * blocks.len() as f64),
        null: null_difference,
        side,
        level,
    }
    .estimate("blocked difference in means", Guarantee::Asymptotic)
}
