//! Student's t distribution, for any positive number of degrees of freedom (infinite ones give the normal).

use std::f64::consts::LN_2;

use super::{beta, normal};

/// Beyond this the normal distribution differs by less than a unit in the last place anywhere within reach.
const NORMAL_FROM: f64 = 1e20;

/// The pair x = df/(df + t^2) and 1 - x.
fn shares(t: f64, df: f64) -> (f64, f64) {
    let square = t * t;
    if square <= df {
        let ratio = square / df;
        (1.0 / (1.0 + ratio), ratio / (1.0 + ratio))
    } else {
        let ratio = (df / t) / t;
        (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio))
    }
}

/// Probability that a t variable is above `t`.
///
/// ```
/// let p = fairtrial_stats::special::student::sf(2.228_138_851_986_274_7, 10.0);
/// assert!((p - 0.025).abs() < 1e-15);
/// ```
#[must_use]
pub fn sf(t: f64, df: f64) -> f64 {
    if df > NORMAL_FROM {
        return normal::sf(t);
    }
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    let (x, y) = shares(t, df);
    let tails = beta::tails(0.5 * df, 0.5, x, y);
    if t >= 0.0 { 0.5 * tails.lower() } else { 1.0 - 0.5 * tails.lower() }
}

/// Probability that a t variable is at most `t`.
#[must_use]
pub fn cdf(t: f64, df: f64) -> f64 {
    sf(-t, df)
}

/// Natural logarithm of [`sf`].
#[must_use]
pub fn ln_sf(t: f64, df: f64) -> f64 {
    if df > NORMAL_FROM {
        return normal::ln_sf(t);
    }
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if t < 0.0 {
        return (-sf(-t, df)).ln_1p();
    }
    let (x, y) = shares(t, df);
    beta::tails(0.5 * df, 0.5, x, y).ln_lower - LN_2
}

/// The value at or below which a t variable falls with probability `p`.
///
/// ```
/// let t = fairtrial_stats::special::student::quantile(0.975, 10.0);
/// assert!((t - 2.228_138_851_986_274_7).abs() < 1e-13);
/// ```
#[must_use]
pub fn quantile(p: f64, df: f64) -> f64 {
    if df > NORMAL_FROM {
        return normal::quantile(p);
    }
    if df.is_nan() || df <= 0.0 || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.5 {
        return 0.0;
    }
    let (tail, sign) = if p < 0.5 { (p, -1.0) } else { (1.0 - p, 1.0) };
    if tail == 0.0 {
        return sign * f64::INFINITY;
    }
    let (x, y) = if tail < 0.25 {
        beta::inverse(0.5 * df, 0.5, 2.0 * tail, true)
    } else {
        beta::inverse(0.5 * df, 0.5, 1.0 - 2.0 * tail, false)
    };
    sign * (df.sqrt() * (y / x).sqrt())
}
