//! Exact confidence sequences for proportions.

use crate::special::elementary::{exp, ln};
use statrs::function::beta::ln_beta;

use super::evidence::{EValue, check_alpha, check_positive};
use crate::special::{beta, root};
use crate::{Interval, StatError};

/// Largest number of units; beyond, neighbouring counts are no longer told apart.
const MAX_UNITS: u64 = 1_000_000_000_000;

/// Evidence against a proportion `p` from `x` outcomes among `n` units, mixing over a beta distribution `(a, b)`.
///
/// ```
/// use fairtrial_stats::anytime::beta_mixture_evidence;
/// // Five of five under a uniform mixture: 1/6 against 1/32.
/// let e = beta_mixture_evidence(5, 5, 1.0, 1.0, 0.5).unwrap();
/// assert!((e.ln_e - (32.0 / 6.0_f64).ln()).abs() < 1e-13);
/// ```
///
/// # Errors
/// `InvalidArgument` for `x` above `n`, `p` outside [0, 1] or `a`, `b` not positive; `TooLarge` above 10^12 units.
pub fn beta_mixture_evidence(x: u64, n: u64, a: f64, b: f64, p: f64) -> Result<EValue, StatError> {
    check(x, n, a, b)?;
    if !(0.0..=1.0).contains(&p) {
        return Err(StatError::invalid("p", "must lie between 0 and 1"));
    }
    Ok(EValue { ln_e: ln_mixture(x, n, a, b, p) })
}

fn check(x: u64, n: u64, a: f64, b: f64) -> Result<(), StatError> {
    if x > n {
        return Err(StatError::invalid("x", format!("{x} outcomes among {n} units")));
    }
    if n > MAX_UNITS {
        return Err(StatError::TooLarge { reason: format!("at most {MAX_UNITS} units") });
    }
    check_positive("a", a)?;
    check_positive("b", b)?;
    for (name, value) in [("a", a), ("b", b)] {
        if !(1e-6..=1e6).contains(&value) {
            return Err(StatError::invalid(name, "must lie between 10^-6 and 10^6"));
        }
    }
    Ok(())
}

/// `ln [B(a + x, b + n - x) / B(a, b)] - x ln p - (n - x) ln(1 - p)`.
fn ln_mixture(x: u64, n: u64, a: f64, b: f64, p: f64) -> f64 {
    let q = 1.0 - p;
    if (p == 0.0 && x > 0) || (q == 0.0 && x < n) {
        return f64::INFINITY;
    }
    let (after_a, after_b) = (a + x as f64, b + (n - x) as f64);
    if p == 0.0 || q == 0.0 {
        return ln_beta(after_a, after_b) - ln_beta(a, b);
    }
    a * ln(p) + b * ln(q) - ln_beta(a, b) - beta::ln_power_over_beta(after_a, after_b, p, q)
}

/// Evidence that a proportion lies above `p`, from `x` outcomes among `n` units: mixing over the part of a beta distribution
/// `(a, b)` above `p`.
///
/// It holds against every proportion up to `p`, at any moment and however often one looks: each alternative above `p` gives a
/// likelihood ratio that no smaller proportion lets grow on average. `a = b = 1` is a good choice without knowledge.
///
/// ```
/// // Nine of ten, where half are expected: 11 of 12 rejects at 1 in 20, 9 of 12 does not.
/// let evidence = |x| fairtrial_stats::anytime::beta_mixture_excess(x, 12, 1.0, 1.0, 0.5).map(|found| found.e());
/// assert!(evidence(11)? > 20.0 && evidence(9)? < 20.0 && evidence(2)? < 1.0);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// As [`beta_mixture_evidence`], but `p` must lie above 0 and below 1.
pub fn beta_mixture_excess(x: u64, n: u64, a: f64, b: f64, p: f64) -> Result<EValue, StatError> {
    check(x, n, a, b)?;
    if !(p > 0.0 && p < 1.0) {
        return Err(StatError::invalid("p", "must lie between 0 and 1"));
    }
    let above = |a: f64, b: f64| beta::tails(a, b, p, 1.0 - p).ln_upper;
    let share = above(a + x as f64, b + (n - x) as f64) - above(a, b);
    Ok(EValue { ln_e: ln_mixture(x, n, a, b, p) + share })
}

/// An exact interval for one proportion that may be looked at after every unit.
///
/// All proportions against which the beta mixture has not gathered evidence of `1 / alpha`. `a = b = 1/2` is a good
/// choice without knowledge. The truth is ever excluded with probability at most `alpha`, at any sample size.
///
/// Source: Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021.
///
/// ```
/// let interval = fairtrial_stats::anytime::beta_mixture(81, 263, 0.5, 0.5, 0.05)?;
/// assert!((interval.lower - 0.216_098_579_578).abs() < 1e-11 && (interval.upper - 0.411_406_255_359).abs() < 1e-11);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` for `x` above `n`, `a` or `b` not positive or `alpha` outside (0, 1); `TooLarge` above 10^12 units.
pub fn beta_mixture(x: u64, n: u64, a: f64, b: f64, alpha: f64) -> Result<Interval, StatError> {
    check(x, n, a, b)?;
    check_alpha(alpha)?;
    let level = 1.0 - alpha;
    if n == 0 {
        return Ok(Interval { lower: 0.0, upper: 1.0, level });
    }
    let centre = x as f64 / n as f64;
    // The evidence falls up to x / n and rises from there; the ends are searched on the log scale near 0 and 1.
    let excess = |p: f64| ln_mixture(x, n, a, b, p) + ln(alpha);
    let lower = if x == 0 {
        0.0
    } else {
        let start = if x == n { 1.0 } else { centre };
        exp(root::find(|t| excess(exp(t)), -745.0, ln(start), 1e-15)?.lower)
    };
    let mirrored = |q: f64| ln_mixture(n - x, n, b, a, q) + ln(alpha);
    let upper = if x == n {
        1.0
    } else {
        let start = if x == 0 { 1.0 } else { (n - x) as f64 / n as f64 };
        1.0 - exp(root::find(|t| mirrored(exp(t)), -745.0, ln(start), 1e-15)?.lower)
    };
    Ok(Interval { lower, upper, level })
}

/// An exact interval for the difference of two proportions, arm 1 - arm 0, that may be looked at at any time.
///
/// Each arm's own sequence at `alpha / 2`, combined; so it holds whatever the order in which the arms fill, and is wider
/// than a method made for the difference. `x1` of `n1` units in arm 1, `x0` of `n0` in arm 0.
///
/// ```
/// use fairtrial_stats::anytime::beta_mixture_difference;
/// let interval = beta_mixture_difference(80, 100, 20, 100, 0.05).unwrap();
/// assert!(interval.lower > 0.0 && interval.contains(0.6));
/// ```
///
/// # Errors
/// As [`beta_mixture`].
pub fn beta_mixture_difference(x1: u64, n1: u64, x0: u64, n0: u64, alpha: f64) -> Result<Interval, StatError> {
    check_alpha(alpha)?;
    let arm1 = beta_mixture(x1, n1, 0.5, 0.5, 0.5 * alpha)?;
    let arm0 = beta_mixture(x0, n0, 0.5, 0.5, 0.5 * alpha)?;
    Ok(Interval { lower: arm1.lower - arm0.upper, upper: arm1.upper - arm0.lower, level: 1.0 - alpha })
}
