//! The parts of the report around the comparisons: flow, looks, equity, cost.

use fairtrial_domain::{ArmKey, Decimal, OutcomeKey, projection::ArmHandling};
use serde::{Deserialize, Serialize};

use super::{Comparison, NotEstimable};

/// From request to analysis, as CONSORT asks: every request stands in exactly one leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Requests for an assignment that are known: enrolled or not.
    pub requests: u64,
    /// Requests that did not lead to an assignment, by reason.
    pub not_enrolled: Vec<NotEnrolled>,
    /// Units assigned whose arm is compared.
    pub assigned: u64,
    /// Units assigned while their site of a stepped wedge was in transition: they have the new version and are in no arm.
    #[serde(default, skip_serializing_if = "nobody")]
    pub in_transition: u64,
    /// What became of them, by arm, on the primary outcome.
    pub arms: Vec<FlowArm>,
}

fn nobody(people: &u64) -> bool {
    *people == 0
}

/// Requests turned away for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotEnrolled {
    /// Stable code of the reason.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// One arm's way. `assigned = not_yet_mature + missing + analysed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowArm {
    /// Which arm.
    pub arm: ArmKey,
    /// Its name for people.
    pub name: String,
    /// Units assigned.
    pub assigned: u64,
    /// Clusters assigned, where whole clusters are.
    pub clusters: Option<u64>,
    /// Units whose follow-up is not over.
    pub not_yet_mature: u64,
    /// Units without a value: followed up in full, or with data that the person took out.
    pub missing: u64,
    /// Units with a value.
    pub analysed: u64,
    /// What became of them on the way; absent where nothing is known of it. Those whose data were taken out stand in
    /// `missing` too; the other numbers cut across the leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<ArmHandling>,
}

/// One planned look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookReport {
    /// Number of the look, from 1.
    pub look: usize,
    /// Planned share of the information.
    pub fraction: Decimal,
    /// What became of it.
    pub status: LookStatus,
    /// A sentence.
    pub detail: String,
}

/// What became of a planned look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookStatus {
    /// Not held; no error was spent on it.
    NotHeld,
    /// Still to come.
    Planned,
    /// The final look, held at the lock of the data.
    Held,
}

/// Whether one declared group is left worse off by one arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EquityReport {
    /// The attribute whose values are the groups.
    pub attribute: String,
    /// The group; absent when the evidence does not hold the attribute.
    pub group: Option<String>,
    /// The outcome compared.
    pub outcome: OutcomeKey,
    /// The answer.
    pub finding: EquityFinding,
    /// Largest loss that is still acceptable.
    pub margin: Decimal,
    /// The difference in this group.
    pub comparison: Option<Comparison>,
    /// Why there is no answer.
    pub not_estimable: Option<NotEstimable>,
}

/// The three answers of the equity check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EquityFinding {
    /// A loss beyond the margin is excluded.
    NoneSeen,
    /// A loss beyond the margin fits the data.
    CannotRuleOut,
    /// A loss beyond the margin is shown.
    Seen,
}

/// What the versions cost, in the currency of the plan's unit costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostReport {
    /// The arms in the plan's order.
    pub arms: Vec<ArmCost>,
    /// Every intervention arm against the control.
    pub comparisons: Vec<CostComparison>,
}

/// What one arm cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmCost {
    /// Which arm.
    pub arm: ArmKey,
    /// What one delivery costs; absent when the plan does not say.
    pub unit_cost: Option<Decimal>,
    /// Units assigned.
    pub assigned: u64,
    /// Unit cost times units.
    pub total: Option<f64>,
}

/// The cost of one arm beside the control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostComparison {
    /// The intervention arm.
    pub arm: ArmKey,
    /// The control arm.
    pub control: ArmKey,
    /// Extra cost per unit; negative when the intervention is cheaper.
    pub extra_per_unit: Option<f64>,
    /// Extra cost for each extra unit of good in the primary outcome (each extra person, for a binary one).
    pub per_extra_outcome: Option<f64>,
    /// Lower end of its interval, from the interval of the difference.
    pub lower: Option<f64>,
    /// Upper end of its interval.
    pub upper: Option<f64>,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}
