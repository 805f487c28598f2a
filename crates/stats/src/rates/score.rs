//! Score intervals for a difference and a ratio of Poisson rates, plain and corrected for skewness.

use super::{Events, check_level};
use crate::special::elementary::exp;
use crate::special::{normal, root};
use crate::two_proportions::{corrected, log_root, normal_p, standardised};
use crate::{Estimate, Guarantee, Interval, Side, StatError};

/// The statistic for rate1 - rate0 = `difference`, with the most likely rates under it.
fn difference_z(events: &Events, difference: f64, skewness: bool) -> f64 {
    let (x1, t1, x0, t0) = events.floats();
    let total = t1 + t0;
    let b = total * difference - x1 - x0;
    let root = (b * b + 4.0 * total * x0 * difference).max(0.0).sqrt();
    let rate0 = if b <= 0.0 { (root - b) / (2.0 * total) } else { 2.0 * x0 * difference / (b + root) };
    let rate0 = rate0.max(0.0).max(-difference);
    let rate1 = rate0 + difference;
    let score = events.rate1() - events.rate0() - difference;
    let variance = rate1 / t1 + rate0 / t0;
    if skewness {
        corrected(score, variance, rate1 / (t1 * t1) - rate0 / (t0 * t0))
    } else {
        standardised(score, variance)
    }
}

/// The statistic for rate1 / rate0 = `ratio`.
fn ratio_z(events: &Events, ratio: f64, skewness: bool) -> f64 {
    let (x1, t1, x0, t0) = events.floats();
    let rate0 = (x1 + x0) / (t1 * ratio + t0);
    let rate1 = ratio * rate0;
    let score = events.rate1() - ratio * events.rate0();
    let variance = rate1 / t1 + ratio * ratio * rate0 / t0;
    if skewness {
        corrected(score, variance, rate1 / (t1 * t1) - ratio * ratio * ratio * rate0 / (t0 * t0))
    } else {
        standardised(score, variance)
    }
}

fn estimate(point: Option<f64>, limits: (f64, f64), level: f64, z: f64, skewness: bool, what: &str) -> Estimate {
    let method = if skewness { "skewness-corrected score (SCAS) interval" } else { "score interval" };
    Estimate {
        point,
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower: limits.0, upper: limits.1, level },
        p_value: Some(normal_p(z, Side::Two)),
        method: format!("{method} for a {what}"),
        guarantee: Guarantee::Asymptotic,
    }
}

fn difference(events: &Events, level: f64, skewness: bool) -> Result<Estimate, StatError> {
    check_level(level)?;
    let critical = -normal::quantile(0.5 * (1.0 - level));
    let observed = events.rate1() - events.rate0();
    let spread = (events.x1 as f64 + 1.0).sqrt() / events.t1 + (events.x0 as f64 + 1.0).sqrt() / events.t0;
    let at = |target: f64| {
        let f = |d: f64| difference_z(events, d, skewness) - target;
        let at_observed = f(observed);
        if at_observed == 0.0 {
            return Ok(observed);
        }
        let direction = at_observed.signum();
        let mut step = spread;
        for _ in 0..200 {
            let far = observed + direction * step;
            if f(far) * direction <= 0.0 {
                let (low, high) = if direction > 0.0 { (observed, far) } else { (far, observed) };
                return root::find(f, low, high, 0.0).map(|root| root.value);
            }
            step *= 2.0;
        }
        Err(StatError::NoConvergence { reason: "no limit of the rate difference within reach".to_owned() })
    };
    let point = if skewness { at(0.0)? } else { observed };
    let limits = (at(critical)?, at(-critical)?);
    let z = difference_z(events, 0.0, skewness);
    Ok(estimate(Some(point), limits, level, z, skewness, "rate difference"))
}

fn ratio(events: &Events, level: f64, skewness: bool) -> Result<Estimate, StatError> {
    check_level(level)?;
    let critical = -normal::quantile(0.5 * (1.0 - level));
    let (open_below, open_above) = (events.x1 == 0, events.x0 == 0);
    let (x1, t1, x0, t0) = events.floats();
    let start = Some((x1 + 0.5) * t0 / ((x0 + 0.5) * t1));
    let at = |target: f64| log_root(|v| ratio_z(events, exp(v), skewness) - target, start).map(exp);
    let lower = if open_below { 0.0 } else { at(critical)? };
    let upper = if open_above { f64::INFINITY } else { at(-critical)? };
    let point = if skewness && !(open_below && open_above) { Some(at(0.0)?) } else { events.ratio() };
    let mut result = estimate(point, (lower, upper), level, ratio_z(events, 1.0, skewness), skewness, "rate ratio");
    if open_below && open_above {
        result.p_value = None;
    }
    Ok(result)
}

/// By how much do two event rates differ, per unit of exposure? The score interval.
///
/// Large-sample, good from a few events; without any event the limits still say how large a difference the exposure
/// allows. Source: Miettinen and Nurminen 1985, Statist. Med. 4, 213-226.
///
/// ```
/// use fairtrial_stats::rates::{Events, score_rate_difference};
/// // R `ratesci::scoreci(distrib = "poi", skew = FALSE)`
/// let e = score_rate_difference(&Events::new(11, 800.0, 4, 900.0).unwrap(), 0.95).unwrap();
/// assert!((e.interval.lower - 0.000_399_102).abs() < 1e-8 && (e.interval.upper - 0.020_635_568).abs() < 1e-8);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn score_rate_difference(events: &Events, level: f64) -> Result<Estimate, StatError> {
    difference(events, level, false)
}

/// By how much do two event rates differ? The score interval with equal error in both tails (Laud 2017).
///
/// ```
/// use fairtrial_stats::rates::{Events, scas_rate_difference};
/// // R `ratesci::scoreci(distrib = "poi")`
/// let e = scas_rate_difference(&Events::new(11, 800.0, 4, 900.0).unwrap(), 0.95).unwrap();
/// assert!((e.interval.lower - 0.000_315_299).abs() < 1e-8 && (e.interval.upper - 0.020_055_025).abs() < 1e-8);
/// ```
///
/// # Errors
/// As [`score_rate_difference`].
pub fn scas_rate_difference(events: &Events, level: f64) -> Result<Estimate, StatError> {
    difference(events, level, true)
}

/// How many times the event rate of arm 0 is that of arm 1? The score interval.
///
/// Unbounded above without events in arm 0. Source: Graham, Mengersen and Morton 2003, Statist. Med. 22, 2071-2083.
///
/// ```
/// use fairtrial_stats::rates::{Events, score_rate_ratio};
/// // R `ratesci::scoreci(distrib = "poi", contrast = "RR", skew = FALSE)`
/// let e = score_rate_ratio(&Events::new(11, 800.0, 4, 900.0).unwrap(), 0.95).unwrap();
/// assert!((e.interval.lower - 1.040_525_699).abs() < 1e-7 && (e.interval.upper - 9.198_512_901).abs() < 1e-7);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn score_rate_ratio(events: &Events, level: f64) -> Result<Estimate, StatError> {
    ratio(events, level, false)
}

/// How many times the event rate of arm 0 is that of arm 1? The score interval with equal error in both tails.
///
/// ```
/// use fairtrial_stats::rates::{Events, scas_rate_ratio};
/// // R `ratesci::scoreci(distrib = "poi", contrast = "RR")`
/// let e = scas_rate_ratio(&Events::new(11, 800.0, 4, 900.0).unwrap(), 0.95).unwrap();
/// assert!((e.interval.lower - 1.035_176_017).abs() < 1e-7 && (e.interval.upper - 10.893_904_949).abs() < 1e-7);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn scas_rate_ratio(events: &Events, level: f64) -> Result<Estimate, StatError> {
    ratio(events, level, true)
}
