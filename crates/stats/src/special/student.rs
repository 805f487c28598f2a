//! Student's t distribution, for any positive number of degrees of freedom (infinite ones give the normal).

use crate::special::elementary::{exp, ln, ln_1p};
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
///
/// ```
/// use fairtrial_stats::special::student;
/// // One degree of freedom is the Cauchy distribution.
/// assert!((student::cdf(1.0, 1.0) - 0.75).abs() < 1e-15);
/// ```
#[must_use]
pub fn cdf(t: f64, df: f64) -> f64 {
    sf(-t, df)
}

/// Natural logarithm of [`sf`].
///
/// ```
/// use fairtrial_stats::special::student;
/// assert!((student::ln_sf(1e100, 1.0) + (1e100 * std::f64::consts::PI).ln()).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_sf(t: f64, df: f64) -> f64 {
    if df > NORMAL_FROM {
        return normal::ln_sf(t);
    }
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if t < 0.0 {
        return ln_1p(-sf(-t, df));
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
    if let Some(t) = upper_quantile(tail, df) {
        return sign * t;
    }
    let (x, y) = if tail < 0.25 {
        beta::inverse(0.5 * df, 0.5, 2.0 * tail, true)
    } else {
        beta::inverse(0.5 * df, 0.5, 1.0 - 2.0 * tail, false)
    };
    sign * (df.sqrt() * (y / x).sqrt())
}

/// Fewest degrees of freedom from which the expansion below is a sound start.
const EXPANSION_FROM: f64 = 4.0;
/// A step of Halley's method this small, relative to the place, leaves an error below rounding: each cubes it.
const LAST_STEP: f64 = 1e-6;

/// The value above which a t variable falls with probability `tail`: from the expansion by the normal quantile (Abramowitz and
/// Stegun 1964, 26.7.5), by Halley's method on the log tail. None where the start is too poor or the tail too near 1/2.
fn upper_quantile(tail: f64, df: f64) -> Option<f64> {
    if df < EXPANSION_FROM || tail > 0.4 {
        return None;
    }
    let z = -normal::quantile(tail);
    let square = z * z;
    if square > df {
        return None;
    }
    let g1 = (square + 1.0) / 4.0;
    let g2 = ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let g3 = (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    let g4 = ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0) / 92_160.0;
    let mut t = z * (1.0 + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df);
    let goal = ln(tail);
    for _ in 0..6 {
        let (x, y) = shares(t, df);
        let (a, b) = (0.5 * df, 0.5);
        let ln_tail = beta::tails(a, b, x, y).ln_lower - LN_2;
        // The density is x^a y^b / (t B(a, b)).
        let hazard = exp(beta::ln_power_over_beta(a, b, x, y) - ln_tail) / t;
        let newton = (ln_tail - goal) / hazard;
        // Half the second derivative of the log tail over its slope.
        let bend = 0.5 * (t * (df + 1.0) / (df + t * t) - hazard);
        let step = newton / (1.0 - newton * bend).clamp(0.5, 2.0);
        t += step;
        if t.is_nan() || t <= 0.0 {
            return None;
        }
        if step.abs() <= LAST_STEP * t {
            return Some(t);
        }
    }
    None
}
