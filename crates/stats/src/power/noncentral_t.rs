use crate::log_spread::LogSpread;
use crate::special::elementary::exp;
use crate::special::quadrature::GaussLegendre;
use crate::special::{normal, student};

/// Probability that a noncentral t variable is above `t`.
///
/// The integral of the normal tail over the distribution of the standard deviation, by fixed quadrature: stable for every
/// noncentrality and for degrees of freedom from 1 on.
pub(super) fn sf(t: f64, df: f64, noncentrality: f64) -> f64 {
    if df > 1e7 {
        return normal::sf(t - noncentrality);
    }
    let spread = LogSpread::new(df);
    let panels = spread.panels(t.abs() * exp(spread.highest));
    let beyond = |w: f64| spread.density(w) * normal::sf(t * exp(w) - noncentrality);
    GaussLegendre::new(16).integrate_panels(spread.lowest, spread.highest, panels, beyond)
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
