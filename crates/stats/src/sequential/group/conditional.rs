//! What an interim result lets one expect of the end.

use super::design::{GroupSequentialDesign, Operating};
use super::repeated::check_z;
use crate::StatError;
use crate::sequential::recursion::Running;
use crate::special::elementary::exp;
use crate::special::quadrature::GaussLegendre;

/// Nodes for the average over the effect.
const EFFECT_NODES: usize = 48;

impl GroupSequentialDesign {
    /// Stopping probabilities at the looks after `look` (from 0), given `z` there, when the effect is `effect`.
    ///
    /// The first entries of the result belong to look `look + 1`; `power` is the conditional power. Futility and harm
    /// bounds are obeyed. `effect` is on the scale on which `Z` has mean `effect sqrt(I)`.
    ///
    /// When not: with the observed effect as `effect` it is a poor forecast early on; prefer the effect worth having, or
    /// [`GroupSequentialDesign::predictive_power`].
    ///
    /// Source: Lan and Wittes 1988; Jennison and Turnbull 2000, section 10.2.
    ///
    /// ```
    /// use fairtrial_stats::sequential::Spending;
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// let spending = Efficacy::Spending { spending: Spending::LanDeMetsOBrienFleming };
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![25.0, 50.0, 75.0], 0.025, spending))?;
    /// assert!((design.conditional(0, 1.0, 0.3)?.power - 0.654_334_192_1).abs() < 1e-9);
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when there is no later look, or `z` or `effect` is not finite.
    pub fn conditional(&self, look: usize, z: f64, effect: f64) -> Result<Operating, StatError> {
        let running = self.at(look, z, effect)?;
        Ok(self.walk(running, look + 1))
    }

    /// The probability, under no effect, of success at a later look given `z` at `look`, futility stops ignored.
    ///
    /// By the principle of Müller and Schäfer (2001) the rest of the trial may be replaced by any test with this error
    /// rate.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// use fairtrial_stats::special::normal;
    /// // Pocock 1977: two looks, two-sided 5 % is 2.178 at both.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// // What is left is normal: the end must reach 2.178, half of the information is known.
    /// let left = design.conditional_rejection_probability(0, 1.0).unwrap();
    /// let bound = (design.looks()[1].efficacy - 0.5_f64.sqrt()) / 0.5_f64.sqrt();
    /// assert!((left - normal::sf(bound)).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// As [`GroupSequentialDesign::conditional`].
    pub fn conditional_rejection_probability(&self, look: usize, z: f64) -> Result<f64, StatError> {
        let mut running = self.at(look, z, 0.0)?;
        let mut total = 0.0;
        for (k, bounds) in self.looks.iter().enumerate().skip(look + 1) {
            let high = bounds.efficacy * bounds.information.sqrt();
            total += running.above(bounds.information, high);
            let next = self.information().get(k + 1).copied();
            running = running.advance(bounds.information, f64::NEG_INFINITY, high, next);
        }
        Ok(total)
    }

    /// The conditional power averaged over what is believed of the effect after `z` at `look`.
    ///
    /// The prior is normal with `mean` and `standard_deviation` (above 0; infinite for no prior belief) on the scale on
    /// which `Z` has mean `effect sqrt(I)`.
    ///
    /// Source: Spiegelhalter, Freedman and Blackburn 1986.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // Pocock 1977: two looks, two-sided 5 % is 2.178 at both.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// // A belief without any spread at no effect is the conditional rejection probability.
    /// let (belief, plain) = (design.predictive_power(0, 1.0, 0.0, 1e-9).unwrap(), design.conditional_rejection_probability(0, 1.0).unwrap());
    /// assert!((belief - plain).abs() < 1e-6);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when there is no later look, or an argument is out of range.
    pub fn predictive_power(&self, look: usize, z: f64, mean: f64, standard_deviation: f64) -> Result<f64, StatError> {
        self.at(look, z, 0.0)?;
        if !mean.is_finite() {
            return Err(StatError::invalid("mean", "must be a finite number"));
        }
        if standard_deviation.is_nan() || standard_deviation <= 0.0 {
            return Err(StatError::invalid("standard_deviation", "must be above 0"));
        }
        let information = self.information()[look];
        let prior = 1.0 / (standard_deviation * standard_deviation);
        let precision = prior + information;
        let centre = (prior * mean + z * information.sqrt()) / precision;
        let sd = precision.sqrt().recip();
        let rule = GaussLegendre::new(EFFECT_NODES);
        let (mut total, mut weight) = (0.0, 0.0);
        for (x, w) in rule.nodes.iter().zip(&rule.weights) {
            let deviate = 8.0 * x;
            let density = w * exp(-0.5 * deviate * deviate);
            total += density * self.conditional(look, z, centre + sd * deviate)?.power;
            weight += density;
        }
        Ok(total / weight)
    }

    fn at(&self, look: usize, z: f64, effect: f64) -> Result<Running, StatError> {
        let bounds = self.look(look)?;
        check_z(z)?;
        if !effect.is_finite() {
            return Err(StatError::invalid("effect", "must be a finite number"));
        }
        if look + 1 >= self.looks.len() {
            return Err(StatError::invalid("look", "must be before the last one"));
        }
        Ok(Running::from_point(bounds.information, z * bounds.information.sqrt(), effect))
    }
}
