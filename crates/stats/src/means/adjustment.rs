use serde::{Deserialize, Serialize};

use super::{satterthwaite, welch};
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::linear::{Heteroskedastic, LeastSquares, Matrix, inverse_spd};
use crate::sufficient::{CoMoments, Moments};
use crate::wald::{Reference, Wald};

/// By how much does the mean differ at equal values of covariates measured before the trial? (ANCOVA, unit-level data.)
///
/// # Arguments
/// * `outcome` - one value a unit; `in_arm1` - whether the unit was assigned to arm 1; `covariates` - one list per covariate.
/// * `kind` - variance; HC2 by default.
///
/// # When not
/// Never with a covariate measured after assignment. With arms of very different size prefer [`lin`].
///
/// # Source
/// Fisher (1935); MacKinnon and White (1985) for HC2; t with n - k degrees of freedom.
///
/// ```
/// use fairtrial_stats::{Side, linear::Heteroskedastic, means::ancova};
/// // Outcomes 3 higher with the covariate and 2 higher in arm 1.
/// let outcome = [3.1, 5.9, 2.9, 6.1, 0.9, 4.1, 1.1, 3.9];
/// let arm = [true, true, true, true, false, false, false, false];
/// let covariate = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
/// let e = ancova(&outcome, &arm, &[&covariate], Heteroskedastic::Hc2, Side::Two, 0.95).unwrap();
/// assert!((e.point.unwrap() - 2.0).abs() < 1e-13 && e.standard_error.unwrap() < 0.1);
/// ```
///
/// # Errors
/// As [`LeastSquares::fit`] and [`LeastSquares::variance`].
pub fn ancova(
    outcome: &[f64],
    in_arm1: &[bool],
    covariates: &[&[f64]],
    kind: Heteroskedastic,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let ones = vec![1.0; outcome.len()];
    let arm: Vec<f64> = in_arm1.iter().map(|&new| if new { 1.0 } else { 0.0 }).collect();
    let mut columns: Vec<&[f64]> = vec![&ones, &arm];
    columns.extend_from_slice(covariates);
    LeastSquares::fit(outcome, &columns)?.estimate(1, kind, 0.0, side, level)
}

/// A difference of means after taking away what a covariate predicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cuped {
    /// Slope of the outcome on the covariate, common to both arms.
    pub slope: f64,
    /// Difference of the adjusted means.
    pub estimate: Estimate,
}

/// By how much does the mean differ after taking away what a value from before the trial predicts? (CUPED.)
///
/// # Arguments
/// * `arm1`, `arm0` - co-moments of outcome (variable 0) and pre-trial covariate (variable 1).
///
/// # When not
/// Never with a covariate that the trial can change. With arms of different size or slope prefer [`lin`].
///
/// # Source
/// Deng, Xu, Kohavi and Walker (2013), WSDM, equation 3, with the slope over both arms together; Welch's t on the adjusted values.
///
/// ```
/// use fairtrial_stats::{Side, means::cuped, sufficient::CoMoments};
/// // Outcomes 3 higher with the covariate and 2 higher in arm 1.
/// let arm1 = CoMoments::of(&[&[3.1, 5.9, 2.9, 6.1], &[0.0, 1.0, 0.0, 1.0]]).unwrap();
/// let arm0 = CoMoments::of(&[&[0.9, 4.1, 1.1, 3.9], &[0.0, 1.0, 0.0, 1.0]]).unwrap();
/// let found = cuped(&arm1, &arm0, Side::Two, 0.95).unwrap();
/// assert!((found.slope - 3.0).abs() < 1e-13 && (found.estimate.point.unwrap() - 2.0).abs() < 1e-13);
/// ```
///
/// # Errors
/// `TooFewUnits` below two units an arm, `ZeroVariance` when the covariate or the adjusted outcome is constant.
pub fn cuped(arm1: &CoMoments, arm0: &CoMoments, side: Side, level: f64) -> Result<Cuped, StatError> {
    let (y1, x1, c1) = outcome_and_covariate(arm1, "arm1")?;
    let (y0, x0, c0) = outcome_and_covariate(arm0, "arm0")?;
    let (n1, n0) = (y1.n as f64, y0.n as f64);
    let between = n1 * (n0 / (n1 + n0));
    let cross = c1 + c0 + between * (y1.mean - y0.mean) * (x1.mean - x0.mean);
    let spread = x1.m2 + x0.m2 + between * (x1.mean - x0.mean).powi(2);
    if spread <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let slope = cross / spread;
    let adjusted = |y: Moments, x: Moments, c: f64| Moments {
        n: y.n,
        mean: y.mean - slope * x.mean,
        m2: (y.m2 - 2.0 * slope * c + slope * slope * x.m2).max(0.0),
    };
    let mut estimate = welch(&adjusted(y1, x1, c1), &adjusted(y0, x0, c0), 0.0, side, level)?;
    estimate.method = "CUPED, Welch's t".to_owned();
    Ok(Cuped { slope, estimate })
}

fn outcome_and_covariate(arm: &CoMoments, argument: &str) -> Result<(Moments, Moments, f64), StatError> {
    if arm.width() != 2 {
        return Err(StatError::invalid(argument, "needs the outcome and one covariate"));
    }
    match (arm.variable(0), arm.variable(1), arm.product(0, 1)) {
        (Some(y), Some(x), Some(c)) => Ok((y, x, c)),
        _ => Err(StatError::invalid(argument, "needs the outcome and one covariate")),
    }
}

/// A difference of means adjusted with one slope per arm and covariate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lin {
    /// Difference of the adjusted means, for the population that the units were drawn from.
    pub estimate: Estimate,
    /// Standard error for these very units as the population.
    pub finite_sample_standard_error: f64,
    /// Slopes in arm 1, one per covariate.
    pub slopes1: Vec<f64>,
    /// Slopes in arm 0, one per covariate.
    pub slopes0: Vec<f64>,
}

struct ArmFit {
    n: f64,
    intercept_mean: f64,
    slopes: Vec<f64>,
    inverse: Matrix,
    means: Vec<f64>,
    residual_variance: f64,
    df: f64,
}

fn fit_arm(arm: &CoMoments) -> Result<ArmFit, StatError> {
    let k = arm.width().saturating_sub(1);
    let need = k as u64 + 2;
    if arm.units() < need {
        return Err(StatError::TooFewUnits { need, got: arm.units() });
    }
    let product = |i: usize, j: usize| arm.product(i, j).unwrap_or(f64::NAN);
    let spread: Vec<f64> = (1..=k).map(|i| product(i, i).sqrt()).collect();
    if spread.contains(&0.0) {
        return Err(StatError::not_estimable("a covariate has one and the same value throughout an arm"));
    }
    // On the correlation scale, so that the unit of a covariate does not matter.
    let correlation = Matrix::from_fn(k, k, |i, j| product(i + 1, j + 1) / (spread[i] * spread[j]));
    let scaled_inverse = inverse_spd(&correlation)?;
    let inverse = Matrix::from_fn(k, k, |i, j| scaled_inverse.at(i, j) / (spread[i] * spread[j]));
    let cross: Vec<f64> = (1..=k).map(|i| product(0, i)).collect();
    let slopes = inverse.times_vector(&cross);
    let explained: f64 = slopes.iter().zip(&cross).map(|(b, c)| b * c).sum();
    let df = (arm.units() - 1) as f64 - k as f64;
    Ok(ArmFit {
        n: arm.units() as f64,
        intercept_mean: arm.means()[0],
        slopes,
        inverse,
        means: arm.means()[1..].to_vec(),
        residual_variance: (product(0, 0) - explained).max(0.0) / df,
        df,
    })
}

/// By how much does the mean differ when each arm has its own slopes on covariates from before the trial? (Lin.)
///
/// Never worse than the plain difference in large samples, whatever the ratio of the arms. From moments only: variable 0 is the
/// outcome, the others are covariates.
///
/// # Result
/// Difference of adjusted means at the covariate means of both arms together. Standard error from each arm's residual spread
/// plus the part that comes from the covariate means themselves; degrees of freedom by Satterthwaite.
///
/// # When not
/// Never with covariates that the trial can change; not with covariates in the number of the units.
///
/// # Source
/// Lin (2013), Annals of Applied Statistics 7:295-318; Negi and Wooldridge (2021) for the part from the covariate means.
///
/// ```
/// use fairtrial_stats::{Side, means::lin, sufficient::CoMoments};
/// // Outcomes 3 higher with the covariate and 2 higher in arm 1.
/// let arm1 = CoMoments::of(&[&[3.1, 5.9, 2.9, 6.1], &[0.0, 1.0, 0.0, 1.0]]).unwrap();
/// let arm0 = CoMoments::of(&[&[0.9, 4.1, 1.1, 3.9], &[0.0, 1.0, 0.0, 1.0]]).unwrap();
/// let found = lin(&arm1, &arm0, Side::Two, 0.95).unwrap();
/// assert!((found.estimate.point.unwrap() - 2.0).abs() < 1e-13);
/// ```
///
/// # Errors
/// `TooFewUnits` below covariates + 2 units an arm, `NotEstimable` for constant or dependent covariates, `ZeroVariance`.
pub fn lin(arm1: &CoMoments, arm0: &CoMoments, side: Side, level: f64) -> Result<Lin, StatError> {
    if arm1.width() != arm0.width() || arm1.width() < 2 {
        return Err(StatError::invalid("arm0", "both arms need the outcome and the same covariates, at least one"));
    }
    let (fit1, fit0) = (fit_arm(arm1)?, fit_arm(arm0)?);
    let units = fit1.n + fit0.n;
    let centre: Vec<f64> = fit1.means.iter().zip(&fit0.means).map(|(a, b)| (fit1.n * a + fit0.n * b) / units).collect();
    let adjusted = |fit: &ArmFit| -> (f64, f64) {
        let shift: Vec<f64> = centre.iter().zip(&fit.means).map(|(centre, mean)| centre - mean).collect();
        let mean = fit.intercept_mean + fit.slopes.iter().zip(&shift).map(|(b, d)| b * d).sum::<f64>();
        (mean, fit.residual_variance * (1.0 / fit.n + fit.inverse.quadratic(&shift)))
    };
    let ((mean1, v1), (mean0, v0)) = (adjusted(&fit1), adjusted(&fit0));
    if v1 + v0 <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let k = centre.len();
    let between = fit1.n * (fit0.n / units);
    let covariance = Matrix::from_fn(k, k, |i, j| {
        let within = arm1.product(i + 1, j + 1).unwrap_or(0.0) + arm0.product(i + 1, j + 1).unwrap_or(0.0);
        let gap = (fit1.means[i] - fit0.means[i]) * (fit1.means[j] - fit0.means[j]);
        (within + between * gap) / (units - 1.0)
    });
    let slope_gap: Vec<f64> = fit1.slopes.iter().zip(&fit0.slopes).map(|(a, b)| a - b).collect();
    let of_means = covariance.quadratic(&slope_gap) / units;
    let estimate = Wald {
        point: mean1 - mean0,
        standard_error: (v1 + v0 + of_means).sqrt(),
        reference: Reference::Student(satterthwaite(&[(v1, fit1.df), (v0, fit0.df)])),
        null: 0.0,
        side,
        level,
    }
    .estimate("Lin's adjusted difference", Guarantee::Asymptotic)?;
    let finite_sample_standard_error = (v1 + v0).sqrt();
    Ok(Lin { estimate, finite_sample_standard_error, slopes1: fit1.slopes, slopes0: fit0.slopes })
}
