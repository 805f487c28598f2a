use crate::special::quadrature::GaussLegendre;
use crate::special::{chi_square, gamma, normal, student};

/// Probability that a noncentral t variable is above `t`.
///
/// The integral of the normal tail over the distribution of the standard deviation, by fixed quadrature: stable for every
/// noncentrality and for degrees of freedom from 1 on.
pub(super) fn sf(t: f64, df: f64, noncentrality: f64) -> f64 {
    if df > 1e7 {
        return normal::sf(t - noncentrality);
    }
    // On the logarithm of s the integrand is smooth for every df: ln 2 + (df/2) ln(df/2) - lnΓ(df/2) + df w - df e^{2w}/2.
    let half = 0.5 * df;
    let constant = std::f64::consts::LN_2 + half * half.ln() - gamma::ln_gamma(half);
    let lowest = 0.5 * (chi_square::quantile(1e-17, df) / df).ln();
    let highest = 0.5 * (chi_square::quantile_upper(1e-17, df) / df).ln();
    let density = |w: f64| (constant + df * w - half * (2.0 * w).exp()).exp();
    // The density is about 1/sqrt(2 df) wide, and the normal tail turns within 1/|t s|.
    let sharpness = 2.5 + (0.5 * df).sqrt() + t.abs() * highest.exp();
    let panels = ((highest - lowest) * sharpness).clamp(8.0, 5_000.0).ceil();
    let rule = GaussLegendre::new(16);
    rule.integrate_panels(lowest, highest, panels as usize, |w| density(w) * normal::sf(t * w.exp() - noncentrality))
}

/// Power of a t test; both tails count when `two_sided`.
pub(super) fn power(noncentrality: f64, df: f64, alpha: f64, two_sided: bool) -> f64 {
    let critical = -student::quantile(if two_sided { alpha / 2.0 } else { alpha }, df);
    let far = if two_sided { sf(critical, df, -noncentrality.abs()) } else { 0.0 };
    (sf(critical, df, noncentrality.abs()) + far).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_noncentrality_it_is_student() {
        for df in [1.0, 2.5, 30.0, 1e4, 1e6] {
            for t in [-2.0, 0.0, 1.3, 4.0] {
                assert!((sf(t, df, 0.0) - student::sf(t, df)).abs() < 1e-12, "{df} {t}");
            }
        }
    }

    #[test]
    fn power_without_effect_is_alpha() {
        assert!((power(0.0, 7.0, 0.05, true) - 0.05).abs() < 1e-13);
        assert!((power(0.0, 7.0, 0.05, false) - 0.05).abs() < 1e-13);
    }
}
