//! How many units a design needs.

use crate::special::elementary::{exp, ln};
use serde::{Deserialize, Serialize};

use super::design::GroupSequentialDesign;
use crate::special::quadrature::GaussLegendre;
use crate::special::{normal, root, student};
use crate::{Side, StatError};

/// Largest number of units that is sought.
const MAX_UNITS: f64 = 1e12;

/// Number of units of both arms, not rounded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SampleSize {
    /// Largest number, reached when the trial goes to its last look.
    pub maximum: f64,
    /// Number of a trial without looks of the same error and power.
    pub fixed: f64,
    /// Expected number when the effect is the one planned for.
    pub expected: f64,
}

impl GroupSequentialDesign {
    /// Units needed to find the difference between `treatment` and `control` (proportions) with probability `power`.
    ///
    /// `ratio` is units in arm 1 per unit in arm 0. The trial without looks uses the pooled variance under no effect and
    /// the unpooled one under the alternative; looks multiply it by [`GroupSequentialDesign::inflation`]. Information is
    /// taken as proportional to units.
    ///
    /// When not: below some 50 units an arm (use the exact design), or for clusters (multiply by the design effect).
    ///
    /// Source: Fleiss 1981, formula 3.14 without continuity correction; Jennison and Turnbull 2000, chapter 7.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // Pocock 1977: two looks, two-sided 5 % is 2.178 at both.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// let size = design.sample_size_proportions(0.4, 0.25, 0.8, 1.0).unwrap();
    /// // Looks cost at most the inflation, and save people on average when there is an effect.
    /// assert!(size.maximum > size.fixed && size.expected < size.fixed);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for proportions that are equal or outside (0, 1), or a power or ratio out of range.
    pub fn sample_size_proportions(
        &self,
        treatment: f64,
        control: f64,
        power: f64,
        ratio: f64,
    ) -> Result<SampleSize, StatError> {
        check_ratio(ratio)?;
        for (name, p) in [("treatment", treatment), ("control", control)] {
            crate::sequential::spending::check_probability(name, p)?;
        }
        if treatment == control {
            return Err(StatError::invalid("treatment", "must differ from control"));
        }
        let (share1, share0) = (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio));
        let pooled = share1 * treatment + share0 * control;
        let null = pooled * (1.0 - pooled) * (1.0 / share1 + 1.0 / share0);
        let alternative = treatment * (1.0 - treatment) / share1 + control * (1.0 - control) / share0;
        let alpha = self.spec.alpha_of_side();
        let distance = -normal::quantile(alpha) * null.sqrt() + normal::quantile(power) * alternative.sqrt();
        let fixed = (distance / (treatment - control)).powi(2);
        self.inflated(fixed, power)
    }

    /// Units needed to find a difference of means `effect` with standard deviation `deviation` in both arms.
    ///
    /// The trial without looks uses Student's t with its noncentral distribution; looks multiply it by the inflation.
    ///
    /// ```
    /// use fairtrial_stats::sequential::Spending;
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// let spending = Efficacy::Spending { spending: Spending::LanDeMetsOBrienFleming };
    /// let thirds = vec![1.0 / 3.0, 2.0 / 3.0, 1.0];
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(thirds, 0.025, spending))?;
    /// let size = design.sample_size_means(0.3, 1.0, 0.8, 1.0)?;
    /// assert!((size.fixed - 350.770_193).abs() < 1e-5 && (size.maximum - 355.258_231).abs() < 1e-5);
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for an effect of 0, a deviation that is not positive, or a power or ratio out of range;
    /// `TooLarge` beyond 10^12 units.
    pub fn sample_size_means(
        &self,
        effect: f64,
        deviation: f64,
        power: f64,
        ratio: f64,
    ) -> Result<SampleSize, StatError> {
        check_ratio(ratio)?;
        if !effect.is_finite() || effect == 0.0 {
            return Err(StatError::invalid("effect", "must be a number other than 0"));
        }
        if !(deviation.is_finite() && deviation > 0.0) {
            return Err(StatError::invalid("deviation", "must be a positive number"));
        }
        let alpha = self.spec.alpha_of_side();
        if !(power > alpha && power < 1.0) {
            return Err(StatError::invalid("power", "must lie between the error rate and 1"));
        }
        let standardised = effect.abs() / deviation;
        let per_unit = ratio.sqrt() / (1.0 + ratio);
        let normal_size = ((normal::quantile(power) - normal::quantile(alpha)) / (standardised * per_unit)).powi(2);
        if normal_size > MAX_UNITS {
            return Err(StatError::TooLarge { reason: "more than 10^12 units".to_owned() });
        }
        let rule = GaussLegendre::new(64);
        let miss = |n: f64| {
            let df = n - 2.0;
            let noncentrality = standardised * per_unit * n.sqrt();
            let mut below = noncentral_t_cdf(&rule, -student::quantile(alpha, df), df, noncentrality);
            if self.spec.side == Side::Two {
                below -= noncentral_t_cdf(&rule, student::quantile(alpha, df), df, noncentrality);
            }
            below - (1.0 - power)
        };
        let least = 2.01_f64.max(0.5 * normal_size);
        let fixed =
            if miss(least) <= 0.0 { least } else { root::find(miss, least, 2.0 * normal_size + 40.0, 1e-9)?.value };
        self.inflated(fixed, power)
    }

    fn inflated(&self, fixed: f64, power: f64) -> Result<SampleSize, StatError> {
        let effect = self.effect_at_power(power)?;
        let maximum = fixed * self.inflation(power)?;
        if !(maximum.is_finite() && maximum < MAX_UNITS) {
            return Err(StatError::TooLarge { reason: "more than 10^12 units".to_owned() });
        }
        let last = self.information().last().copied().unwrap_or(1.0);
        let expected = maximum * self.operating(effect)?.expected_information / last;
        Ok(SampleSize { maximum, fixed, expected })
    }
}

/// Probability that a noncentral t variable is at most `t`: the normal tail averaged over the chi variable.
fn noncentral_t_cdf(rule: &GaussLegendre, t: f64, df: f64, noncentrality: f64) -> f64 {
    // u = chi / sqrt(df) has density proportional to u^(df - 1) exp(-df u^2 / 2), close to 1 with deviation 1/sqrt(2 df).
    let mode = ((df - 1.0).max(0.0) / df).sqrt();
    let spread = (2.0 * df).sqrt().recip();
    let (low, high) = ((mode - 10.0 * spread).max(0.0), mode + 14.0 * spread);
    let ln_density = |u: f64| (df - 1.0) * ln(u.max(1e-300)) - 0.5 * df * u * u;
    let top = ln_density(mode.max(1e-9));
    let mass = rule.integrate_panels(low, high, 6, |u| exp(ln_density(u) - top));
    rule.integrate_panels(low, high, 6, |u| exp(ln_density(u) - top) * normal::cdf(t * u - noncentrality)) / mass
}

fn check_ratio(ratio: f64) -> Result<(), StatError> {
    if ratio.is_finite() && (1e-6..=1e6).contains(&ratio) {
        Ok(())
    } else {
        Err(StatError::invalid("ratio", "must be a positive number"))
    }
}
