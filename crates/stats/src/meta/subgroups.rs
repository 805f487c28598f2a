use crate::special::elementary::{exp, ln};
use serde::{Deserialize, Serialize};

use super::check;
use super::heterogeneity::BetweenTrials;
use super::pool::{Pooling, pool};
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, PValue, Side};
use crate::special::{chi_square, count};
use crate::wald::{Reference, Wald, check_level};

/// Whether an effect changes its sign between subgroups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QualitativeInteraction {
    /// Sum of the squared standardised effects above 0.
    pub q_positive: f64,
    /// Sum of the squared standardised effects below 0.
    pub q_negative: f64,
    /// p-value of "the effect has the same sign in all subgroups" for the smaller of both sums.
    pub p_value: PValue,
}

/// Does the new version help some subgroups and harm others? (Gail and Simon's test.)
///
/// # Arguments
/// * `effects`, `variances` - one independent effect estimate a subgroup, 0 meaning none, and its variance; two subgroups at least.
///
/// # Result
/// A small p-value means that the signs truly differ. An effect of different size but one sign is no such interaction:
/// [`super::heterogeneity`] tests that.
///
/// # When not
/// Not for overlapping subgroups, and not as the headline: with several sets of subgroups something always stands out.
///
/// # Source
/// Gail and Simon (1985), Biometrics 41:361-372.
///
/// # Errors
/// `TooFewUnits` below two subgroups, `TooLarge` beyond 10,000, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::meta::qualitative_interaction;
/// // Gail and Simon, table 1: with two subgroups the critical value at 0.05 is 2.71.
/// let test = qualitative_interaction(&[2.0, -1.645], &[1.0, 1.0])?;
/// assert!((test.p_value.p() - 0.05).abs() < 1e-4);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn qualitative_interaction(effects: &[f64], variances: &[f64]) -> Result<QualitativeInteraction, StatError> {
    check(effects, variances)?;
    let groups = effects.len() as u64;
    if groups < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: groups });
    }
    let sum = |sign: f64| {
        let own = effects.iter().zip(variances).filter(|(effect, _)| **effect * sign > 0.0);
        own.map(|(effect, variance)| (effect / variance.sqrt()).powi(2)).sum::<f64>()
    };
    let (q_positive, q_negative) = (sum(1.0), sum(-1.0));
    let smaller = q_positive.min(q_negative);
    if !smaller.is_finite() {
        return Err(StatError::not_estimable("the values are too large for double precision"));
    }
    // Under the least favourable null every effect is 0 and the number of effects on the smaller side is binomial.
    let terms: Vec<f64> = (1..groups)
        .map(|h| count::ln_binomial(h, groups - 1, 0.5, 0.5) + chi_square::ln_sf(smaller, h as f64))
        .collect();
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let ln_p = largest + ln(terms.iter().map(|term| exp(term - largest)).sum::<f64>());
    let p_value = if smaller == 0.0 { PValue::from_ln(0.0) } else { PValue::from_ln(ln_p) };
    Ok(QualitativeInteraction { q_positive, q_negative, p_value })
}

/// What is the effect in each subgroup, seen together with the others? (Empirical Bayes shrinkage.)
///
/// # Arguments
/// * `effects`, `variances` - as [`qualitative_interaction`], three subgroups at least; `between` - how the variance between
///   subgroups is estimated; `level` - of the intervals.
///
/// # Result
/// One estimate a subgroup, drawn towards the common mean, the more so the less is known about the subgroup; without
/// variance between subgroups every one is the common mean. The standard error counts the uncertainty of the mean, not that of
/// the variance between subgroups: with few subgroups the intervals are too narrow.
///
/// # When not
/// Not as a test of a subgroup; not for subgroups that were expected to differ.
///
/// # Source
/// Efron and Morris (1975), Journal of the American Statistical Association 70:311-319; Raudenbush and Bryk (1985).
///
/// # Errors
/// `TooFewUnits` below three subgroups, as [`super::heterogeneity`] otherwise.
///
/// ```
/// use fairtrial_stats::meta::{BetweenTrials, shrunken_effects};
/// let effects = shrunken_effects(&[0.8, -0.3, 0.5, 0.2], &[0.04, 0.02, 0.09, 0.05], BetweenTrials::DerSimonianLaird, 0.95)?;
/// assert!((effects[0].point.unwrap() - 0.732_402_501_1).abs() < 1e-9);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn shrunken_effects(
    effects: &[f64],
    variances: &[f64],
    between: BetweenTrials,
    level: f64,
) -> Result<Vec<Estimate>, StatError> {
    check(effects, variances)?;
    check_level(level)?;
    if effects.len() < 3 {
        return Err(StatError::TooFewUnits { need: 3, got: effects.len() as u64 });
    }
    let pooled = pool(effects, variances, between, Pooling::Normal, Side::Two, level)?;
    let between = pooled.heterogeneity.between;
    let (Some(mean), Some(mean_error)) = (pooled.estimate.point, pooled.estimate.standard_error) else {
        return Err(StatError::not_estimable("the subgroups have no common mean"));
    };
    effects
        .iter()
        .zip(variances)
        .map(|(effect, variance)| {
            let kept = between / (between + variance);
            let wald = Wald {
                point: kept * effect + (1.0 - kept) * mean,
                standard_error: (kept * variance + (1.0 - kept) * (1.0 - kept) * mean_error * mean_error).sqrt(),
                reference: Reference::Normal,
                null: 0.0,
                side: Side::Two,
                level,
            };
            wald.estimate("empirical Bayes shrinkage", Guarantee::Asymptotic)
        })
        .collect()
}
