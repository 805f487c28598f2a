//! Intervals and tests with a formula: Newcombe, Agresti-Caffo, Wald, Pearson's chi-square.

use super::score::{normal_p, standardised};
use super::table::{Table, check_level};
use crate::one_proportion::wilson_limits;
use crate::special::normal;
use crate::variance_recovery::{self, Limits};
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

fn estimate(table: &Table, point: f64, limits: (f64, f64), level: f64, method: &str) -> Estimate {
    Estimate {
        point: Some(point),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower: limits.0, upper: limits.1, level },
        p_value: pearson(table).ok(),
        method: method.to_owned(),
        guarantee: Guarantee::Asymptotic,
    }
}

/// By how much do two proportions differ? Newcombe's hybrid of two Wilson intervals.
///
/// Source: Newcombe 1998, Statist. Med. 17, 873-890, method 10. `level` in (0, 1). Covers slightly less than
/// Miettinen-Nurminen for small groups.
///
/// ```
/// // Newcombe 1998, table II, example (a): 56 of 70 and 48 of 80.
/// use fairtrial_stats::two_proportions::{Table, newcombe};
/// let interval = newcombe(&Table::new(56, 70, 48, 80).unwrap(), 0.95).unwrap().interval;
/// assert!((interval.lower - 0.0524).abs() < 5e-5 && (interval.upper - 0.3339).abs() < 5e-5);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn newcombe(table: &Table, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let z = -normal::quantile(0.5 * (1.0 - level));
    let (l1, u1) = wilson_limits(table.x1(), table.n1(), z);
    let (l0, u0) = wilson_limits(table.x0(), table.n0(), z);
    let first = Limits { lower: l1, middle: table.p1(), upper: u1 };
    let second = Limits { lower: l0, middle: table.p0(), upper: u0 };
    let limits = variance_recovery::difference(first, second);
    Ok(estimate(table, table.difference(), limits, level, "Newcombe hybrid score interval"))
}

/// By how much do two proportions differ? A success and a failure added to each arm, then Wald.
///
/// Source: Agresti and Caffo 2000, Am. Stat. 54, 280-288. May reach beyond -1 or 1, as published.
///
/// ```
/// // statsmodels `confint_proportions_2indep(method="agresti-caffo")`
/// use fairtrial_stats::two_proportions::{Table, agresti_caffo};
/// let interval = agresti_caffo(&Table::new(56, 70, 48, 80).unwrap(), 0.95).unwrap().interval;
/// assert!((interval.lower - 0.052_452_926_6).abs() < 1e-9 && (interval.upper - 0.335_758_455_5).abs() < 1e-9);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1).
pub fn agresti_caffo(table: &Table, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let (x1, n1, x0, n0) = table.floats();
    let (p1, p0) = ((x1 + 1.0) / (n1 + 2.0), (x0 + 1.0) / (n0 + 2.0));
    let spread = (p1 * (1.0 - p1) / (n1 + 2.0) + p0 * (1.0 - p0) / (n0 + 2.0)).sqrt();
    let reach = -normal::quantile(0.5 * (1.0 - level)) * spread;
    let limits = (p1 - p0 - reach, p1 - p0 + reach);
    Ok(estimate(table, table.difference(), limits, level, "Agresti-Caffo interval"))
}

/// By how much do two proportions differ? The textbook interval, for comparison only.
///
/// Do not report it: its coverage falls to 18 % at 10 people an arm and its width is 0 when all agree.
///
/// ```
/// // Newcombe 1998, table II, example (a): 56 of 70 and 48 of 80.
/// use fairtrial_stats::two_proportions::{Table, wald};
/// let interval = wald(&Table::new(56, 70, 48, 80).unwrap(), 0.95).unwrap().interval;
/// assert!((interval.lower - 0.0575).abs() < 5e-5 && (interval.upper - 0.3425).abs() < 5e-5);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `zero_variance` when each arm is all successes or all failures.
pub fn wald(table: &Table, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let (_, n1, _, n0) = table.floats();
    let (p1, p0) = (table.p1(), table.p0());
    let error = (p1 * (1.0 - p1) / n1 + p0 * (1.0 - p0) / n0).sqrt();
    if error == 0.0 {
        return Err(StatError::ZeroVariance);
    }
    let reach = -normal::quantile(0.5 * (1.0 - level)) * error;
    let difference = table.difference();
    let mut estimate = estimate(table, difference, (difference - reach, difference + reach), level, "Wald interval");
    estimate.standard_error = Some(error);
    Ok(estimate)
}

/// The pooled z statistic, whose square is Pearson's chi-square without continuity correction.
///
/// ```
/// use fairtrial_stats::two_proportions::{Table, pooled_z};
/// // R `prop.test(c(56, 48), c(70, 80), correct = FALSE)`: X-squared = 7.0234
/// let z = pooled_z(&Table::new(56, 70, 48, 80).unwrap()).unwrap();
/// assert!((z * z - 7.023_411_371_2).abs() < 1e-9);
/// ```
///
/// # Errors
/// `zero_variance` when nobody or everybody had the outcome.
pub fn pooled_z(table: &Table) -> Result<f64, StatError> {
    let (x1, n1, x0, n0) = table.floats();
    let pooled = (x1 + x0) / (n1 + n0);
    let variance = pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n0);
    if variance == 0.0 {
        return Err(StatError::ZeroVariance);
    }
    Ok(standardised(table.difference(), variance))
}

/// Are two proportions equal? Pearson's chi-square test without continuity correction, two-sided.
///
/// ```
/// use fairtrial_stats::two_proportions::{Table, pearson};
/// // R `prop.test(c(56, 48), c(70, 80), correct = FALSE)`: p-value = 0.008045
/// let p = pearson(&Table::new(56, 70, 48, 80).unwrap()).unwrap().p();
/// assert!((p - 0.008_045_081_368_2).abs() < 1e-12);
/// ```
///
/// # Errors
/// `zero_variance` when nobody or everybody had the outcome.
pub fn pearson(table: &Table) -> Result<PValue, StatError> {
    Ok(normal_p(pooled_z(table)?, Side::Two))
}
