//! Do two proportions differ when each person (or matched pair) gives both outcomes?
//!
//! Only the discordant pairs speak: `b` succeeded with the new version alone, `c` with the current one alone.

use crate::rates::{Events, PoissonTail, exact_rate_ratio, poisson_test};
use crate::special::normal;
use crate::two_proportions::check_level;
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// Given how many pairs disagree, the split is binomial: the same test as for two Poisson counts of equal exposure.
fn as_events(b: u64, c: u64) -> Result<Events, StatError> {
    Events::new(b, 1.0, c, 1.0)
}

/// How many times more often does the new version alone succeed than the current one alone? McNemar's exact test.
///
/// The odds ratio b/c with its exact equal-tailed interval and the exact p-value (twice the smaller tail). Unbounded above
/// when c = 0. Sources: McNemar 1947; Fay 2010, Biostatistics 11, 373-374.
///
/// ```
/// let e = fairtrial_stats::paired_proportions::mcnemar(150, 86, 0.95).unwrap();
/// assert!((e.p_value.unwrap().p() - 3.715_936_139_6e-5).abs() < 1e-14);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `too_large` beyond 10^9 pairs.
pub fn mcnemar(b: u64, c: u64, level: f64) -> Result<Estimate, StatError> {
    let mut estimate = exact_rate_ratio(&as_events(b, c)?, level)?;
    estimate.method = "McNemar exact test and interval".to_owned();
    Ok(estimate)
}

/// McNemar's test with half of the observed probability; not exact, but near its level and more powerful.
///
/// ```
/// use fairtrial_stats::{Side, paired_proportions::mcnemar_mid_p};
/// // 5 of 6 changed for the better: 6/64 + 1/64, less half of 6/64, on both sides.
/// let p = mcnemar_mid_p(5, 1, Side::Two).unwrap().p();
/// assert!((p - 2.0 * (0.5 * 6.0 + 1.0) / 64.0).abs() < 1e-14);
/// ```
///
/// # Errors
/// `too_large` beyond 10^9 pairs.
pub fn mcnemar_mid_p(b: u64, c: u64, side: Side) -> Result<PValue, StatError> {
    poisson_test(&as_events(b, c)?, PoissonTail::MidP, side)
}

/// By how much do the two proportions of `n` pairs differ? The score interval of Tango.
///
/// Estimate (b - c)/n, the p-value of no difference from the score (McNemar's chi-square without correction). Source: Tango
/// 1998, Statist. Med. 17, 891-908. `n` counts all pairs, also those that agree.
///
/// ```
/// use fairtrial_stats::paired_proportions::paired_difference;
/// // 12 changed for the better and 2 for the worse, of 44 pairs. R `mcnemar.test(correct = FALSE)`: p = 0.007526
/// let e = paired_difference(12, 2, 44, 0.95).unwrap();
/// assert!((e.point.unwrap() - 10.0 / 44.0).abs() < 1e-15 && (e.p_value.unwrap().p() - 0.007_526).abs() < 1e-6);
/// assert!(e.interval.lower > 0.0 && e.interval.contains(10.0 / 44.0));
/// ```
///
/// # Errors
/// `invalid_argument` for b + c above n or a level outside (0, 1); `too_few_units` for n = 0.
pub fn paired_difference(b: u64, c: u64, n: u64, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    if n == 0 {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    if b.checked_add(c).is_none_or(|sum| sum > n) {
        return Err(StatError::invalid("n", "must be at least b + c"));
    }
    let critical = -normal::quantile(0.5 * (1.0 - level));
    let z = |difference: f64| tango_z(b as f64, c as f64, n as f64, difference);
    let observed = (b as f64 - c as f64) / n as f64;
    let lower = if z(-1.0) <= critical {
        -1.0
    } else {
        crate::special::root::find(|d| z(d) - critical, -1.0, observed, 0.0)?.value
    };
    let upper = if z(1.0) >= -critical {
        1.0
    } else {
        crate::special::root::find(|d| z(d) + critical, observed, 1.0, 0.0)?.value
    };
    Ok(Estimate {
        point: Some(observed),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower, upper, level },
        p_value: Some(crate::two_proportions::normal_p(z(0.0), Side::Two)),
        method: "Tango score interval".to_owned(),
        guarantee: Guarantee::Asymptotic,
    })
}

/// Tango's statistic: (b - c - n d) over the root of n (2 q + d (1 - d)), q the most likely share of the c cell.
fn tango_z(b: f64, c: f64, n: f64, difference: f64) -> f64 {
    let half = -b - c + (2.0 * n - b + c) * difference;
    let product = -c * difference * (1.0 - difference);
    let q = ((half * half - 8.0 * n * product).max(0.0).sqrt() - half) / (4.0 * n);
    let variance = n * (2.0 * q + difference * (1.0 - difference));
    crate::two_proportions::standardised(b - c - n * difference, variance)
}
