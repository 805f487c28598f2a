use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::special::{beta, normal};
use crate::wald::{check_finite, check_positive};

/// Belief about an effect after an estimate, from a normal prior.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NormalPosterior {
    /// Mean of the effect.
    pub mean: f64,
    /// Standard deviation of the effect.
    pub standard_deviation: f64,
    /// Probability that the effect is above 0.
    pub probability_positive: f64,
    /// Mean loss of choosing arm 1: what is lost if the effect is below 0.
    pub loss_of_arm1: f64,
    /// Mean loss of choosing arm 0.
    pub loss_of_arm0: f64,
}

/// What is to be believed of an effect after an estimate, starting from a normal prior?
///
/// # Arguments
/// * `estimate`, `standard_error` - of the effect 1 - 0; `prior_mean`, `prior_variance` - of the prior.
///
/// # Source
/// Spiegelhalter, Freedman and Parmar (1994), section 3; loss as the mean of the normal's wrong side.
///
/// ```
/// use fairtrial_stats::bayes::normal_posterior;
/// // Gelman and others 2013, section 2.5: precisions add, the mean is weighted by them.
/// let belief = normal_posterior(3.0, 1.0, 0.0, 2.0).unwrap();
/// assert!((belief.mean - 3.0 / 1.5).abs() < 1e-14);
/// assert!((belief.standard_deviation - (1.0 / 1.5_f64).sqrt()).abs() < 1e-14);
/// ```
///
/// # Errors
/// `InvalidArgument`.
pub fn normal_posterior(
    estimate: f64,
    standard_error: f64,
    prior_mean: f64,
    prior_variance: f64,
) -> Result<NormalPosterior, StatError> {
    check_finite("estimate", estimate)?;
    check_positive("standard_error", standard_error)?;
    check_finite("prior_mean", prior_mean)?;
    check_positive("prior_variance", prior_variance)?;
    let squared = standard_error * standard_error;
    let weight = prior_variance / (prior_variance + squared);
    let mean = weight * estimate + (1.0 - weight) * prior_mean;
    let sd = (weight * squared).sqrt();
    if !(mean.is_finite() && sd > 0.0) {
        return Err(StatError::not_estimable("the values are too large or too small for double precision"));
    }
    let z = mean / sd;
    Ok(NormalPosterior {
        mean,
        standard_deviation: sd,
        probability_positive: normal::cdf(z),
        loss_of_arm1: sd * below(z),
        loss_of_arm0: sd * below(-z),
    })
}

/// Mean of max(0, -X) for a normal X with mean z and variance 1: φ(z) - z Φ(-z), in the tail by its continued fraction.
fn below(z: f64) -> f64 {
    if z < 5.0 {
        return normal::pdf(z) - z * normal::sf(z);
    }
    // φ(z) - z Q(z) = φ(z) K1 / (z + K1) with Q = φ / (z + K1), K1 = 1/(z + 2/(z + 3/(z + ...))).
    let mut k = 0.0;
    for n in (1..=200).rev() {
        k = f64::from(n) / (z + k);
    }
    normal::pdf(z) * k / (z + k)
}

/// With which probability is the rate of events in arm 1 above that in arm 0?
///
/// # Arguments
/// * `events1`, `exposure1`, `events0`, `exposure0` - events and time; `prior_events`, `prior_exposure` - gamma prior, the same for
///   both arms; 0.5 and 0 is Jeffreys's.
///
/// # Source
/// Gamma-Poisson model; the share of one gamma variable in the sum of two is a beta variable.
///
/// ```
/// use fairtrial_stats::bayes::rate_probability_higher;
/// // One event each on a gamma(1, 1) prior, exposures 2 and 1: two gamma variables of shape 2, the higher rate is that of arm 1
/// // when its share of their sum, a beta(2, 2) variable, exceeds 3/5.
/// let p = rate_probability_higher(1, 2.0, 1, 1.0, 1.0, 1.0).unwrap();
/// assert!((p - (1.0 - 3.0 * 0.36 + 2.0 * 0.216)).abs() < 1e-10);
/// ```
///
/// # Errors
/// `InvalidArgument`.
pub fn rate_probability_higher(
    events1: u64,
    exposure1: f64,
    events0: u64,
    exposure0: f64,
    prior_events: f64,
    prior_exposure: f64,
) -> Result<f64, StatError> {
    check_positive("exposure1", exposure1)?;
    check_positive("exposure0", exposure0)?;
    check_positive("prior_events", prior_events)?;
    if !(prior_exposure.is_finite() && prior_exposure >= 0.0) {
        return Err(StatError::invalid("prior_exposure", "must be finite and at least 0"));
    }
    if events1.max(events0) > 1_000_000_000 {
        return Err(StatError::TooLarge { reason: "more than 10^9 events an arm".into() });
    }
    let (t1, t0) = (exposure1 + prior_exposure, exposure0 + prior_exposure);
    let (a1, a0) = (events1 as f64 + prior_events, events0 as f64 + prior_events);
    Ok(beta::upper(a1, a0, t1 / (t1 + t0)))
}
