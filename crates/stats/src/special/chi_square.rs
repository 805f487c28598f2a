//! The chi-square distribution.

use super::incomplete_gamma;

/// Probability that a chi-square variable with `df` degrees of freedom is above `x`.
///
/// ```
/// use fairtrial_stats::special::chi_square;
/// assert!((chi_square::sf(3.841_458_820_694_124, 1.0) - 0.05).abs() < 1e-15);
/// ```
#[must_use]
pub fn sf(x: f64, df: f64) -> f64 {
    incomplete_gamma::upper(0.5 * df, 0.5 * x)
}

/// Probability that a chi-square variable is at most `x`.
///
/// ```
/// use fairtrial_stats::special::chi_square;
/// // Two degrees of freedom are an exponential distribution with mean 2.
/// assert!((chi_square::cdf(2.0, 2.0) - (1.0 - (-1.0_f64).exp())).abs() < 1e-15);
/// ```
#[must_use]
pub fn cdf(x: f64, df: f64) -> f64 {
    incomplete_gamma::lower(0.5 * df, 0.5 * x)
}

/// Natural logarithm of [`sf`].
///
/// ```
/// use fairtrial_stats::special::chi_square;
/// assert!((chi_square::ln_sf(4000.0, 2.0) + 2000.0).abs() < 1e-9);
/// ```
#[must_use]
pub fn ln_sf(x: f64, df: f64) -> f64 {
    incomplete_gamma::ln_upper(0.5 * df, 0.5 * x)
}

/// The value at or below which a chi-square variable falls with probability `p`.
///
/// ```
/// let x = fairtrial_stats::special::chi_square::quantile(0.95, 1.0);
/// assert!((x - 3.841_458_820_694_124).abs() < 1e-13);
/// ```
#[must_use]
pub fn quantile(p: f64, df: f64) -> f64 {
    2.0 * incomplete_gamma::quantile(0.5 * df, p)
}

/// The value above which a chi-square variable falls with probability `q`.
///
/// ```
/// use fairtrial_stats::special::chi_square;
/// assert!((chi_square::quantile_upper(0.05, 1.0) - 3.841_458_820_694_124).abs() < 1e-13);
/// ```
#[must_use]
pub fn quantile_upper(q: f64, df: f64) -> f64 {
    2.0 * incomplete_gamma::quantile_upper(0.5 * df, q)
}
