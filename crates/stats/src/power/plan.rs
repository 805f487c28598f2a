use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::estimate::Side;
use crate::special::{normal, root};
use crate::wald::{check_positive, check_share};

/// Largest number of units or clusters an arm that a plan may need.
pub(super) const MOST: f64 = 1e12;

/// What a plan demands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Chance to claim an effect that is not there, in (0, 1): over both sides for `Side::Two`.
    pub alpha: f64,
    /// Two-sided or one-sided. The direction of a one-sided plan is that of the effect.
    pub side: Side,
    /// Chance to find the effect, above alpha and below 1.
    pub power: f64,
    /// Units in arm 1 per unit in arm 0, for example 2 for 2:1.
    pub ratio: f64,
    /// Share of units whose outcome will be missing, 0 or more and below 1; the plan recruits so many more.
    pub attrition: f64,
}

impl Plan {
    /// Equal arms and no missing outcomes.
    ///
    /// ```
    /// use fairtrial_stats::{Side, power::{Plan, means_needed}};
    /// // R: power.t.test(delta = 1, power = 0.9) needs 22.02 an arm.
    /// let plan = Plan::new(0.05, Side::Two, 0.9);
    /// assert_eq!((plan.ratio, plan.attrition), (1.0, 0.0));
    /// assert_eq!(means_needed(1.0, 1.0, 1.0, &plan).unwrap().arm0, 23);
    /// ```
    #[must_use]
    pub fn new(alpha: f64, side: Side, power: f64) -> Self {
        Self { alpha, side, power, ratio: 1.0, attrition: 0.0 }
    }

    pub(super) fn check(&self) -> Result<(), StatError> {
        check_alpha(self.alpha)?;
        check_share("power", self.power)?;
        if self.power <= self.alpha {
            return Err(StatError::invalid("power", "must be above alpha"));
        }
        check_positive("ratio", self.ratio)?;
        if !(1e-3..=1e3).contains(&self.ratio) {
            return Err(StatError::invalid("ratio", "must lie between 0.001 and 1000"));
        }
        if !(0.0..1.0).contains(&self.attrition) {
            return Err(StatError::invalid("attrition", "must be at least 0 and below 1"));
        }
        Ok(())
    }

    /// Normal quantiles of the error rate and of the power.
    pub(super) fn quantiles(&self) -> (f64, f64) {
        (critical(self.alpha, self.side), normal::quantile(self.power))
    }

    /// Sizes of the arms from the size of arm 0 that is analysed.
    pub(super) fn sizes(&self, arm0: f64) -> Result<SampleSize, StatError> {
        if !(arm0.is_finite() && arm0 * self.ratio.max(1.0) / (1.0 - self.attrition) <= MOST) {
            return Err(StatError::TooLarge { reason: "more than 10^12 units would be needed".into() });
        }
        let whole = |exact: f64| ((exact / (1.0 - self.attrition)) * (1.0 - 1e-12)).ceil().max(1.0) as u64;
        let arm1 = arm0 * self.ratio;
        Ok(SampleSize { arm1: whole(arm1), arm0: whole(arm0), exact_arm1: arm1, exact_arm0: arm0 })
    }

    /// The smallest size of arm 0 between two bounds whose power reaches the plan's.
    pub(super) fn smallest(&self, least: f64, power: impl Fn(f64) -> Result<f64, StatError>) -> Result<f64, StatError> {
        let excess = |n: f64| power(n).map_or(f64::NAN, |value| value - self.power);
        if power(least)? >= self.power {
            return Ok(least);
        }
        let (mut low, mut high) = (least, least * 2.0);
        while excess(high) < 0.0 {
            (low, high) = (high, high * 2.0);
            if high > MOST {
                return Err(StatError::TooLarge { reason: "more than 10^12 units would be needed".into() });
            }
        }
        Ok(root::find(excess, low, high, 1e-10 * high)?.value)
    }
}

/// Units to recruit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SampleSize {
    /// Units in arm 1, rounded up, missing outcomes added.
    pub arm1: u64,
    /// Units in arm 0, rounded up, missing outcomes added.
    pub arm0: u64,
    /// Units in arm 1 to be analysed, not rounded.
    pub exact_arm1: f64,
    /// Units in arm 0 to be analysed, not rounded.
    pub exact_arm0: f64,
}

pub(super) fn check_alpha(alpha: f64) -> Result<(), StatError> {
    check_share("alpha", alpha)
}

/// Normal critical value.
pub(super) fn critical(alpha: f64, side: Side) -> f64 {
    -normal::quantile(if side == Side::Two { alpha / 2.0 } else { alpha })
}

/// Power of a normal test with a mean of `shift` standard errors. With both sides the nearer tail alone counts, as in textbooks.
pub(super) fn normal_power(shift: f64, alpha: f64, side: Side) -> f64 {
    normal::sf(critical(alpha, side) - shift.abs())
}

/// The smallest positive effect in (0, most) whose power reaches the target; power must grow with the effect.
pub(super) fn detectable(
    target: f64,
    most: f64,
    power: impl Fn(f64) -> Result<f64, StatError>,
) -> Result<f64, StatError> {
    check_share("power", target)?;
    let excess = |effect: f64| power(effect).map_or(f64::NAN, |value| value - target);
    if power(most)? < target {
        return Err(StatError::not_estimable("no possible effect reaches this power"));
    }
    let mut low = most;
    for _ in 0..400 {
        low /= 4.0;
        if power(low)? < target {
            return Ok(root::find(excess, low, most, 1e-15)?.value);
        }
    }
    Err(StatError::not_estimable("every effect has this power"))
}
