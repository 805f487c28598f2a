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
///
/// ```
/// use fairtrial_stats::special::f_distribution;
/// // The square of t with 10 degrees of freedom.
/// assert!((f_distribution::sf(2.228_138_851_986_274_7_f64.powi(2), 1.0, 10.0) - 0.05).abs() < 1e-14);
/// ```
#[must_use]
pub fn sf(value: f64, numerator: f64, denominator: f64) -> f64 {
    tails(value, numerator, denominator).lower()
}

/// Probability that an F variable is at most `value`.
///
/// ```
/// use fairtrial_stats::special::f_distribution;
/// assert!((f_distribution::cdf(1.0, 7.0, 7.0) - 0.5).abs() < 1e-14);
/// ```
#[must_use]
pub fn cdf(value: f64, numerator: f64, denominator: f64) -> f64 {
    tails(value, numerator, denominator).upper()
}

/// Natural logarithm of [`sf`].
///
/// ```
/// use fairtrial_stats::special::f_distribution;
/// // With 2 and 2 degrees of freedom it is 1 / (1 + f).
/// assert!((f_distribution::ln_sf(1e20, 2.0, 2.0) + 20.0 * std::f64::consts::LN_10).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_sf(value: f64, numerator: f64, denominator: f64) -> f64 {
    tails(value, numerator, denominator).ln_lower
}

/// The value at or below which an F variable falls with probability `p`.
///
/// ```
/// use fairtrial_stats::special::f_distribution;
/// assert!((f_distribution::quantile(0.75, 2.0, 2.0) - 3.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn quantile(p: f64, numerator: f64, denominator: f64) -> f64 {
    let (x, y) = beta::inverse(0.5 * denominator, 0.5 * numerator, p, false);
    denominator * (y / x) / numerator
}
