//! The distribution of an estimated standard deviation over the true one, on the logarithm, for integrals over it.

use crate::special::elementary::{exp, exp_m1, ln};
use crate::special::{chi_square, gamma};

/// `w = ln sqrt(chi-square / df)`.
pub(crate) struct LogSpread {
    half_df: f64,
    constant: f64,
    /// Where the distribution effectively begins.
    pub(crate) lowest: f64,
    /// Where it effectively ends.
    pub(crate) highest: f64,
}

impl LogSpread {
    pub(crate) fn new(df: f64) -> Self {
        let half_df = 0.5 * df;
        // ln 2 + h ln h - h - lnΓ(h), with Stirling's series taken out so that nothing large cancels.
        let constant = std::f64::consts::LN_2 + 0.5 * ln(half_df) - gamma::LN_SQRT_2PI - gamma::stirling_error(half_df);
        Self {
            half_df,
            constant,
            lowest: 0.5 * ln(chi_square::quantile(1e-17, df) / df),
            highest: 0.5 * ln(chi_square::quantile_upper(1e-17, df) / df),
        }
    }

    /// Density at `w`: smooth for every number of degrees of freedom, which it is not on the scale of the deviation itself.
    pub(crate) fn density(&self, w: f64) -> f64 {
        exp(self.constant - self.half_df * (exp_m1(2.0 * w) - 2.0 * w))
    }

    /// Panels of 16 nodes that integrate the density times a function which turns within `1 / sharpness` of `w`.
    pub(crate) fn panels(&self, sharpness: f64) -> usize {
        ((self.highest - self.lowest) * (2.0 + self.half_df.sqrt() + sharpness)).clamp(8.0, 5_000.0).ceil() as usize
    }
}
