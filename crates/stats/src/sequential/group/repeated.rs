//! Inference at every look, whether or not the trial stops: repeated p-values and intervals.

use super::boundary::efficacy;
use super::design::GroupSequentialDesign;
use super::plan::{Efficacy, Futility, GroupSequentialSpec};
use crate::special::elementary::{exp, ln};
use crate::special::root;
use crate::{Interval, PValue, Side, StatError};

/// p-values below this are not told apart, because the recursion is cut at nine standard deviations; the larger is given.
pub(crate) const SMALLEST_P: f64 = 1e-15;

impl GroupSequentialDesign {
    /// An interval for the effect that is right at all looks together.
    ///
    /// `z` plus or minus the boundary of the look, on the scale on which `Z` has mean `effect sqrt(I)`. The level is
    /// `1 - 2 alpha` for a one-sided design of error `alpha`, `1 - alpha` for a two-sided one. It may be used whatever
    /// is decided, also against the stopping rule; it is wide at early looks.
    ///
    /// Source: Jennison and Turnbull 2000, chapter 9.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // Pocock 1977: two looks, two-sided 5 % is 2.178 at both.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// // Jennison and Turnbull 2000, section 9.2: the estimate and the bound, both over the root of the information.
    /// let interval = design.repeated_interval(0, 3.0).unwrap();
    /// let unit = 0.5_f64.sqrt();
    /// assert!((interval.lower - (3.0 - design.looks()[0].efficacy) / unit).abs() < 1e-9);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when the look does not exist or `z` is not finite.
    pub fn repeated_interval(&self, look: usize, z: f64) -> Result<Interval, StatError> {
        let bounds = self.look(look)?;
        check_z(z)?;
        let unit = bounds.information.sqrt();
        let level = 1.0 - 2.0 * self.spec.alpha_of_side();
        Ok(Interval { lower: (z - bounds.efficacy) / unit, upper: (z + bounds.efficacy) / unit, level })
    }

    /// The smallest error rate at which the same design would have stopped with success at this very look.
    ///
    /// One-sided for a one-sided design, two-sided otherwise. Valid at every look together, whatever is decided; 1 when
    /// no error rate would do, and never below 1e-15 a side. Futility bounds are ignored.
    ///
    /// Source: Jennison and Turnbull 2000, section 9.6.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // Pocock 1977: two looks, two-sided 5 % is 2.178 at both.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// // At the boundary it is the error rate of the design.
    /// let bound = design.looks()[0].efficacy;
    /// assert!((design.repeated_p_value(0, bound).unwrap().p() - 0.025).abs() < 1e-9);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when the look does not exist or `z` is not finite.
    pub fn repeated_p_value(&self, look: usize, z: f64) -> Result<PValue, StatError> {
        self.look(look)?;
        check_z(z)?;
        let z = if self.spec.side == Side::Two { z.abs() } else { z };
        let sides: f64 = if self.spec.side == Side::Two { 2.0 } else { 1.0 };
        let spec = self.up_to(look);
        let most: f64 = match self.spec.efficacy {
            Efficacy::Spending { .. } if sides < 2.0 => 1.0 - 1e-9,
            _ => 0.5 - 1e-9,
        };
        let excess = |ln_alpha: f64| {
            let bounds = efficacy(&spec, exp(ln_alpha), None);
            bounds.ok().and_then(|b| b.get(look).copied()).map_or(f64::NAN, |b| b.clamp(-1e3, 1e3) - z)
        };
        if matches!(self.spec.efficacy, Efficacy::HaybittlePeto { .. } | Efficacy::Fixed { .. }) {
            return Err(StatError::invalid("efficacy", "repeated p-values need a boundary that moves with alpha"));
        }
        if excess(ln(most)) > 0.0 {
            return Ok(PValue::from_p(1.0));
        }
        if excess(ln(SMALLEST_P)) <= 0.0 {
            return Ok(PValue::from_ln(ln(SMALLEST_P) + ln(sides)));
        }
        Ok(PValue::from_ln(root::find(excess, ln(SMALLEST_P), ln(most), 1e-12)?.value + ln(sides)))
    }

    /// The smallest error rate at which the same design would have stopped with success by now.
    ///
    /// `z` holds the statistic of each look held so far; the result is the smallest repeated p-value.
    ///
    /// ```
    /// use fairtrial_stats::sequential::Spending;
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// let spending = Efficacy::Spending { spending: Spending::LanDeMetsOBrienFleming };
    /// let information = vec![1.0 / 3.0, 2.0 / 3.0, 1.0];
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(information, 0.025, spending))?;
    /// assert!((design.sequential_p_value(&[1.5, 2.6])?.p() - 0.020_939_46).abs() < 1e-7);
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when there is no value, there are more than looks, or one is not finite.
    pub fn sequential_p_value(&self, z: &[f64]) -> Result<PValue, StatError> {
        if z.is_empty() || z.len() > self.looks.len() {
            return Err(StatError::invalid("z", "needs one value for each look held"));
        }
        let mut smallest = PValue::from_p(1.0);
        for (look, &z) in z.iter().enumerate() {
            let p = self.repeated_p_value(look, z)?;
            if p.ln_p < smallest.ln_p {
                smallest = p;
            }
        }
        Ok(smallest)
    }

    /// The design cut after a look, where the boundary up to there does not depend on what comes later.
    fn up_to(&self, look: usize) -> GroupSequentialSpec {
        let mut spec = GroupSequentialSpec { futility: Futility::None, harm: None, ..self.spec.clone() };
        if matches!(spec.efficacy, Efficacy::Spending { .. }) && look + 1 < spec.information.len() {
            spec.maximum = Some(spec.planned_maximum());
            spec.information.truncate(look + 1);
            spec.last_is_final = false;
        }
        spec
    }
}

pub(crate) fn check_z(z: f64) -> Result<(), StatError> {
    if z.is_finite() { Ok(()) } else { Err(StatError::invalid("z", "must be a finite number")) }
}
