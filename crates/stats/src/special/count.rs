//! Logarithms of binomial coefficients and of the mass functions of counts, by saddle-point expansion (Loader 2000).
//!
//! They keep about 1e-14 relative accuracy of the mass for counts up to 1e15, where differences of log-gamma have none.

use super::gamma::{LN_SQRT_2PI, deviance, stirling_error};
use crate::special::elementary::{ln, ln_1p};

/// Logarithm of the number of ways to choose `k` of `n`; negative infinity when k > n. `n` up to 1e15.
///
/// ```
/// use fairtrial_stats::special::count;
/// // Hands of five of 52 cards.
/// assert!((count::ln_choose(52, 5) - 2_598_960_f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_choose(n: u64, k: u64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    let k = k.min(n - k);
    if k == 0 {
        return 0.0;
    }
    if k < 30 {
        // Products of few factors are exact to a few roundings, and cheaper.
        let mut product = 1.0;
        for i in 0..k {
            product *= (n - i) as f64 / (i + 1) as f64;
        }
        if product.is_finite() {
            return ln(product);
        }
    }
    let (n, k) = (n as f64, k as f64);
    let rest = n - k;
    let entropy = -k * ln(k / n) - rest * ln_1p(-k / n);
    entropy + 0.5 * ln(n / (k * rest)) - LN_SQRT_2PI + stirling_error(n) - stirling_error(k) - stirling_error(rest)
}

/// Logarithm of the binomial probability of `k` successes in `n` with success probability `p` and `q = 1 - p`.
///
/// Both probabilities are arguments so that neither loses its small end.
///
/// ```
/// use fairtrial_stats::special::count;
/// assert!((count::ln_binomial(3, 5, 0.5, 0.5) - (10.0 / 32.0_f64).ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_binomial(k: u64, n: u64, p: f64, q: f64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    if p == 0.0 {
        return if k == 0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if q == 0.0 {
        return if k == n { 0.0 } else { f64::NEG_INFINITY };
    }
    let total = n as f64;
    if k == 0 {
        return if p < 0.1 { total * ln_1p(-p) } else { total * ln(q) };
    }
    if k == n {
        return if q < 0.1 { total * ln_1p(-q) } else { total * ln(p) };
    }
    let x = k as f64;
    let rest = (n - k) as f64;
    stirling_error(total)
        - stirling_error(x)
        - stirling_error(rest)
        - deviance(x, total * p)
        - deviance(rest, total * q)
        - LN_SQRT_2PI
        + 0.5 * ln(total / (x * rest))
}

/// Logarithm of the Poisson probability of `k` events with the given mean.
///
/// ```
/// use fairtrial_stats::special::count;
/// assert!((count::ln_poisson(2, 3.0) - (4.5_f64.ln() - 3.0)).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_poisson(k: u64, mean: f64) -> f64 {
    if mean == 0.0 {
        return if k == 0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if k == 0 {
        return -mean;
    }
    let x = k as f64;
    -stirling_error(x) - deviance(x, mean) - LN_SQRT_2PI - 0.5 * ln(x)
}

/// Logarithm of the hypergeometric probability of `k` marked units among `draws` from a population of `marked` and
/// `unmarked` units.
///
/// ```
/// use fairtrial_stats::special::count;
/// // Six right of 49.
/// assert!((count::ln_hypergeometric(6, 6, 43, 6) + 13_983_816_f64.ln()).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_hypergeometric(k: u64, marked: u64, unmarked: u64, draws: u64) -> f64 {
    let population = marked.saturating_add(unmarked);
    if k > marked || k > draws || draws > population || draws - k > unmarked {
        return f64::NEG_INFINITY;
    }
    if draws == 0 || draws == population {
        return 0.0;
    }
    let p = draws as f64 / population as f64;
    let q = (population - draws) as f64 / population as f64;
    ln_binomial(k, marked, p, q) + ln_binomial(draws - k, unmarked, p, q) - ln_binomial(draws, population, p, q)
}
