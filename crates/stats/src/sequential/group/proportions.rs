//! Group-sequential designs applied to two proportions.

use super::design::GroupSequentialDesign;
use crate::special::{normal, root};
use crate::two_proportions::{ScoreVariance, Table, pooled_z, score_statistic};
use crate::{Interval, StatError};

impl GroupSequentialDesign {
    /// The repeated interval for a difference of proportions at `look` (from 0): all differences that the score test of
    /// Farrington and Manning does not reject at the boundary of the look.
    ///
    /// `table` holds all outcomes so far.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// use fairtrial_stats::two_proportions::{ScoreVariance, Table, score_statistic};
    /// let spec = GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock);
    /// let design = GroupSequentialDesign::new(spec).unwrap();
    /// let table = Table::new(30, 50, 18, 50).unwrap();
    /// let interval = design.repeated_risk_difference(0, &table).unwrap();
    /// // At its lower limit the score is just at the boundary.
    /// let z = score_statistic(&table, interval.lower, ScoreVariance::Uncorrected).unwrap();
    /// assert!((z - design.looks()[0].efficacy).abs() < 1e-9);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when the look does not exist.
    pub fn repeated_risk_difference(&self, look: usize, table: &Table) -> Result<Interval, StatError> {
        let critical = self.look(look)?.efficacy;
        let level = 1.0 - 2.0 * self.spec.alpha_of_side();
        let observed = table.x1() as f64 / table.n1() as f64 - table.x0() as f64 / table.n0() as f64;
        let z = |difference: f64| {
            score_statistic(table, difference, ScoreVariance::Uncorrected).unwrap_or(f64::NAN).clamp(-1e6, 1e6)
        };
        let inside = 1.0 - 1e-12;
        let lower = if observed <= -inside || z(-inside) <= critical {
            -1.0
        } else {
            root::find(|d| z(d) - critical, -inside, observed, 0.0)?.value
        };
        let upper = if observed >= inside || z(inside) >= -critical {
            1.0
        } else {
            root::find(|d| z(d) + critical, observed, inside, 0.0)?.value
        };
        Ok(Interval { lower, upper, level })
    }

    /// Probability of success by each later look, given the stages so far, when the proportions are `treatment` and
    /// `control` from now on and each later stage has `planned` units in two equal arms.
    ///
    /// `stages` holds the outcomes of each stage on its own. Their `z` statistics are combined with the weights of the
    /// planned information (inverse normal), so that the design stays valid when stage sizes change; the difference
    /// between the pooled and the unpooled standard error under the alternative is allowed for. Futility is ignored. A stage
    /// in which every unit has the same outcome shows no difference and counts as `z = 0`.
    ///
    /// Source: Lehmacher and Wassmer 1999; Wassmer and Brannath 2016, section 7.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// use fairtrial_stats::two_proportions::Table;
    /// let spec = GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock);
    /// let design = GroupSequentialDesign::new(spec).unwrap();
    /// let stage = [Table::new(25, 50, 20, 50).unwrap()];
    /// let power = |p1: f64, planned: f64| design.conditional_power_proportions(&stage, p1, 0.4, planned).unwrap()[0];
    /// // No difference from now on: success is still possible by chance; a difference and more people make it likelier.
    /// assert!(power(0.4, 100.0) > 0.0 && power(0.6, 100.0) > power(0.4, 100.0) && power(0.6, 200.0) > power(0.6, 100.0));
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for no stage or no later look, or proportions outside [0, 1]; `NotEstimable` when both are 0 or 1, so
    /// that nothing would vary.
    pub fn conditional_power_proportions(
        &self,
        stages: &[Table],
        treatment: f64,
        control: f64,
        planned: f64,
    ) -> Result<Vec<f64>, StatError> {
        for (name, p) in [("treatment", treatment), ("control", control)] {
            if !(0.0..=1.0).contains(&p) {
                return Err(StatError::invalid(name, "must lie between 0 and 1"));
            }
        }
        if !(planned.is_finite() && planned > 0.0) {
            return Err(StatError::invalid("planned", "must be a positive number"));
        }
        let Some(look) = stages.len().checked_sub(1) else {
            return Err(StatError::invalid("stages", "at least one is needed"));
        };
        let maximum = self.information().last().copied().unwrap_or(1.0);
        let mut before = 0.0;
        let mut score = 0.0;
        let steps: Vec<f64> =
            self.information().iter().map(|i| i / maximum - std::mem::replace(&mut before, i / maximum)).collect();
        for (stage, step) in stages.iter().zip(&steps) {
            score += step.sqrt() * stage_z(stage)?;
        }
        let (x1, n1, x0, n0) = stages.iter().fold((0, 0, 0, 0), |sum, stage| {
            (sum.0 + stage.x1(), sum.1 + stage.n1(), sum.2 + stage.x0(), sum.3 + stage.n0())
        });
        let fraction = self.look(look)?.information / maximum;
        let overall = stage_z(&Table::new(x1, n1, x0, n0)?)?;
        let rejection = self.conditional_rejection_probability(look, overall)?;
        let later = (self.looks.len() - look - 1) as f64;
        let pooled = 0.5 * (treatment + control);
        let unpooled = (treatment * (1.0 - treatment) + control * (1.0 - control)).sqrt();
        if unpooled == 0.0 {
            return Err(StatError::not_estimable("with proportions of 0 and 1 nothing varies from now on"));
        }
        let correction = 1.0 - (2.0 * pooled * (1.0 - pooled)).sqrt() / unpooled;
        let adjustment = -normal::quantile(rejection.max(1e-12)) * correction * 2.0 / (later * planned).sqrt();
        let effect = (treatment - control) / unpooled * 2_f64.sqrt() + adjustment;
        // Each later stage moves the combined score by sqrt(step * units) * effect; as a drift per unit of information.
        let unit = effect * (0.25 * planned).sqrt();
        let mut total = 0.0;
        let mut result = Vec::new();
        let mut running = crate::sequential::recursion::Running::from_point(fraction, score, 0.0);
        let mut moved = 0.0;
        for (k, (bounds, step)) in self.looks.iter().zip(&steps).enumerate().skip(look + 1) {
            moved += unit * step.sqrt();
            let information = bounds.information / maximum;
            let high = bounds.efficacy * information.sqrt() - moved;
            total += running.above(information, high);
            let next = self.information().get(k + 1).map(|i| i / maximum);
            running = running.advance(information, f64::NEG_INFINITY, high, next);
            result.push(total);
        }
        Ok(result)
    }

    /// The smallest difference of proportions, given the control proportion, that would reach a bound `z` at `look`.
    ///
    /// `units` are those of both arms at that look, in equal arms; the pooled variance is used. It translates boundaries
    /// into something that can be pictured.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::GroupSequentialDesign;
    /// use fairtrial_stats::two_proportions::{Table, pooled_z};
    /// // 30 of 50 against 20 of 50 has z = 2; so 20 points above 40 % just reach a bound of 2 with 100 people.
    /// assert!((pooled_z(&Table::new(30, 50, 20, 50).unwrap()).unwrap() - 2.0).abs() < 1e-12);
    /// assert!((GroupSequentialDesign::difference_at_bound(2.0, 0.4, 100.0).unwrap() - 0.2).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when `control` is outside (0, 1) or `units` is not positive; `NotEstimable` when no difference
    /// reaches the bound.
    pub fn difference_at_bound(z: f64, control: f64, units: f64) -> Result<f64, StatError> {
        crate::sequential::spending::check_probability("control", control)?;
        if !(units.is_finite() && units > 0.0) {
            return Err(StatError::invalid("units", "must be a positive number"));
        }
        let statistic = |difference: f64| {
            let pooled = control + 0.5 * difference;
            difference / (pooled * (1.0 - pooled) * 4.0 / units).sqrt() - z
        };
        let (low, high) = (-control + 1e-12, 1.0 - control - 1e-12);
        if !(statistic(low) <= 0.0 && statistic(high) >= 0.0) {
            return Err(StatError::not_estimable("no difference of proportions reaches this bound"));
        }
        Ok(root::find(statistic, low, high, 1e-14)?.value)
    }
}

/// The pooled z of a stage, 0 where nothing varies and so nothing differs.
fn stage_z(stage: &Table) -> Result<f64, StatError> {
    match pooled_z(stage) {
        Err(StatError::ZeroVariance) => Ok(0.0),
        other => other,
    }
}
