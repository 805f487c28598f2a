//! What the decision rule asked and found.

use fairtrial_domain::{ArmKey, Decimal, OutcomeKey, decision_rule::Claim, protocol::Sides};
use fairtrial_stats::Guarantee;
use serde::{Deserialize, Serialize};

use super::NotEstimable;

/// The decision rule and its error rate, with what each arm showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The rule as written in the plan.
    pub rule: String,
    /// One-sided error of each claim.
    pub one_sided_alpha: f64,
    /// Level of the intervals that belongs to it: 1 minus twice the one-sided error.
    pub level: f64,
    /// Whether the plan counts one direction or both.
    pub sides: Sides,
    /// How several arms and alternatives share the error.
    pub multiplicity: String,
    /// The intervention arms in the plan's order; empty before the data are locked.
    pub arms: Vec<ArmDecision>,
    /// The harm measures, each with every intervention arm; empty before the data are locked.
    pub harms: Vec<HarmFinding>,
}

/// What one intervention arm showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmDecision {
    /// Which arm.
    pub arm: ArmKey,
    /// p-value of the rule as a whole: the largest of claims that must all hold, the smallest of alternatives after
    /// adjustment.
    pub p_value: Option<f64>,
    /// The same after adjustment for the other intervention arms.
    pub adjusted_p_value: Option<f64>,
    /// Whether the rule holds, cannot hold any more, or is open.
    pub status: ClaimStatus,
    /// The rule's claims in the order written.
    pub claims: Vec<ClaimFinding>,
}

/// Where a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimStatus {
    /// Shown.
    Holds,
    /// The opposite is shown: an effect worth having is excluded, or the loss is beyond the margin.
    RuledOut,
    /// The data fit both.
    Open,
}

/// One claim of the rule for one arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimFinding {
    /// The claim.
    pub claim: Claim,
    /// The difference under its null hypothesis, in the outcome's unit.
    pub null_difference: f64,
    /// One-sided p-value against that.
    pub p_value: Option<f64>,
    /// Where it stands, taken by itself at the full one-sided error.
    pub status: ClaimStatus,
    /// The field's name of the test.
    pub method: Option<String>,
    /// On what its error rate rests.
    pub guarantee: Option<Guarantee>,
    /// Why there is no p-value.
    pub not_estimable: Option<NotEstimable>,
}

/// One harm measure for one arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HarmFinding {
    /// The harm measure.
    pub outcome: OutcomeKey,
    /// Which arm.
    pub arm: ArmKey,
    /// Largest loss that is still acceptable.
    pub margin: Decimal,
    /// One-sided error of this measure over all arms.
    pub alpha: f64,
    /// One-sided p-value of a loss beyond the margin.
    pub p_value: Option<f64>,
    /// The same after adjustment for the other intervention arms.
    pub adjusted_p_value: Option<f64>,
    /// Whether the loss is shown to be beyond the margin.
    pub crossed: bool,
    /// Why there is no p-value.
    pub not_estimable: Option<NotEstimable>,
}
