use serde::{Deserialize, Serialize};

use super::check;
use crate::error::StatError;
use crate::estimate::{Interval, PValue};
use crate::special::{chi_square, root};
use crate::wald::{check_level, check_positive};

/// How the variance between trials is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetweenTrials {
    /// None: one common effect.
    Fixed,
    /// DerSimonian and Laird (1986).
    DerSimonianLaird,
    /// Paule and Mandel (1982).
    PauleMandel,
    /// Restricted maximum likelihood by Fisher scoring, stopped when a step is at most `tolerance`.
    Reml {
        /// Largest last step, above 0, in the squared unit of the effects; 1e-12 unless another program is to be matched.
        tolerance: f64,
    },
    /// Hedges (1983).
    Hedges,
    /// Sidik and Jonkman (2005).
    SidikJonkman,
}

/// How much trials differ beyond chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Heterogeneity {
    /// Variance between trials, never below 0.
    pub between: f64,
    /// Cochran's Q.
    pub q: f64,
    /// p-value of Q with trials - 1 degrees of freedom.
    pub q_p_value: PValue,
    /// Share of the total variance that lies between trials, in percent.
    pub i_squared: f64,
    /// Total variance over the variance within trials.
    pub h_squared: f64,
}

fn weighted_mean(effects: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    effects.iter().zip(weights).map(|(effect, weight)| effect * (weight / total)).sum()
}

/// Weighted sum of squared deviations with the weights of a variance between trials.
pub(super) fn generalised_q(effects: &[f64], variances: &[f64], between: f64) -> f64 {
    let weights: Vec<f64> = variances.iter().map(|variance| 1.0 / (variance + between)).collect();
    let mean = weighted_mean(effects, &weights);
    effects.iter().zip(&weights).map(|(effect, weight)| weight * (effect - mean).powi(2)).sum()
}

/// Where the falling function Q(between) reaches a value; 0 when it starts below.
fn where_q_is(effects: &[f64], variances: &[f64], value: f64) -> Result<f64, StatError> {
    let excess = |between: f64| generalised_q(effects, variances, between) - value;
    if excess(0.0) <= 0.0 {
        return Ok(0.0);
    }
    let mut high = variances.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    for _ in 0..2_000 {
        if excess(high) < 0.0 {
            return Ok(root::find(excess, 0.0, high, 0.0)?.value);
        }
        high *= 2.0;
    }
    Err(StatError::NoConvergence { reason: "variance between trials".into() })
}

/// What is expected of the weighted squares, and of their change: the traces of the weights less their share in the mean, and of the
/// square of that. All terms are positive, so that nothing cancels however different the weights are.
fn traces(weights: &[f64]) -> (f64, f64) {
    let total: f64 = weights.iter().sum();
    let squares: Vec<f64> = weights.iter().map(|weight| weight * weight).collect();
    let (mut first, mut second) = (0.0, 0.0);
    for ((weight, rest), rest_squares) in weights.iter().zip(sums_of_others(weights)).zip(sums_of_others(&squares)) {
        let own = weight * (rest / total);
        first += own;
        second += own * own + (weight / total).powi(2) * rest_squares;
    }
    (first, second)
}

/// For each entry the sum of all others.
fn sums_of_others(values: &[f64]) -> Vec<f64> {
    let (mut sums, mut before, mut behind) = (Vec::with_capacity(values.len()), 0.0, 0.0);
    for value in values {
        sums.push(before);
        before += value;
    }
    for (sum, value) in sums.iter_mut().zip(values).rev() {
        *sum += behind;
        behind += value;
    }
    sums
}

fn reml(effects: &[f64], variances: &[f64], start: f64, tolerance: f64) -> Result<f64, StatError> {
    check_positive("tolerance", tolerance)?;
    let mut between = start.max(0.0);
    for _ in 0..10_000 {
        let weights: Vec<f64> = variances.iter().map(|variance| 1.0 / (variance + between)).collect();
        let mean = weighted_mean(effects, &weights);
        let (first, second) = traces(&weights);
        let squares: f64 =
            effects.iter().zip(&weights).map(|(effect, weight)| (weight * (effect - mean)).powi(2)).sum();
        let mut step = (squares - first) / second;
        if !step.is_finite() {
            return Err(StatError::not_estimable("the variances are too large, too small or too different"));
        }
        // A step below 0 is halved until it is not.
        while between + step < 0.0 {
            step /= 2.0;
        }
        let next = between + step;
        let change = (next - between).abs();
        between = next;
        if change <= tolerance {
            return Ok(between);
        }
    }
    Err(StatError::NoConvergence { reason: "restricted maximum likelihood after 10,000 steps".into() })
}

fn unweighted(effects: &[f64]) -> f64 {
    let k = effects.len() as f64;
    let mean = effects.iter().sum::<f64>() / k;
    effects.iter().map(|effect| (effect - mean).powi(2)).sum()
}

/// How much do the trials' effects differ beyond chance?
///
/// # Arguments
/// * `effects` - one estimate a trial, all on the same additive scale (differences, or logarithms of ratios).
/// * `variances` - squared standard errors, above 0; `method` - estimator of the variance between trials.
///
/// # Source
/// DerSimonian and Laird (1986); Higgins and Thompson (2002) for I² and H² with the typical variance within trials; Viechtbauer
/// (2005) compares the estimators. The estimate of DerSimonian and Laird is never negative here.
///
/// ```
/// use fairtrial_stats::meta::{BetweenTrials, heterogeneity};
/// // Effects 0 and 2 with variance 1 each: Q = 2 where 1 is expected (DerSimonian and Laird 1986, equation 8).
/// let found = heterogeneity(&[0.0, 2.0], &[1.0, 1.0], BetweenTrials::DerSimonianLaird).unwrap();
/// assert!((found.q - 2.0).abs() < 1e-14 && (found.between - 1.0).abs() < 1e-14 && (found.i_squared - 50.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// `TooFewUnits` below two trials, `InvalidArgument`, `NoConvergence`, `TooLarge`.
pub fn heterogeneity(effects: &[f64], variances: &[f64], method: BetweenTrials) -> Result<Heterogeneity, StatError> {
    check(effects, variances)?;
    let trials = effects.len();
    if trials < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: trials as u64 });
    }
    let df = trials as f64 - 1.0;
    let weights: Vec<f64> = variances.iter().map(|variance| 1.0 / variance).collect();
    let (w1, w2) = (weights.iter().sum::<f64>(), weights.iter().map(|weight| weight * weight).sum::<f64>());
    let contrast = w1 - w2 / w1;
    let q = generalised_q(effects, variances, 0.0);
    let hedges = (unweighted(effects) - df / trials as f64 * variances.iter().sum::<f64>()) / df;
    let between = match method {
        BetweenTrials::Fixed => 0.0,
        BetweenTrials::DerSimonianLaird => ((q - df) / contrast).max(0.0),
        BetweenTrials::PauleMandel => where_q_is(effects, variances, df)?,
        BetweenTrials::Reml { tolerance } => reml(effects, variances, hedges, tolerance)?,
        BetweenTrials::Hedges => hedges.max(0.0),
        BetweenTrials::SidikJonkman => {
            let crude = unweighted(effects) / trials as f64;
            if crude <= 0.0 {
                return Err(StatError::ZeroVariance);
            }
            crude * generalised_q(effects, variances, crude) / df
        }
    };
    let typical = df / contrast;
    let (i_squared, h_squared) = match method {
        BetweenTrials::Fixed => ((100.0 * (q - df) / q).max(0.0), q / df),
        _ => (100.0 * between / (typical + between), 1.0 + between / typical),
    };
    let q_p_value = PValue::from_ln(chi_square::ln_sf(q, df));
    Ok(Heterogeneity { between, q, q_p_value, i_squared: if q > 0.0 { i_squared } else { 0.0 }, h_squared })
}

/// Which variances between trials are compatible with the data? (Q-profile interval.)
///
/// # Source
/// Viechtbauer (2007), Statistics in Medicine 26:37-52, section 3.
///
/// ```
/// use fairtrial_stats::meta::q_profile;
/// // Q(t) = 2 / (1 + t) meets the 2.5 % point of chi-square with one degree of freedom, and never the 97.5 % point.
/// let interval = q_profile(&[0.0, 2.0], &[1.0, 1.0], 0.95).unwrap();
/// assert!(interval.lower == 0.0 && (interval.upper / (2.0 / 9.820_691_171e-4 - 1.0) - 1.0).abs() < 1e-6);
/// ```
///
/// # Errors
/// As [`heterogeneity`].
pub fn q_profile(effects: &[f64], variances: &[f64], level: f64) -> Result<Interval, StatError> {
    check(effects, variances)?;
    check_level(level)?;
    if effects.len() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: effects.len() as u64 });
    }
    let (df, tail) = (effects.len() as f64 - 1.0, (1.0 - level) / 2.0);
    Ok(Interval {
        lower: where_q_is(effects, variances, chi_square::quantile_upper(tail, df))?,
        upper: where_q_is(effects, variances, chi_square::quantile(tail, df))?,
        level,
    })
}
