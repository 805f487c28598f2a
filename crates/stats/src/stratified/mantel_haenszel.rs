//! The Mantel-Haenszel family: one common difference, ratio or odds ratio.

use super::Strata;
use crate::special::elementary::{exp, ln};
use crate::special::{chi_square as distribution, normal};
use crate::two_proportions::{check_level, normal_p};
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

fn estimate(point: f64, error: f64, level: f64, logarithmic: bool, method: &str) -> Result<Estimate, StatError> {
    check_level(level)?;
    if error.is_nan() || error <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let reach = -normal::quantile(0.5 * (1.0 - level)) * error;
    let scale = |value: f64| if logarithmic { exp(value) } else { value };
    Ok(Estimate {
        point: Some(scale(point)),
        standard_error: Some(error),
        degrees_of_freedom: None,
        interval: Interval { lower: scale(point - reach), upper: scale(point + reach), level },
        p_value: Some(normal_p(point / error, Side::Two)),
        method: method.to_owned(),
        guarantee: Guarantee::Asymptotic,
    })
}

/// What is the common odds ratio of the strata? Mantel-Haenszel with the variance of Robins, Breslow and Greenland.
///
/// `standard_error` is on the log scale. No continuity correction; strata with empty cells contribute what they know.
/// Sources: Mantel and Haenszel 1959, J. Natl. Cancer Inst. 22, 719-748; Robins, Breslow and Greenland 1986, Biometrics
/// 42, 311-323.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, common_odds_ratio};
/// // R `mantelhaen.test`
/// let strata = Strata::new(&[[8, 20, 4, 20], [0, 15, 3, 14], [12, 40, 9, 38], [2, 9, 0, 11], [0, 5, 0, 6]]).unwrap();
/// let e = common_odds_ratio(&strata, 0.95).unwrap();
/// assert!((e.point.unwrap() - 1.464_529_573).abs() < 1e-8);
/// assert!((e.interval.lower - 0.705_697_730).abs() < 1e-8 && (e.interval.upper - 3.039_328_002).abs() < 1e-8);
/// ```
///
/// # Errors
/// `not_estimable` when no stratum has both a success against a failure in either direction.
pub fn common_odds_ratio(strata: &Strata, level: f64) -> Result<Estimate, StatError> {
    let r = strata.sum(|s| s.a * s.d / s.total);
    let s_sum = strata.sum(|s| s.b * s.c / s.total);
    if r == 0.0 || s_sum == 0.0 {
        return Err(StatError::not_estimable("in every stratum one of the two products of cells is 0"));
    }
    let p = |s: super::Cells| (s.a + s.d) / s.total;
    let q = |s: super::Cells| (s.b + s.c) / s.total;
    let up = |s: super::Cells| s.a * s.d / s.total;
    let down = |s: super::Cells| s.b * s.c / s.total;
    let variance = strata.sum(|s| p(s) * up(s)) / (2.0 * r * r)
        + strata.sum(|s| p(s) * down(s) + q(s) * up(s)) / (2.0 * r * s_sum)
        + strata.sum(|s| q(s) * down(s)) / (2.0 * s_sum * s_sum);
    estimate(ln(r / s_sum), variance.sqrt(), level, true, "Mantel-Haenszel odds ratio")
}

/// What is the common ratio of proportions of the strata? Mantel-Haenszel with the variance of Greenland and Robins.
///
/// `standard_error` is on the log scale. Source: Greenland and Robins 1985, Biometrics 41, 55-68.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, common_risk_ratio};
/// // R `metafor::rma.mh(measure = "RR")`
/// let strata = Strata::new(&[[8, 20, 4, 20], [0, 15, 3, 14], [12, 40, 9, 38], [2, 9, 0, 11], [0, 5, 0, 6]]).unwrap();
/// let e = common_risk_ratio(&strata, 0.95).unwrap();
/// assert!((e.point.unwrap().ln() - 0.292_873_187_2).abs() < 1e-9);
/// assert!((e.interval.lower.ln() + 0.267_431_434_3).abs() < 1e-8);
/// ```
///
/// # Errors
/// `not_estimable` when an arm has no success at all.
pub fn common_risk_ratio(strata: &Strata, level: f64) -> Result<Estimate, StatError> {
    let r = strata.sum(|s| s.a * s.n0 / s.total);
    let s_sum = strata.sum(|s| s.c * s.n1 / s.total);
    if r == 0.0 || s_sum == 0.0 {
        return Err(StatError::not_estimable("an arm has no success in any stratum"));
    }
    let spread = strata.sum(|s| (s.n1 * s.n0 * (s.a + s.c) - s.a * s.c * s.total) / (s.total * s.total));
    estimate(ln(r / s_sum), (spread / (r * s_sum)).sqrt(), level, true, "Mantel-Haenszel risk ratio")
}

/// What is the common difference of proportions of the strata? Mantel-Haenszel with Sato's variance.
///
/// The weights are n1 n0 / (n1 + n0). Source: Sato 1989, Biometrics 45, 1323-1324.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, common_risk_difference};
/// let strata = Strata::new(&[[8, 20, 4, 20], [12, 40, 9, 38]]).unwrap();
/// let e = common_risk_difference(&strata, 0.95).unwrap();
/// assert!((e.point.unwrap() - 63.0 / 575.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// `zero_variance` when nothing varies.
pub fn common_risk_difference(strata: &Strata, level: f64) -> Result<Estimate, StatError> {
    let weight = strata.sum(|s| s.n1 * s.n0 / s.total);
    let difference = strata.sum(|s| (s.a * s.n0 - s.c * s.n1) / s.total) / weight;
    let p = strata.sum(|s| {
        let part = s.n1 * s.n1 * s.c - s.n0 * s.n0 * s.a + s.n1 * s.n0 * (s.n0 - s.n1) / 2.0;
        part / (s.total * s.total)
    });
    let q = strata.sum(|s| (s.a * s.d + s.c * s.b) / (2.0 * s.total));
    let variance = (difference * p + q) / (weight * weight);
    estimate(difference, variance.sqrt(), level, false, "Mantel-Haenszel risk difference, Sato variance")
}

/// Do the arms differ within strata? The Cochran-Mantel-Haenszel test; returns its chi-square and p-value.
///
/// Without continuity correction by default: the correction makes it needlessly conservative. Where wanted, it takes one half off
/// the difference from the expectation if that is at least one half.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, chi_square};
/// // R `mantelhaen.test(correct = FALSE)`
/// let strata = Strata::new(&[[8, 20, 4, 20], [0, 15, 3, 14], [12, 40, 9, 38], [2, 9, 0, 11], [0, 5, 0, 6]]).unwrap();
/// let (statistic, p) = chi_square(&strata, false).unwrap();
/// assert!((statistic - 1.072_323_588_7).abs() < 1e-9 && (p.p() - 0.300_421_191_4).abs() < 1e-9);
/// ```
///
/// # Errors
/// `zero_variance` when in every stratum nobody or everybody succeeded.
pub fn chi_square(strata: &Strata, continuity_correction: bool) -> Result<(f64, PValue), StatError> {
    // Given both margins the variance of a stratum has N - 1; one person alone has none.
    statistic(strata, continuity_correction, |total| if total > 1.0 { 1.0 / (total - 1.0) } else { 0.0 })
}

/// Do the arms differ within strata? Cochran's test of 1954, whose variances take the arms as two binomial samples.
///
/// Slightly larger than [`chi_square`]; for comparison with programs that print it.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, chi_square, cochran_chi_square};
/// // Cochran's variance has N^3 where Mantel's has N^2 (N - 1): with one stratum the ratio of both is N/(N - 1).
/// let strata = Strata::new(&[[56, 70, 48, 80]]).unwrap();
/// let (mantel, cochran) = (chi_square(&strata, false).unwrap().0, cochran_chi_square(&strata, false).unwrap().0);
/// assert!((cochran / mantel - 150.0 / 149.0).abs() < 1e-12 && (cochran - 7.023_411_371_2).abs() < 1e-9);
/// ```
///
/// # Errors
/// As [`chi_square`].
pub fn cochran_chi_square(strata: &Strata, continuity_correction: bool) -> Result<(f64, PValue), StatError> {
    statistic(strata, continuity_correction, f64::recip)
}

fn statistic(strata: &Strata, continuity_correction: bool, share: fn(f64) -> f64) -> Result<(f64, PValue), StatError> {
    let excess = strata.sum(|s| s.a - s.n1 * (s.a + s.c) / s.total);
    let variance = strata.sum(|s| {
        let spread = s.n1 * s.n0 * (s.a + s.c) * (s.b + s.d);
        spread / (s.total * s.total) * share(s.total)
    });
    if variance == 0.0 {
        return Err(StatError::ZeroVariance);
    }
    // Nothing to correct where the tables lie closer to their expectation than the next ones, as R has it.
    let correction = if continuity_correction && excess.abs() >= 0.5 { 0.5 } else { 0.0 };
    let root = excess.abs() - correction;
    let statistic = root * root / variance;
    Ok((statistic, PValue::from_ln(distribution::ln_sf(statistic, 1.0))))
}
