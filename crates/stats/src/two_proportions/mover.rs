//! MOVER-J: limits for a difference, a ratio and an odds ratio from Jeffreys limits of each proportion.

use super::closed_form::pearson;
use super::score::Ratio;
use super::table::{Table, check_level};
use crate::special::beta;
use crate::variance_recovery::{self, Limits};
use crate::{Estimate, Guarantee, Interval, StatError};

/// Equal-tailed limits and the median of a proportion under Jeffreys' prior.
fn jeffreys(x: u64, n: u64, tail: f64) -> Limits {
    let (a, b) = (x as f64 + 0.5, (n - x) as f64 + 0.5);
    Limits {
        lower: beta::quantile(a, b, tail),
        middle: beta::quantile(a, b, 0.5),
        upper: beta::quantile_upper(a, b, tail),
    }
}

fn arms(table: &Table, level: f64) -> (Limits, Limits) {
    let tail = 0.5 * (1.0 - level);
    (jeffreys(table.x1(), table.n1(), tail), jeffreys(table.x0(), table.n0(), tail))
}

fn estimate(table: &Table, point: f64, limits: (f64, f64), level: f64, what: &str) -> Estimate {
    Estimate {
        point: Some(point),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower: limits.0, upper: limits.1, level },
        p_value: pearson(table).ok(),
        method: format!("MOVER-J interval for {what}"),
        guarantee: Guarantee::Asymptotic,
    }
}

/// By how much do two proportions differ? MOVER with Jeffreys limits.
///
/// The estimate is the difference of the posterior medians. Coverage is near the level on average, not guaranteed.
/// Source: Laud 2017, Pharm. Stat. 16, 334-348. `level` in (0, 1).
///
/// ```
/// // R `ratesci::moverci`
/// use fairtrial_stats::two_proportions::{Table, mover_risk_difference};
/// let interval = mover_risk_difference(&Table::new(56, 70, 48, 80).unwrap(), 0.95).unwrap().interval;
/// assert!((interval.lower - 0.053_372_446_6).abs() < 1e-9 && (interval.upper - 0.335_268_680_0).abs() < 1e-9);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn mover_risk_difference(table: &Table, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let (first, second) = arms(table, level);
    let limits = variance_recovery::difference(first, second);
    Ok(estimate(table, first.middle - second.middle, limits, level, "a difference"))
}

/// How many times one proportion, or its odds, is the other? MOVER with Jeffreys limits.
///
/// Always finite, also with no successes, thanks to the prior; there prefer the score interval, which says that the data
/// set no bound. Source: Laud 2017; Fagerland and Newcombe 2013, Statist. Med. 32, 2823-2836 (odds).
///
/// ```
/// // R `ratesci::moverci`
/// use fairtrial_stats::two_proportions::{Ratio, Table, mover_ratio};
/// let interval = mover_ratio(&Table::new(56, 70, 48, 80).unwrap(), Ratio::Risk, 0.95).unwrap().interval;
/// assert!((interval.lower - 1.079_264_147_7).abs() < 1e-9 && (interval.upper - 1.663_499_036_8).abs() < 1e-9);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn mover_ratio(table: &Table, measure: Ratio, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let (first, second) = arms(table, level);
    Ok(match measure {
        Ratio::Risk => {
            let limits = variance_recovery::ratio(first, second);
            estimate(table, first.middle / second.middle, limits, level, "a ratio")
        }
        Ratio::Odds => {
            let (first, second) = (first.odds(), second.odds());
            let limits = variance_recovery::ratio(first, second);
            estimate(table, first.middle / second.middle, limits, level, "an odds ratio")
        }
    })
}
