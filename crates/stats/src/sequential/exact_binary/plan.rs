//! What is laid down for an exact design, and which plans are refused.

use serde::{Deserialize, Serialize};

use super::order::MAX_ARM;
use crate::sequential::Spending;
use crate::sequential::spending::check_probability;
use crate::{Side, StatError};

/// Most looks of a design.
pub const MAX_LOOKS: usize = 100;
/// Most cells of all lattices of a design together, which bounds memory (three numbers a cell).
pub const MAX_CELLS: u64 = 8_000_000;
/// Most multiplications of the recursion, which bounds time to some seconds.
pub const MAX_WORK: u64 = 5_000_000_000;

/// Most cells of all lattices together when a margin is set.
pub const MAX_MARGIN_CELLS: u64 = 60_000;

/// Units whose outcome is known at a look, cumulative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookSize {
    /// Units in arm 1.
    pub treatment: u64,
    /// Units in arm 0.
    pub control: u64,
}

/// When to stop because success has become unlikely. Never binding: the error rates hold also when it is overruled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ExactFutility {
    /// Never.
    #[default]
    None,
    /// At a look before the last, when the pooled score is at most `z`.
    Score {
        /// Largest score that stops; 0 stops as soon as arm 1 is not ahead.
        z: f64,
    },
    /// At a look before the last, as long as stopping wrongly under the stated alternative stays within the spent `beta`.
    BetaSpending {
        /// Probability of stopping for futility at any look although the alternative holds.
        beta: f64,
        /// How it is shared over the looks.
        spending: Spending,
        /// Outcome probability in arm 1 under the alternative.
        treatment: f64,
        /// Outcome probability in arm 0 under the alternative.
        control: f64,
    },
}

/// When to stop because arm 1 does worse than arm 0, with its own error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExactHarm {
    /// Probability of a false alarm at any look, one-sided, in (0, 1).
    pub alpha: f64,
    /// How it is shared over the looks.
    pub spending: Spending,
    /// By how much arm 1 may be worse without being harmful, at least the design's margin; none means the design's margin.
    #[serde(default)]
    pub margin: Option<f64>,
}

/// Everything that defines an exact two-arm group-sequential design for a yes-or-no outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExactBinarySpec {
    /// Arm sizes at the looks held or planned, cumulative, neither arm ever smaller than before.
    pub looks: Vec<LookSize>,
    /// Units of both arms at which all error is spent; none means those of the last look.
    #[serde(default)]
    pub planned_total: Option<u64>,
    /// Whether the last look listed ends the trial; then whatever error is left is spent there.
    #[serde(default = "yes")]
    pub last_is_final: bool,
    /// `Greater` when a higher proportion in arm 1 is the benefit, `Less` when a lower one is.
    pub direction: Side,
    /// One-sided probability of a false success, in (0, 1).
    pub alpha: f64,
    /// How it is shared over the looks.
    pub spending: Spending,
    /// By how much arm 1 may be worse and still succeed (non-inferiority), strictly between -1 and 1; 0 asks whether it is
    /// better, a negative margin whether it is better by more than that.
    #[serde(default)]
    pub margin: f64,
    /// Stop for futility.
    #[serde(default)]
    pub futility: ExactFutility,
    /// Stop for harm.
    #[serde(default)]
    pub harm: Option<ExactHarm>,
}

fn yes() -> bool {
    true
}

impl ExactBinarySpec {
    /// An efficacy-only design with the looks given, higher proportions being better.
    ///
    /// ```
    /// use fairtrial_stats::sequential::{Spending, exact_binary::{ExactBinarySpec, ExactFutility, LookSize}};
    /// use fairtrial_stats::Side;
    /// let spec = ExactBinarySpec::new(vec![LookSize { treatment: 3, control: 3 }], 0.025, Spending::LanDeMetsPocock);
    /// assert_eq!((spec.direction, spec.margin, spec.futility), (Side::Greater, 0.0, ExactFutility::None));
    /// ```
    #[must_use]
    pub fn new(looks: Vec<LookSize>, alpha: f64, spending: Spending) -> Self {
        Self {
            looks,
            planned_total: None,
            last_is_final: true,
            direction: Side::Greater,
            alpha,
            spending,
            margin: 0.0,
            futility: ExactFutility::None,
            harm: None,
        }
    }

    fn has_margin(&self) -> bool {
        self.margin != 0.0 || self.harm.as_ref().is_some_and(|harm| harm.margin.is_some_and(|margin| margin != 0.0))
    }

    /// Units of both arms at which all error is spent.
    pub(crate) fn total(&self) -> u64 {
        let last = self.looks.last().map_or(0, |look| look.treatment + look.control);
        self.planned_total.unwrap_or(last)
    }

    /// Cumulative error `alpha` allowed at each look.
    pub(crate) fn allowed(&self, alpha: f64, spending: &Spending) -> Vec<f64> {
        let total = self.total() as f64;
        let last = self.looks.len().saturating_sub(1);
        let fraction = |k: usize, look: &LookSize| {
            if self.last_is_final && k == last { 1.0 } else { (look.treatment + look.control) as f64 / total }
        };
        self.looks.iter().enumerate().map(|(k, look)| spending.cumulative(alpha, fraction(k, look))).collect()
    }

    pub(crate) fn validate(&self) -> Result<(), StatError> {
        check_probability("alpha", self.alpha)?;
        self.spending.validate()?;
        if self.direction == Side::Two {
            return Err(StatError::invalid("direction", "must be greater or less; add harm for the other side"));
        }
        check_margin("margin", self.margin)?;
        self.validate_looks()?;
        match &self.futility {
            ExactFutility::None => {}
            ExactFutility::Score { z } => {
                if !z.is_finite() {
                    return Err(StatError::invalid("futility.z", "must be a finite number"));
                }
            }
            ExactFutility::BetaSpending { beta, spending, treatment, control } => {
                check_probability("futility.beta", *beta)?;
                spending.validate()?;
                check_probability("futility.treatment", *treatment)?;
                check_probability("futility.control", *control)?;
            }
        }
        if let Some(harm) = &self.harm {
            check_probability("harm.alpha", harm.alpha)?;
            harm.spending.validate()?;
            if let Some(margin) = harm.margin {
                check_margin("harm.margin", margin)?;
                if margin < self.margin {
                    return Err(StatError::invalid("harm.margin", "must be at least the margin for success"));
                }
            }
        }
        Ok(())
    }

    fn validate_looks(&self) -> Result<(), StatError> {
        if self.looks.is_empty() {
            return Err(StatError::invalid("looks", "at least one look is needed"));
        }
        if self.looks.len() > MAX_LOOKS {
            return Err(StatError::TooLarge { reason: format!("at most {MAX_LOOKS} looks") });
        }
        let mut last = LookSize { treatment: 0, control: 0 };
        let (mut cells, mut work) = (0_u64, 0_u64);
        for look in &self.looks {
            if look.treatment == 0 || look.control == 0 {
                return Err(StatError::invalid("looks", "each arm needs at least one unit at every look"));
            }
            if look.treatment < last.treatment || look.control < last.control {
                return Err(StatError::invalid("looks", "sizes are cumulative and may not fall"));
            }
            if look.treatment > MAX_ARM || look.control > MAX_ARM {
                return Err(StatError::TooLarge { reason: format!("at most {MAX_ARM} units in an arm") });
            }
            let size = (look.treatment + 1) * (look.control + 1);
            cells += size;
            let (added1, added0) = (look.treatment - last.treatment, look.control - last.control);
            let rows = size.saturating_mul(1 + added1.min(last.treatment));
            let columns = (last.treatment + 1) * (look.control + 1);
            work = work.saturating_add(rows).saturating_add(columns.saturating_mul(1 + added0.min(last.control)));
            last = *look;
        }
        // With a margin each probability is a sum over a whole lattice, and some ten thousand of them are needed.
        if self.has_margin() && cells > MAX_MARGIN_CELLS {
            return Err(StatError::TooLarge {
                reason: format!("with a margin the lattices may have {MAX_MARGIN_CELLS} cells, not {cells}"),
            });
        }
        if cells > MAX_CELLS || work > MAX_WORK {
            return Err(StatError::TooLarge {
                reason: format!(
                    "the lattices have {cells} cells (at most {MAX_CELLS}) and need {work} steps (at most {MAX_WORK}); \
                     with arms of this size the normal group-sequential design is accurate"
                ),
            });
        }
        if self.planned_total == Some(0) {
            return Err(StatError::invalid("planned_total", "must be at least 1"));
        }
        Ok(())
    }
}

fn check_margin(argument: &str, margin: f64) -> Result<(), StatError> {
    if margin > -1.0 && margin < 1.0 {
        Ok(())
    } else {
        Err(StatError::invalid(argument, "must lie strictly between -1 and 1"))
    }
}
