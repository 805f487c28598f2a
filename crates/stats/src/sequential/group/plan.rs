//! What is laid down for a group-sequential design.

use serde::{Deserialize, Serialize};

use crate::sequential::Spending;
use crate::sequential::spending::check_probability;
use crate::{Side, StatError};

/// Most looks of a design.
pub const MAX_LOOKS: usize = 200;

/// The shape of the boundary for success.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Efficacy {
    /// By a spending function; number and times of looks may change as the trial goes.
    Spending {
        /// How the error is shared over the looks.
        spending: Spending,
    },
    /// O'Brien-Fleming: `z_k = c sqrt(I_K / I_k)`; the looks must be held as planned.
    #[serde(rename = "obrien_fleming")]
    OBrienFleming,
    /// Pocock: the same `z` at every look.
    Pocock,
    /// Wang-Tsiatis: `z_k = c (I_k / I_K)^(delta - 1/2)`.
    WangTsiatis {
        /// 0 is O'Brien-Fleming, 0.5 is Pocock; between -1 and 1.
        delta: f64,
    },
    /// Scores that are given, one for each look; the error is what it is.
    Fixed {
        /// One for each look, `z` scale.
        z: Vec<f64>,
    },
    /// Haybittle-Peto: the same large `z` at every look but the last.
    HaybittlePeto {
        /// Usually 3.
        z: f64,
    },
}

/// When to stop because success has become unlikely.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Futility {
    /// Never.
    #[default]
    None,
    /// At scores that are given.
    Fixed {
        /// One for each look, or for each but the last, `z` scale; never binding.
        z: Vec<f64>,
    },
    /// By spending `beta`, the probability of missing the effect at which the design has power `1 - beta`.
    BetaSpending {
        /// How it is shared over the looks.
        spending: Spending,
        /// Probability of missing the effect, in (0, 1).
        beta: f64,
        /// Whether the error rate of success counts on stopping; false is the safe choice.
        binding: bool,
    },
    /// When the probability of success at the end, for an assumed or the observed effect, has fallen below a limit.
    ConditionalPower {
        /// The limit, in (0, 1).
        minimum: f64,
        /// Assumed effect on the scale on which `Z` has mean `effect sqrt(I)`; none takes the effect observed.
        effect: Option<f64>,
    },
    /// When the probability of success at the end, averaged over what the data alone say of the effect, has fallen
    /// below a limit.
    PredictivePower {
        /// The limit, in (0, 1).
        minimum: f64,
    },
}

/// When to stop because arm 1 does worse, with its own error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Harm {
    /// One-sided probability of a false alarm at any look, in (0, 1).
    pub alpha: f64,
    /// How it is shared over the looks.
    pub spending: Spending,
    /// Whether a trial that crosses it surely stops, so that the boundary for success may be a little lower; only where success spends
    /// its error and there is no rule for futility. Otherwise success is within its error whether harm is heeded or not.
    #[serde(default)]
    pub binding: bool,
}

/// Everything that defines a group-sequential design for a statistic that is normal with independent increments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSequentialSpec {
    /// `Greater` for a one-sided design, `Two` for a symmetric two-sided one.
    pub side: Side,
    /// Probability of a false success; of both sides together when two-sided. In (0, 1).
    pub alpha: f64,
    /// Boundary for success.
    pub efficacy: Efficacy,
    /// Stop for futility (one-sided designs).
    #[serde(default)]
    pub futility: Futility,
    /// Stop for harm (one-sided designs).
    #[serde(default)]
    pub harm: Option<Harm>,
    /// Information at the looks, in any unit, never falling; fractions of the planned one are usual.
    pub information: Vec<f64>,
    /// Information at which all error is spent; none means that of the last look.
    #[serde(default)]
    pub maximum: Option<f64>,
    /// Whether the last look listed ends the trial; then whatever error is left is spent there.
    #[serde(default = "yes")]
    pub last_is_final: bool,
}

fn yes() -> bool {
    true
}

impl GroupSequentialSpec {
    /// A one-sided design without futility or harm.
    ///
    /// ```
    /// use fairtrial_stats::Side;
    /// use fairtrial_stats::sequential::group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec};
    /// // With a single look the boundary is the normal quantile.
    /// let spec = GroupSequentialSpec::new(vec![1.0], 0.025, Efficacy::Pocock);
    /// assert_eq!(spec.side, Side::Greater);
    /// let design = GroupSequentialDesign::new(spec).unwrap();
    /// assert!((design.looks()[0].efficacy - 1.959_963_984_540_054).abs() < 1e-9);
    /// ```
    #[must_use]
    pub fn new(information: Vec<f64>, alpha: f64, efficacy: Efficacy) -> Self {
        Self {
            side: Side::Greater,
            alpha,
            efficacy,
            futility: Futility::None,
            harm: None,
            information,
            maximum: None,
            last_is_final: true,
        }
    }

    /// The design for the information that was in fact observed at the looks held so far.
    ///
    /// Estimated information can fall between looks when a variance is estimated anew; error is then spent on the
    /// largest so far and nothing is given back. When the trial ends with more or less information than planned, the
    /// last look spends whatever is left.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, group::{Efficacy, GroupSequentialDesign, GroupSequentialSpec}};
    /// let efficacy = Efficacy::Spending { spending: Spending::LanDeMetsPocock };
    /// let plan = GroupSequentialSpec::new(vec![50.0, 100.0], 0.025, efficacy);
    /// // The look came early and the trial ended with more than planned: what was held stays, the end spends what is left.
    /// let held = plan.with_observed(&[40.0], false).unwrap();
    /// let ended = plan.with_observed(&[40.0, 110.0], true).unwrap();
    /// let bounds = |spec| GroupSequentialDesign::new(spec).unwrap().looks().to_vec();
    /// let (held, ended) = (bounds(held), bounds(ended));
    /// assert_eq!(held[0].efficacy, ended[0].efficacy);
    /// assert!((ended[1].alpha_spent - 0.025).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when an observed information is not a positive number, or when the boundary is not by spending.
    pub fn with_observed(&self, observed: &[f64], last_is_final: bool) -> Result<Self, StatError> {
        if !matches!(self.efficacy, Efficacy::Spending { .. }) {
            return Err(StatError::invalid("efficacy", "only a spending function allows other looks than planned"));
        }
        let mut largest = 0.0;
        let mut information = Vec::with_capacity(observed.len());
        for &value in observed {
            if !(value.is_finite() && value > 0.0) {
                return Err(StatError::invalid("observed", "information must be a positive number"));
            }
            largest = f64::max(largest, value);
            information.push(largest);
        }
        let maximum = Some(self.planned_maximum());
        let spec = Self { information, maximum, last_is_final, ..self.clone() };
        spec.validate()?;
        Ok(spec)
    }

    pub(crate) fn planned_maximum(&self) -> f64 {
        self.maximum.or(self.information.last().copied()).unwrap_or(1.0)
    }

    /// Share of the planned information at each look; 1 at the final one.
    pub(crate) fn fractions(&self) -> Vec<f64> {
        let maximum = self.planned_maximum();
        let last = self.information.len().saturating_sub(1);
        let share = |(k, i): (usize, &f64)| if self.last_is_final && k == last { 1.0 } else { i / maximum };
        self.information.iter().enumerate().map(share).collect()
    }

    /// Error that one side may spend.
    pub(crate) fn alpha_of_side(&self) -> f64 {
        if self.side == Side::Two { 0.5 * self.alpha } else { self.alpha }
    }

    pub(crate) fn validate(&self) -> Result<(), StatError> {
        check_probability("alpha", self.alpha)?;
        self.validate_information()?;
        if self.side == Side::Less {
            return Err(StatError::invalid("side", "must be greater or two; turn the sign of the statistic"));
        }
        if self.side == Side::Two && (self.futility != Futility::None || self.harm.is_some()) {
            return Err(StatError::invalid("side", "futility and harm belong to one-sided designs"));
        }
        match &self.efficacy {
            Efficacy::Spending { spending } => spending.validate()?,
            _ if !self.last_is_final => {
                return Err(StatError::invalid("efficacy", "only a spending function allows looks to be open"));
            }
            Efficacy::WangTsiatis { delta } => {
                if !(delta.is_finite() && delta.abs() <= 1.0) {
                    return Err(StatError::invalid("delta", "must lie between -1 and 1"));
                }
            }
            Efficacy::HaybittlePeto { z } => {
                if !(z.is_finite() && *z > 0.0) {
                    return Err(StatError::invalid("z", "must be a positive number"));
                }
            }
            Efficacy::Fixed { z } => {
                if z.len() != self.information.len() || z.iter().any(|z| z.is_nan()) {
                    return Err(StatError::invalid("efficacy.z", "needs one number for each look"));
                }
            }
            Efficacy::OBrienFleming | Efficacy::Pocock => {}
        }
        match &self.futility {
            Futility::None => {}
            Futility::Fixed { z } => {
                if !(self.information.len() - 1..=self.information.len()).contains(&z.len()) {
                    return Err(StatError::invalid("futility.z", "needs one bound for each look, or all but the last"));
                }
                if z.iter().any(|z| z.is_nan() || *z == f64::INFINITY) {
                    return Err(StatError::invalid("futility.z", "must be numbers"));
                }
            }
            Futility::BetaSpending { spending, beta, .. } => {
                spending.validate()?;
                check_probability("beta", *beta)?;
                if self.alpha + beta >= 1.0 {
                    return Err(StatError::invalid("beta", "together with alpha must be below 1"));
                }
                if !self.last_is_final {
                    return Err(StatError::invalid("futility", "spending beta needs all looks up to the last"));
                }
            }
            Futility::PredictivePower { minimum } => self.validate_forecast(*minimum)?,
            Futility::ConditionalPower { minimum, effect } => {
                self.validate_forecast(*minimum)?;
                if effect.is_some_and(|effect| !effect.is_finite()) {
                    return Err(StatError::invalid("effect", "must be a finite number"));
                }
            }
        }
        if let Some(harm) = &self.harm {
            check_probability("harm.alpha", harm.alpha)?;
            harm.spending.validate()?;
            let joint = matches!(self.efficacy, Efficacy::Spending { .. }) && self.futility == Futility::None;
            if harm.binding && !joint {
                let reason = "needs a spending function for success, and no futility";
                return Err(StatError::invalid("harm.binding", reason));
            }
        }
        Ok(())
    }

    fn validate_forecast(&self, minimum: f64) -> Result<(), StatError> {
        check_probability("minimum", minimum)?;
        if self.last_is_final {
            Ok(())
        } else {
            Err(StatError::invalid("futility", "a forecast needs all looks up to the last"))
        }
    }

    fn validate_information(&self) -> Result<(), StatError> {
        let looks = &self.information;
        if looks.is_empty() {
            return Err(StatError::invalid("information", "at least one look is needed"));
        }
        if looks.len() > MAX_LOOKS {
            return Err(StatError::TooLarge { reason: format!("at most {MAX_LOOKS} looks") });
        }
        if looks.iter().any(|i| !(i.is_finite() && (1e-100..=1e100).contains(i))) {
            return Err(StatError::invalid("information", "must be positive numbers from 1e-100 to 1e100"));
        }
        if looks.windows(2).any(|pair| pair[1] < pair[0]) {
            return Err(StatError::invalid("information", "may not fall from look to look"));
        }
        if self.maximum.is_some_and(|m| !(m.is_finite() && m > 0.0)) {
            return Err(StatError::invalid("maximum", "must be a positive number"));
        }
        Ok(())
    }
}
