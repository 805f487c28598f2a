//! Rate ratios from the counts of single units, which may vary more than Poisson counts do.

use crate::special::elementary::{exp, ln, ln_1p};
use serde::Serialize;

use super::check_level;
use crate::special::gamma::{digamma, ln_gamma, trigamma};
use crate::special::{normal, root, student};
use crate::{Estimate, Guarantee, Interval, PValue, StatError};

/// Counts of the units of one arm, with the exposure of each (above 0).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmCounts<'a> {
    counts: &'a [u64],
    exposures: &'a [f64],
}

impl<'a> ArmCounts<'a> {
    /// One count and one exposure for each unit.
    ///
    /// ```
    /// use fairtrial_stats::rates::{ArmCounts, poisson_regression};
    /// // The slope of Poisson regression is the logarithm of the ratio of rates: 12 in 4 against 3 in 3.
    /// let new = ArmCounts::new(&[5, 7], &[1.0, 3.0]).unwrap();
    /// let current = ArmCounts::new(&[1, 2], &[1.0, 2.0]).unwrap();
    /// assert!((poisson_regression(&new, &current).unwrap().ln_rate_ratio - 3_f64.ln()).abs() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for different lengths or an exposure that is not above 0; `too_few_units` below 2 units;
    /// `not_estimable` without any event, since the logarithm of the rate is then minus infinity.
    pub fn new(counts: &'a [u64], exposures: &'a [f64]) -> Result<Self, StatError> {
        if counts.len() != exposures.len() {
            return Err(StatError::invalid("exposures", "must have one entry for each unit"));
        }
        if counts.len() < 2 {
            return Err(StatError::TooFewUnits { need: 2, got: counts.len() as u64 });
        }
        if exposures.iter().any(|exposure| !(exposure.is_finite() && *exposure > 0.0)) {
            return Err(StatError::invalid("exposures", "must be above 0"));
        }
        if counts.iter().any(|count| *count > 1_000_000_000) {
            return Err(StatError::TooLarge { reason: "a unit holds at most 10^9 events".to_owned() });
        }
        if counts.iter().all(|count| *count == 0) {
            return Err(StatError::not_estimable("an arm has no event: the ratio of rates is not bounded"));
        }
        Ok(Self { counts, exposures })
    }

    fn events(&self) -> f64 {
        self.counts.iter().map(|count| *count as f64).sum()
    }

    fn rate(&self) -> f64 {
        self.events() / self.exposures.iter().sum::<f64>()
    }

    fn units(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.counts.iter().copied().zip(self.exposures.iter().copied())
    }

    /// The sum over units of a function of the count and its expectation.
    fn sum(&self, rate: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
        self.units().map(|(count, exposure)| f(count as f64, rate * exposure)).sum()
    }
}

/// What Poisson regression of two arms gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PoissonFit {
    /// ln of the ratio of rates, arm 1 to arm 0.
    pub ln_rate_ratio: f64,
    /// Its standard error if counts were Poisson.
    pub standard_error: f64,
    /// Its standard error without an assumption on the spread (sandwich, HC0).
    pub robust_standard_error: f64,
    /// Pearson's dispersion: about 1 for Poisson counts, above 1 when they vary more.
    pub dispersion: f64,
    /// Units less 2.
    pub degrees_of_freedom: f64,
    /// Residual deviance.
    pub deviance: f64,
}

/// How does the spread of the counts compare with Poisson's, and what is the ratio of rates?
///
/// ```
/// use fairtrial_stats::rates::{ArmCounts, poisson_regression};
/// // With the arm alone in the model the rate ratio is 5/2 and its variance 1/5 + 1/2.
/// let arm1 = ArmCounts::new(&[2, 0, 3], &[1.0, 1.0, 1.0]).unwrap();
/// let arm0 = ArmCounts::new(&[1, 0, 1], &[1.0, 1.0, 1.0]).unwrap();
/// let fit = poisson_regression(&arm1, &arm0).unwrap();
/// assert!((fit.ln_rate_ratio - 2.5_f64.ln()).abs() < 1e-14 && (fit.standard_error - 0.7_f64.sqrt()).abs() < 1e-14);
/// // Pearson's chi-square over 4 degrees of freedom.
/// let pearson = (1.0 + 25.0 + 16.0) / 9.0 / (5.0 / 3.0) + (1.0 + 4.0 + 1.0) / 9.0 / (2.0 / 3.0);
/// assert!((fit.dispersion - pearson / 4.0).abs() < 1e-14);
/// ```
///
/// # Errors
/// `too_few_units` below 3 units in all.
pub fn poisson_regression(arm1: &ArmCounts<'_>, arm0: &ArmCounts<'_>) -> Result<PoissonFit, StatError> {
    let units = arm1.counts.len() + arm0.counts.len();
    let (rate1, rate0) = (arm1.rate(), arm0.rate());
    let (events1, events0) = (arm1.events(), arm0.events());
    let over = |f: fn(f64, f64) -> f64| arm1.sum(rate1, f) + arm0.sum(rate0, f);
    let pearson = over(|y, mu| (y - mu) * (y - mu) / mu);
    let deviance = over(|y, mu| 2.0 * crate::special::gamma::deviance(y, mu));
    let square = |y: f64, mu: f64| (y - mu) * (y - mu);
    let robust = arm1.sum(rate1, square) / (events1 * events1) + arm0.sum(rate0, square) / (events0 * events0);
    let degrees_of_freedom = units as f64 - 2.0;
    Ok(PoissonFit {
        ln_rate_ratio: ln(rate1 / rate0),
        standard_error: (1.0 / events1 + 1.0 / events0).sqrt(),
        robust_standard_error: robust.sqrt(),
        dispersion: pearson / degrees_of_freedom,
        degrees_of_freedom,
        deviance,
    })
}

/// A ratio of rates from its logarithm; `df` none for the normal distribution.
fn ratio(ln_ratio: f64, error: f64, df: Option<f64>, level: f64, method: &str) -> Result<Estimate, StatError> {
    check_level(level)?;
    if error.is_nan() || error <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let tail = 0.5 * (1.0 - level);
    let reach = error * df.map_or_else(|| -normal::quantile(tail), |df| -student::quantile(tail, df));
    let t = (ln_ratio / error).abs();
    let ln_p = std::f64::consts::LN_2 + df.map_or_else(|| normal::ln_sf(t), |df| student::ln_sf(t, df));
    Ok(Estimate {
        point: Some(exp(ln_ratio)),
        standard_error: Some(error),
        degrees_of_freedom: df,
        interval: Interval { lower: exp(ln_ratio - reach), upper: exp(ln_ratio + reach), level },
        p_value: Some(PValue::from_ln(ln_p)),
        method: method.to_owned(),
        guarantee: Guarantee::Asymptotic,
    })
}

/// How many times the event rate of arm 0 is that of arm 1, when counts vary more than Poisson by a constant factor?
///
/// Quasi-Poisson: the Poisson standard error times the root of the dispersion, Student's t with units - 2 degrees of
/// freedom. `standard_error` is on the log scale.
///
/// ```
/// use fairtrial_stats::rates::{ArmCounts, poisson_regression, quasi_poisson};
/// let arm1 = ArmCounts::new(&[2, 0, 3, 7], &[1.0; 4]).unwrap();
/// let arm0 = ArmCounts::new(&[1, 0, 1, 4], &[1.0; 4]).unwrap();
/// let (fit, e) = (poisson_regression(&arm1, &arm0).unwrap(), quasi_poisson(&arm1, &arm0, 0.95).unwrap());
/// // The standard error of the logarithm grows by the root of the dispersion; t with 6 degrees of freedom (2.4469).
/// let width = 2.0 * 2.446_911_851 * fit.standard_error * fit.dispersion.sqrt();
/// assert!((e.point.unwrap() - 2.0).abs() < 1e-14);
/// assert!(((e.interval.upper / e.interval.lower).ln() - width).abs() < 1e-8);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `zero_variance` when every count equals its expectation.
pub fn quasi_poisson(arm1: &ArmCounts<'_>, arm0: &ArmCounts<'_>, level: f64) -> Result<Estimate, StatError> {
    let fit = poisson_regression(arm1, arm0)?;
    let error = fit.standard_error * fit.dispersion.sqrt();
    ratio(fit.ln_rate_ratio, error, Some(fit.degrees_of_freedom), level, "quasi-Poisson regression")
}

/// How many times the event rate of arm 0 is that of arm 1, whatever the spread of the counts?
///
/// Poisson regression with the sandwich standard error (Zou 2004, Am. J. Epidemiol. 159, 702-706); for some 20 units an
/// arm and more. `standard_error` is on the log scale.
///
/// ```
/// use fairtrial_stats::rates::{ArmCounts, robust_poisson};
/// let arm1 = ArmCounts::new(&[2, 0, 3, 7], &[1.0; 4]).unwrap();
/// let arm0 = ArmCounts::new(&[1, 0, 1, 4], &[1.0; 4]).unwrap();
/// let e = robust_poisson(&arm1, &arm0, 0.95).unwrap();
/// // Sum of squares about the mean over the squared total, arm by arm (Zou 2004).
/// let variance = (1.0 + 9.0 + 0.0 + 16.0) / 144.0 + (0.25 + 2.25 + 0.25 + 6.25) / 36.0;
/// let width = 2.0 * 1.959_963_985 * f64::sqrt(variance);
/// assert!(((e.interval.upper / e.interval.lower).ln() - width).abs() < 1e-7);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `zero_variance` when every count equals its expectation.
pub fn robust_poisson(arm1: &ArmCounts<'_>, arm0: &ArmCounts<'_>, level: f64) -> Result<Estimate, StatError> {
    let fit = poisson_regression(arm1, arm0)?;
    ratio(fit.ln_rate_ratio, fit.robust_standard_error, None, level, "Poisson regression, sandwich standard error")
}

/// A negative-binomial comparison of two arms (variance mu + mu^2/theta, one theta for both).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NegativeBinomial {
    /// The ratio of rates; its standard error is on the log scale and from the full likelihood.
    pub estimate: Estimate,
    /// ln of the ratio of rates.
    pub ln_rate_ratio: f64,
    /// Standard error of it as if theta were known (what R's `glm.nb` prints).
    pub standard_error_given_theta: f64,
    /// Size parameter; none when the counts vary no more than Poisson counts, which is theta at infinity.
    pub theta: Option<f64>,
    /// Standard error of theta as if the rates were known.
    pub theta_standard_error: Option<f64>,
    /// ln of the likelihood.
    pub ln_likelihood: f64,
}

/// Size beyond which the likelihood cannot be told from Poisson's.
const LARGEST_THETA: f64 = 1e7;

/// The most likely rate of an arm given theta.
fn rate_given(arm: &ArmCounts<'_>, theta: f64) -> Result<f64, StatError> {
    let score = |ln_rate: f64| {
        let rate = exp(ln_rate);
        arm.sum(rate, |y, mu| (y - mu) * theta / (mu + theta))
    };
    let rates = || arm.units().filter(|(count, _)| *count > 0).map(|(count, exposure)| count as f64 / exposure);
    let highest = ln(rates().fold(0.0, f64::max)) + 1e-9;
    // The root lies below the largest single rate, and above the smallest share of it that one unit can give.
    let mut low = ln(arm.rate()) - 1.0;
    while score(low) <= 0.0 && low > -700.0 {
        low -= 5.0;
    }
    let found = root::find(score, low, highest.max(low + 1e-6), 0.0)?;
    Ok(exp(found.value))
}

fn theta_score(arm: &ArmCounts<'_>, rate: f64, theta: f64) -> f64 {
    arm.sum(rate, |y, mu| rising_digamma(theta, y) + ln(theta / (mu + theta)) + (mu - y) / (mu + theta))
}

/// digamma(theta + y) - digamma(theta), as a sum for small y.
fn rising_digamma(theta: f64, y: f64) -> f64 {
    if y <= 200.0 { (0..y as u64).map(|k| 1.0 / (theta + k as f64)).sum() } else { digamma(theta + y) - digamma(theta) }
}

/// The negative second derivatives of an arm: rate-rate, rate-theta, theta-theta, and the expected rate-rate.
fn information(arm: &ArmCounts<'_>, rate: f64, theta: f64) -> [f64; 4] {
    let square = |mu: f64| (mu + theta) * (mu + theta);
    [
        arm.sum(rate, |y, mu| mu * theta * (y + theta) / square(mu)),
        arm.sum(rate, |y, mu| -(y - mu) * mu / square(mu)),
        arm.sum(rate, |y, mu| {
            trigamma(theta) - trigamma(theta + y) - 1.0 / theta + 2.0 / (mu + theta) - (y + theta) / square(mu)
        }),
        arm.sum(rate, |_, mu| mu * theta / (mu + theta)),
    ]
}

fn ln_likelihood(arm: &ArmCounts<'_>, rate: f64, theta: f64) -> f64 {
    arm.sum(rate, |y, mu| {
        ln_gamma(y + theta) - ln_gamma(theta) - ln_gamma(y + 1.0) - theta * ln_1p(mu / theta)
            + if y > 0.0 { y * ln(mu / (mu + theta)) } else { 0.0 }
    })
}

fn poisson_ln_likelihood(arm: &ArmCounts<'_>, rate: f64) -> f64 {
    arm.units().map(|(count, exposure)| crate::special::count::ln_poisson(count, rate * exposure)).sum()
}

/// How many times the event rate of arm 0 is that of arm 1, when some units have many more events than others?
///
/// Negative-binomial regression (Lawless 1987, Can. J. Stat. 15, 209-225) by maximum likelihood, with the standard error
/// from the full likelihood. When the counts vary no more than Poisson counts do, theta is infinite and the result is
/// Poisson regression. Needs some 20 units an arm.
///
/// ```
/// use fairtrial_stats::rates::{ArmCounts, negative_binomial};
/// // With equal exposures the fitted means are the arms' own (Lawless 1987): 12 events against 6.
/// let arm1 = ArmCounts::new(&[2, 0, 3, 7], &[1.0; 4]).unwrap();
/// let arm0 = ArmCounts::new(&[1, 0, 1, 4], &[1.0; 4]).unwrap();
/// let fit = negative_binomial(&arm1, &arm0, 0.95).unwrap();
/// assert!((fit.ln_rate_ratio - 2.0_f64.ln()).abs() < 1e-6 && fit.theta.is_some());
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `no_convergence` when the likelihood has no interior maximum.
pub fn negative_binomial(
    arm1: &ArmCounts<'_>,
    arm0: &ArmCounts<'_>,
    level: f64,
) -> Result<NegativeBinomial, StatError> {
    let profile = |ln_theta: f64| -> f64 {
        let theta = exp(ln_theta);
        let value = || -> Result<f64, StatError> {
            let (rate1, rate0) = (rate_given(arm1, theta)?, rate_given(arm0, theta)?);
            Ok(theta_score(arm1, rate1, theta) + theta_score(arm0, rate0, theta))
        };
        // Not a number ends the search with an error.
        value().map_or(f64::NAN, |score| score * theta)
    };
    // The sign of the score at infinity: more spread than Poisson, or not.
    let excess =
        arm1.sum(arm1.rate(), |y, mu| (y - mu) * (y - mu) - y) + arm0.sum(arm0.rate(), |y, mu| (y - mu) * (y - mu) - y);
    let method = "negative-binomial regression";
    if excess <= 0.0 || profile(ln(LARGEST_THETA)) > 0.0 {
        let fit = poisson_regression(arm1, arm0)?;
        return Ok(NegativeBinomial {
            estimate: ratio(fit.ln_rate_ratio, fit.standard_error, None, level, method)?,
            ln_rate_ratio: fit.ln_rate_ratio,
            standard_error_given_theta: fit.standard_error,
            theta: None,
            theta_standard_error: None,
            ln_likelihood: poisson_ln_likelihood(arm1, arm1.rate()) + poisson_ln_likelihood(arm0, arm0.rate()),
        });
    }
    let theta = exp(root::find(profile, ln(1e-6f64), ln(LARGEST_THETA), 1e-13)?.value);
    let (rate1, rate0) = (rate_given(arm1, theta)?, rate_given(arm0, theta)?);
    let (i1, i0) = (information(arm1, rate1, theta), information(arm0, rate0, theta));
    let ln_rate_ratio = ln(rate1 / rate0);
    let own = i1[2] + i0[2];
    let left = own - i1[1] * i1[1] / i1[0] - i0[1] * i0[1] / i0[0];
    let lever = i1[1] / i1[0] - i0[1] / i0[0];
    let error = (1.0 / i1[0] + 1.0 / i0[0] + lever * lever / left).sqrt();
    Ok(NegativeBinomial {
        estimate: ratio(ln_rate_ratio, error, None, level, method)?,
        ln_rate_ratio,
        standard_error_given_theta: (1.0 / i1[3] + 1.0 / i0[3]).sqrt(),
        theta: Some(theta),
        theta_standard_error: Some((1.0 / own).sqrt()),
        ln_likelihood: ln_likelihood(arm1, rate1, theta) + ln_likelihood(arm0, rate0, theta),
    })
}
