//! Adjustment with one slope per covariate for both arms, from moments.

use super::satterthwaite;
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::linear::{Matrix, inverse_spd};
use crate::sufficient::CoMoments;
use crate::wald::{Reference, Wald};

/// By how much does the mean differ at equal values of covariates measured before the trial, when the slopes are the same in
/// both arms? (ANCOVA from moments.)
///
/// For trials too small for a slope per arm ([`super::lin`]). The estimate is that of [`super::ancova`]; here each arm has its own
/// residual spread, as in Welch's t.
///
/// # Arguments
/// * `arm1`, `arm0` - co-moments: variable 0 is the outcome, the others are covariates, at least one.
/// * `side`, `level` - the question; the null difference is 0.
///
/// # Result
/// Difference of the adjusted means. Each arm pays for its share of the slopes in its degrees of freedom, which are put together
/// by Satterthwaite.
///
/// # When not
/// Never with a covariate that the trial can change; not with covariates in the number of the units. With arms of very different
/// size prefer [`super::lin`] when there are units enough.
///
/// # Source
/// Fisher (1935) for the estimate; White (1980) for the variance, with the residual spread of an arm in place of single residuals.
///
/// # Errors
/// `InvalidArgument` for arms of different width, `TooFewUnits` when an arm has no degree of freedom left, `NotEstimable` for
/// constant or dependent covariates, `ZeroVariance`.
///
/// ```
/// use fairtrial_stats::{Side, means::common_slopes, sufficient::CoMoments};
/// // y = 2 x + 3 in arm 1 and 2 x in arm 0, but for one unit of noise each way.
/// let arm1 = CoMoments::of(&[&[6.0, 6.0, 10.0, 10.0], &[1.0, 2.0, 3.0, 4.0]])?;
/// let arm0 = CoMoments::of(&[&[1.0, 5.0, 5.0, 9.0], &[1.0, 2.0, 3.0, 4.0]])?;
/// let found = common_slopes(&arm1, &arm0, Side::Two, 0.95)?;
/// assert!((found.point.unwrap() - 3.0).abs() < 1e-12, "the covariate is balanced, so this is the plain difference");
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn common_slopes(arm1: &CoMoments, arm0: &CoMoments, side: Side, level: f64) -> Result<Estimate, StatError> {
    if arm1.width() != arm0.width() || arm1.width() < 2 {
        return Err(StatError::invalid("arm0", "both arms need the outcome and the same covariates, at least one"));
    }
    let k = arm1.width() - 1;
    let product = |arm: &CoMoments, i: usize, j: usize| arm.product(i, j).unwrap_or(f64::NAN);
    let both = |i: usize, j: usize| product(arm1, i, j) + product(arm0, i, j);
    let spread: Vec<f64> = (1..=k).map(|i| both(i, i).sqrt()).collect();
    if spread.contains(&0.0) {
        return Err(StatError::not_estimable("a covariate has one and the same value throughout each arm"));
    }
    // On the correlation scale, so that the unit of a covariate does not matter.
    let scaled = inverse_spd(&Matrix::from_fn(k, k, |i, j| both(i + 1, j + 1) / (spread[i] * spread[j])))?;
    let inverse = Matrix::from_fn(k, k, |i, j| scaled.at(i, j) / (spread[i] * spread[j]));
    let cross: Vec<f64> = (1..=k).map(|i| both(0, i)).collect();
    let slopes = inverse.times_vector(&cross);
    let gap: Vec<f64> = arm1.means()[1..].iter().zip(&arm0.means()[1..]).map(|(one, zero)| one - zero).collect();
    let reach = inverse.times_vector(&gap);
    let units = arm1.units() as f64 + arm0.units() as f64;
    // An arm's part of the variance of the adjusted difference, and its degrees of freedom.
    let part = |arm: &CoMoments| -> Result<(f64, f64), StatError> {
        let n = arm.units() as f64;
        let df = n - 1.0 - k as f64 * (n / units);
        if df <= 0.0 {
            return Err(StatError::TooFewUnits { need: k as u64 + 2, got: arm.units() });
        }
        let covariates = Matrix::from_fn(k, k, |i, j| product(arm, i + 1, j + 1));
        let with_outcome: f64 = slopes.iter().zip(1..).map(|(slope, i)| slope * product(arm, 0, i)).sum();
        let residual = product(arm, 0, 0) - 2.0 * with_outcome + covariates.quadratic(&slopes);
        Ok((residual.max(0.0) / df * (1.0 / n + covariates.quadratic(&reach)), df))
    };
    let ((v1, df1), (v0, df0)) = (part(arm1)?, part(arm0)?);
    if v1 + v0 <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let explained: f64 = slopes.iter().zip(&gap).map(|(slope, gap)| slope * gap).sum();
    Wald {
        point: arm1.means()[0] - arm0.means()[0] - explained,
        standard_error: (v1 + v0).sqrt(),
        reference: Reference::Student(satterthwaite(&[(v1, df1), (v0, df0)])),
        null: 0.0,
        side,
        level,
    }
    .estimate("adjusted difference, common slopes", Guarantee::Asymptotic)
}
