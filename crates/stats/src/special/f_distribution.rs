//! Fisher's F distribution.

use super::beta;

/// The beta tails that belong to an F value: lower is P(F > value).
fn tails(value: f64, numerator: f64, denominator: f64) -> beta::Tails {
    let (a, b) = (numerator * value, denominator);
    let (x, y) = if a <= b {
        let ratio = a / b;
        (1.0 / (1.0 + ratio), ratio / (1.0 + ratio))
    } else {
        let ratio = b / a;
        (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio))
    };
    beta::tails(0.5 * denominator, 0.5 * numerator, x, y)
}

/// Probability that an F variable with the given degrees of freedom is above `value`.
#[must_use]
pub fn sf(value: f64, numerator: f64, denominator: f64) -> f64 {
    tails(value, numerator, denominator).lower()
}

/// Probability that an F variable is at most `value`.
#[must_use]
pub fn cdf(value: f64, numerator: f64, denominator: f64) -> f64 {
    tails(value, numerator, denominator).upper()
}

/// Natural logarithm of [`sf`].
#[must_use]
pub fn ln_sf(value: f64, numerator: f64, denominator: f64) -> f64 {
    tails(value, numerator, denominator).ln_lower
}

/// The value at or below which an F variable falls with probability `p`.
#[must_use]
pub fn quantile(p: f64, numerator: f64, denominator: f64) -> f64 {
    let (x, y) = beta::inverse(0.5 * denominator, 0.5 * numerator, p, false);
    denominator * (y / x) / numerator
}
