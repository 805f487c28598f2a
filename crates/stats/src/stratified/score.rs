//! The stratified Miettinen-Nurminen interval for a difference of proportions.

use super::{Cells, Strata};
use crate::special::{normal, root};
use crate::two_proportions::{Restricted, check_level, normal_p, restricted_by_difference, standardised};
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// The score statistic of a common difference, strata weighted by n1 n0 / (n1 + n0).
fn statistic(strata: &Strata, difference: f64) -> f64 {
    let (mut score, mut variance) = (0.0, 0.0);
    for table in strata.tables() {
        let Cells { n1, n0, total, .. } = Cells::new(table);
        let weight = n1 * n0 / total;
        let Restricted { p1, p0, q1, q0 } = restricted_by_difference(table, difference);
        let factor = total / (total - 1.0);
        score += weight * (table.difference() - difference);
        variance += weight * weight * factor * (p1 * q1 / n1 + p0 * q0 / n0);
    }
    standardised(score, variance)
}

/// By how much do the proportions differ within strata? The Miettinen-Nurminen interval for one common difference.
///
/// The estimate is the Mantel-Haenszel difference, the p-value the score test of no difference. `level` in (0, 1). Good for
/// small strata. Source: Miettinen and Nurminen 1985, Statist. Med. 4, 213-226, section on stratification.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, stratified_risk_difference};
/// // R `ratesci::scoreci(stratified = TRUE, skew = FALSE, weighting = "MH")`
/// let strata = Strata::new(&[[8, 20, 4, 20], [0, 15, 3, 14], [12, 40, 9, 38], [2, 9, 0, 11], [0, 5, 0, 6]]).unwrap();
/// let e = stratified_risk_difference(&strata, 0.95).unwrap();
/// assert!((e.point.unwrap() - 0.062_582_886).abs() < 1e-7);
/// assert!((e.interval.lower + 0.056_317_803).abs() < 1e-7 && (e.interval.upper - 0.184_026_708).abs() < 1e-7);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn stratified_risk_difference(strata: &Strata, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let critical = -normal::quantile(0.5 * (1.0 - level));
    let weight = strata.sum(|s| s.n1 * s.n0 / s.total);
    let observed = (strata.sum(|s| (s.a * s.n0 - s.c * s.n1) / s.total) / weight).clamp(-1.0, 1.0);
    let z = |difference: f64| statistic(strata, difference);
    let lower = if z(-1.0) <= critical { -1.0 } else { root::find(|d| z(d) - critical, -1.0, observed, 0.0)?.value };
    let upper = if z(1.0) >= -critical { 1.0 } else { root::find(|d| z(d) + critical, observed, 1.0, 0.0)?.value };
    Ok(Estimate {
        point: Some(observed),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower, upper, level },
        p_value: Some(normal_p(z(0.0), Side::Two)),
        method: "stratified Miettinen-Nurminen interval and score test".to_owned(),
        guarantee: Guarantee::Asymptotic,
    })
}

/// Do the proportions differ within strata by more than a given difference, or by less? The test that belongs to
/// [`stratified_risk_difference`].
///
/// The null hypothesis is one common difference of `null_difference`, in [-1, 1]. With [`Side::Two`] it agrees with whether
/// the interval contains it. Source: as there.
///
/// ```
/// use fairtrial_stats::{Side, stratified::{Strata, stratified_risk_difference, stratified_score_test}};
/// let strata = Strata::new(&[[8, 20, 4, 20], [12, 40, 9, 38]]).unwrap();
/// let lower = stratified_risk_difference(&strata, 0.95).unwrap().interval.lower;
/// let p = stratified_score_test(&strata, lower, Side::Greater).unwrap();
/// assert!((p.p() - 0.025).abs() < 1e-9);
/// ```
///
/// # Errors
/// `invalid_argument` for a difference outside [-1, 1].
pub fn stratified_score_test(strata: &Strata, null_difference: f64, side: Side) -> Result<PValue, StatError> {
    if !(-1.0..=1.0).contains(&null_difference) {
        return Err(StatError::invalid("null_difference", "must be from -1 to 1"));
    }
    Ok(normal_p(statistic(strata, null_difference), side))
}
