//! The design: boundaries, and how it behaves for a stated effect.

use crate::special::elementary::ln;
use serde::{Deserialize, Serialize};

use super::boundary::{
    allowed, asks_again, beta_spending, crossing, efficacy, harm, plain_futility, repeats, success_and_harm,
};
use super::plan::{Efficacy, Futility, GroupSequentialSpec};
use crate::sequential::recursion::Running;
use crate::special::{normal, root};
use crate::{Side, StatError};

/// Boundaries of one look on the `z` scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LookBounds {
    /// Information at the look, in the unit of the design.
    pub information: f64,
    /// Share of the planned information, 1 at the final look.
    pub fraction: f64,
    /// Success at or above; infinite when the error allowed is nil.
    pub efficacy: f64,
    /// Futility at or below; at the last look of a design that spends beta it equals the bound for success.
    pub futility: Option<f64>,
    /// Harm at or below.
    pub harm: Option<f64>,
    /// Cumulative probability of a false success by this look under no effect; both sides when two-sided. A futility
    /// stop counts only when it is binding.
    pub alpha_spent: f64,
}

/// What a design does for one effect, when every rule is obeyed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operating {
    /// Probability of stopping with success, look by look; either side when two-sided.
    pub efficacy: Vec<f64>,
    /// Probability of stopping for futility, look by look.
    pub futility: Vec<f64>,
    /// Probability of stopping for harm, look by look.
    pub harm: Vec<f64>,
    /// Probability of success at any look: the power.
    pub power: f64,
    /// Expected information at the end, in the unit of the design.
    pub expected_information: f64,
}

/// A group-sequential design for a statistic `Z` that is normal with mean `effect sqrt(I)` and independent increments.
///
/// It answers: *at which `z` may we stop at each look, so that all looks together keep the stated error?* Information `I`
/// is 1 / variance of the estimate. When not: few units (use the exact design for proportions, the permutation one for
/// clusters, [`super::student_bound`] for means), or looks whose time depends on the results.
///
/// Source: Jennison and Turnbull 2000, chapters 2, 7 and 19; Lan and DeMets 1983; Pampallona, Tsiatis and Kim 2001.
///
/// ```
/// use fairtrial_stats::sequential::Spending;
/// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
/// let spending = Efficacy::Spending { spending: Spending::LanDeMetsOBrienFleming };
/// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.25, 0.6, 1.0], 0.025, spending))?;
/// let z: Vec<f64> = design.looks().iter().map(|look| look.efficacy).collect();
/// for (z, known) in z.iter().zip([4.332_633_646_05, 2.668_868_751_73, 1.980_976_335_33]) {
///     assert!((z - known).abs() < 1e-10);
/// }
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupSequentialDesign {
    pub(crate) spec: GroupSequentialSpec,
    pub(crate) looks: Vec<LookBounds>,
    /// The effect at which a design that spends beta has its power.
    effect: Option<f64>,
}

impl GroupSequentialDesign {
    /// Computes all boundaries of `spec`.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // O'Brien and Fleming 1979: five looks at one-sided 2.5 %, the constant 2.040 over the root of the share.
    /// let spec = GroupSequentialSpec::new(vec![0.2, 0.4, 0.6, 0.8, 1.0], 0.025, Efficacy::OBrienFleming);
    /// let design = GroupSequentialDesign::new(spec).unwrap();
    /// assert!((design.looks()[4].efficacy - 2.040).abs() < 1e-3 && (design.looks()[0].efficacy - 4.562).abs() < 1e-3);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a probability outside (0, 1), no looks, information that falls or is not positive, or rules
    /// that exclude each other; `TooLarge` for more than [`super::MAX_LOOKS`] looks.
    pub fn new(spec: GroupSequentialSpec) -> Result<Self, StatError> {
        spec.validate()?;
        let alpha = spec.alpha_of_side();
        let (upper, lower, effect) = match &spec.futility {
            Futility::BetaSpending { spending, beta, binding } => {
                let (upper, lower, theta) = beta_spending(&spec, spending, *beta, *binding)?;
                (upper, Some(lower), Some(theta))
            }
            _ => {
                let upper = efficacy(&spec, alpha, None)?;
                let lower = plain_futility(&spec, &upper)?;
                (upper, lower, None)
            }
        };
        let binding = matches!(spec.futility, Futility::BetaSpending { binding: true, .. });
        let sides = if spec.side == Side::Two { 2.0 } else { 1.0 };
        let spent = match &spec.efficacy {
            Efficacy::Spending { spending } => allowed(&spec, spending, alpha),
            _ => crossing(&spec, &upper, if binding { lower.as_deref() } else { None }),
        };
        let (upper, harm_bounds) = match &spec.harm {
            None => (upper, None),
            Some(h) => {
                let share = allowed(&spec, &h.spending, h.alpha);
                if h.binding {
                    let (upper, bounds) = success_and_harm(&spec, &spent, &share);
                    (upper, Some(bounds))
                } else {
                    let bounds = harm(&spec, &share, &upper);
                    (upper, Some(bounds))
                }
            }
        };
        let fractions = spec.fractions();
        let looks = (0..upper.len())
            .map(|k| LookBounds {
                information: spec.information[k],
                fraction: fractions[k],
                efficacy: upper[k],
                futility: lower.as_ref().map(|l| l[k]).filter(|z| *z > f64::NEG_INFINITY),
                harm: harm_bounds.as_ref().map(|h| h[k]).filter(|z| *z > f64::NEG_INFINITY),
                alpha_spent: sides * spent[k],
            })
            .collect();
        Ok(Self { spec, looks, effect })
    }

    /// What was laid down.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// let spec = GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock);
    /// assert_eq!(GroupSequentialDesign::new(spec.clone()).unwrap().spec(), &spec);
    /// ```
    #[must_use]
    pub fn spec(&self) -> &GroupSequentialSpec {
        &self.spec
    }

    /// Boundaries look by look.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // Pocock 1977: two looks, two-sided 5 % is 2.178 at both.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// assert!(design.looks().iter().all(|look| (look.efficacy - 2.178).abs() < 1e-3));
    /// ```
    #[must_use]
    pub fn looks(&self) -> &[LookBounds] {
        &self.looks
    }

    pub(crate) fn information(&self) -> &[f64] {
        &self.spec.information
    }

    pub(crate) fn look(&self, k: usize) -> Result<LookBounds, StatError> {
        let none = || StatError::invalid("look", format!("must be below {}", self.looks.len()));
        self.looks.get(k).copied().ok_or_else(none)
    }

    /// Stopping probabilities and expected information when `Z` has mean `effect sqrt(I)`.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // Pocock 1977: two looks, two-sided 5 % is 2.178 at both.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// assert!((design.operating(0.0).unwrap().power - 0.025).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when `effect` is not finite.
    pub fn operating(&self, effect: f64) -> Result<Operating, StatError> {
        if !effect.is_finite() {
            return Err(StatError::invalid("effect", "must be a finite number"));
        }
        Ok(self.walk(Running::start(effect), 0))
    }

    /// Stopping probabilities from look `first` on, for trials that run as `running` says.
    pub(crate) fn walk(&self, mut running: Running, first: usize) -> Operating {
        let looks = self.looks.len();
        let mut result = Operating {
            efficacy: Vec::with_capacity(looks),
            futility: Vec::with_capacity(looks),
            harm: Vec::with_capacity(looks),
            power: 0.0,
            expected_information: 0.0,
        };
        let two_sided = self.spec.side == Side::Two;
        let mut open = running.total();
        for (k, look) in self.looks.iter().enumerate().skip(first) {
            if repeats(self.information(), k) {
                result.efficacy.push(0.0);
                result.futility.push(0.0);
                result.harm.push(0.0);
                continue;
            }
            let unit = look.information.sqrt();
            let score = |z: Option<f64>| z.map_or(f64::NEG_INFINITY, |z| z * unit);
            let (high, futile, harmful) = (look.efficacy * unit, score(look.futility), score(look.harm));
            let below =
                |bound: f64| if bound > f64::NEG_INFINITY { running.below(look.information, bound) } else { 0.0 };
            let success = match (asks_again(self.information(), k, |k| self.looks[k].efficacy), two_sided) {
                (true, _) => 0.0,
                (false, true) => running.above(look.information, high) + below(-high),
                (false, false) => running.above(look.information, high),
            };
            let harm = below(harmful);
            let futility = if futile > harmful { (below(futile) - harm).max(0.0) } else { 0.0 };
            let stopped = success + harm + futility;
            let leaves = if k + 1 == looks { open } else { stopped };
            result.expected_information += leaves * look.information;
            open = (open - stopped).max(0.0);
            let low = if two_sided { -high } else { futile.max(harmful) };
            running = running.advance(look.information, low, high, self.information().get(k + 1).copied());
            result.efficacy.push(success);
            result.futility.push(futility);
            result.harm.push(harm);
            result.power += success;
        }
        result
    }

    /// The effect, on the scale on which `Z` has mean `effect sqrt(I)`, that the design finds with probability `power`.
    ///
    /// The square of it times the maximum information is the *shift*; divided by the square of
    /// `z_alpha + z_beta` it is the factor by which looks inflate the sample size.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // A single look is the plain one-sided test.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// assert!((design.effect_at_power(0.9).unwrap() - (1.959_963_985 + 1.281_551_566)).abs() < 1e-8);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when `power` is not between the error rate and 1.
    pub fn effect_at_power(&self, power: f64) -> Result<f64, StatError> {
        let planned = match (self.effect, &self.spec.futility) {
            (Some(effect), Futility::BetaSpending { beta, .. }) if self.spec.harm.is_none() => {
                Some((effect, 1.0 - beta))
            }
            _ => None,
        };
        if let Some((effect, _)) = planned.filter(|(_, planned)| (planned - power).abs() < 1e-12) {
            return Ok(effect);
        }
        let alpha = self.spec.alpha_of_side();
        if !(power > alpha && power < 1.0) {
            return Err(StatError::invalid("power", "must lie between the error rate and 1"));
        }
        let unit = self.information().last().copied().unwrap_or(1.0).sqrt();
        let start = ((normal::quantile(power) - normal::quantile(alpha)) / unit).max(0.0);
        let miss = |effect: f64| {
            let reached = self.walk(Running::start(effect), 0).power;
            ln((1.0 - reached).max(1e-300) / (1.0 - power))
        };
        let mut high = start.max(0.1 / unit);
        for _ in 0..60 {
            if miss(high) <= 0.0 {
                break;
            }
            high *= 1.2;
        }
        Ok(root::find(miss, 0.0, high, 1e-13 / unit)?.value)
    }

    /// Factor by which the maximum information exceeds that of a trial without looks of the same error and power.
    ///
    /// ```
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // Pocock 1977: two looks, two-sided 5 % is 2.178 at both.
    /// let design = GroupSequentialDesign::new(GroupSequentialSpec::new(vec![0.5, 1.0], 0.025, Efficacy::Pocock)).unwrap();
    /// // Jennison and Turnbull 2000, table 2.2: 1.110 at power 0.8, 1.100 at 0.9.
    /// assert!((design.inflation(0.8).unwrap() - 1.110).abs() < 1e-3 && (design.inflation(0.9).unwrap() - 1.100).abs() < 1e-3);
    /// ```
    ///
    /// # Errors
    /// As [`GroupSequentialDesign::effect_at_power`].
    pub fn inflation(&self, power: f64) -> Result<f64, StatError> {
        let effect = self.effect_at_power(power)?;
        let maximum = self.information().last().copied().unwrap_or(1.0);
        let fixed = normal::quantile(power) - normal::quantile(self.spec.alpha_of_side());
        Ok(effect * effect * maximum / (fixed * fixed))
    }
}
