//! What may be said after the trial has stopped: p-value, estimate and interval in stage-wise order.

use crate::special::elementary::ln;
use serde::{Deserialize, Serialize};

use super::boundary::repeats;
use super::design::GroupSequentialDesign;
use super::plan::Futility;
use super::repeated::SMALLEST_P;
use crate::sequential::recursion::Running;
use crate::sequential::spending::check_probability;
use crate::special::root;
use crate::{Interval, PValue, Side, StatError};

/// Inference after stopping that takes the looks into account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StagewiseInference {
    /// p-value of no effect: one-sided for a one-sided design, two-sided for a two-sided one.
    pub p_value: PValue,
    /// The effect that the outcome exceeds with probability one half. The ordinary estimate is biased after looks.
    pub median_unbiased: f64,
    /// Two-sided interval for the effect.
    pub interval: Interval,
}

impl GroupSequentialDesign {
    /// The p-value, estimate and interval of a trial that stopped at `look` (from 0) with `z`.
    ///
    /// Outcomes are ordered by stage: a success at an earlier look is stronger than one at a later look, at the same look
    /// a larger `z` is. Effects are on the scale on which `Z` has mean `effect sqrt(I)`. Futility stops that are not
    /// binding are ignored, so the result holds whether they were obeyed or not. `level` lies in (0, 1). The p-value is never
    /// given below 1e-15.
    ///
    /// When not: while the trial goes on (use [`GroupSequentialDesign::repeated_interval`]).
    ///
    /// Source: Tsiatis, Rosner and Mehta 1984; Jennison and Turnbull 2000, section 8.4.
    ///
    /// ```
    /// use fairtrial_stats::sequential::Spending;
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// let spending = Efficacy::Spending { spending: Spending::LanDeMetsOBrienFleming };
    /// let information = vec![25.0, 50.0, 75.0];
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(information, 0.025, spending))?;
    /// let inference = design.stagewise(1, 2.7, 0.95)?;
    /// assert!((inference.p_value.p() - 0.003_513_552_19).abs() < 1e-11);
    /// assert!((inference.median_unbiased - 0.381_609_861_9).abs() < 1e-9);
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when the look does not exist, `z` is not finite or `level` is out of range.
    pub fn stagewise(&self, look: usize, z: f64, level: f64) -> Result<StagewiseInference, StatError> {
        check_probability("level", level)?;
        self.look(look)?;
        if !z.is_finite() || z.abs() > 1e3 {
            return Err(StatError::invalid("z", "must be a number between -1000 and 1000"));
        }
        let tail = 0.5 * (1.0 - level);
        let lower = self.effect_with_tail(look, z, tail)?;
        let upper = self.effect_with_tail(look, z, 1.0 - tail)?;
        let one_sided = self.tails(look, z, 0.0);
        let p = if self.spec.side == Side::Two { (2.0 * one_sided.0.min(one_sided.1)).min(1.0) } else { one_sided.0 };
        Ok(StagewiseInference {
            p_value: PValue::from_p(p.max(SMALLEST_P)),
            median_unbiased: self.effect_with_tail(look, z, 0.5)?,
            interval: Interval { lower, upper, level },
        })
    }

    /// The effect at which an outcome at least as strong has probability `tail`.
    fn effect_with_tail(&self, look: usize, z: f64, tail: f64) -> Result<f64, StatError> {
        let unit = self.information()[look].sqrt();
        let logit = |effect: f64| {
            let (above, below) = self.tails(look, z, effect);
            ln(above.max(1e-300) / below.max(1e-300)) - ln(tail / (1.0 - tail))
        };
        let centre = z / unit;
        let first = self.information().first().copied().unwrap_or(1.0).sqrt();
        let (mut low, mut high) = (centre - 4.0 / unit, centre + 4.0 / unit);
        for _ in 0..40 {
            if logit(low) < 0.0 {
                break;
            }
            low -= 4.0 / first;
        }
        for _ in 0..40 {
            if logit(high) > 0.0 {
                break;
            }
            high += 4.0 / first;
        }
        Ok(root::find(logit, low, high, 1e-12 / unit)?.value)
    }

    /// Probabilities under `effect` of an outcome at least, and at most, as strong as `z` at `look`.
    pub(crate) fn tails(&self, look: usize, z: f64, effect: f64) -> (f64, f64) {
        let two_sided = self.spec.side == Side::Two;
        let binding = matches!(self.spec.futility, Futility::BetaSpending { binding: true, .. });
        let mut running = Running::start(effect);
        let (mut above, mut below) = (0.0, 0.0);
        for (k, bounds) in self.looks.iter().enumerate().take(look) {
            if repeats(self.information(), k) {
                continue;
            }
            let unit = bounds.information.sqrt();
            let high = bounds.efficacy * unit;
            let low = if two_sided {
                -high
            } else if binding {
                bounds.futility.map_or(f64::NEG_INFINITY, |z| z * unit)
            } else {
                f64::NEG_INFINITY
            };
            above += running.above(bounds.information, high);
            if low > f64::NEG_INFINITY {
                below += running.below(bounds.information, low);
            }
            running = running.advance(bounds.information, low, high, self.information().get(k + 1).copied());
        }
        let information = self.information()[look];
        let score = z * information.sqrt();
        above += running.above(information, score);
        below += running.below(information, score);
        (above, below)
    }
}
