//! The parts of the report around the comparisons: flow, looks, equity, cost.

use fairtrial_domain::{ArmKey, Decimal, OutcomeKey, projection::ArmHandling, protocol::GotIt};
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

/// Whether one declared group is left worse off by one arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EquityReport {
    /// The attribute whose values are the groups.
    pub attribute: String,
    /// The group; absent when the evidence does not hold the attribute.
    pub group: Option<String>,
    /// The declared groups that it was put together from, because they are too small alone; empty for one that stands alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<String>,
    /// The outcome compared.
    pub outcome: OutcomeKey,
    /// The answer.
    pub finding: EquityFinding,
    /// Largest loss that is still acceptable.
    pub margin: Decimal,
    /// The difference in this group.
    pub comparison: Option<Comparison>,
    /// The same seen together with the other groups, where there are three at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunken: Option<Shrunken>,
    /// About how many more people of the group would be needed to rule a loss out, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_units_needed: Option<u64>,
    /// Why there is no answer.
    pub not_estimable: Option<NotEstimable>,
}

/// A group's difference drawn towards that of all groups, the more so the less is known of the group (empirical Bayes).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shrunken {
    /// The difference.
    pub estimate: f64,
    /// Lower end of its interval; with few groups somewhat too narrow.
    pub lower: Option<f64>,
    /// Upper end of it.
    pub upper: Option<f64>,
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
    /// The currency, where the plan names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The arms in the plan's order.
    pub arms: Vec<ArmCost>,
    /// Every intervention arm against the control.
    pub comparisons: Vec<CostComparison>,
    /// What was paid to know: running the trial, making the new versions, and what they cost more for those who had them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning: Option<f64>,
    /// What a year of the new version would have cost more than today; only for one that failed or did harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avoided: Option<f64>,
}

/// What one arm cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmCost {
    /// Which arm.
    pub arm: ArmKey,
    /// What one delivery costs; absent when the plan does not say.
    pub unit_cost: Option<Decimal>,
    /// Staff time of one delivery, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_minutes: Option<Decimal>,
    /// What it costs once to introduce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_cost: Option<Decimal>,
    /// Delivery and staff time of one unit together; absent when the plan does not say.
    #[serde(default)]
    pub each: Option<f64>,
    /// Units assigned.
    pub assigned: u64,
    /// That times units.
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
    /// Lower end of its interval (Fieller's, with known costs).
    pub lower: Option<f64>,
    /// Upper end of its interval; absent where the data also fit no gain.
    pub upper: Option<f64>,
    /// What a year of it would cost and bring, where the plan says how many units a year has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yearly: Option<YearlyCost>,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}

/// A year of one version for everybody, beside a year of the control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct YearlyCost {
    /// Units in a year.
    pub units: u64,
    /// Extra cost; negative when it saves.
    pub extra: f64,
    /// What it costs once to introduce, as planned.
    pub to_introduce: Option<Decimal>,
    /// Extra good of the primary outcome: for a binary one, people.
    pub gain: Option<f64>,
    /// Lower end of its interval.
    pub gain_lower: Option<f64>,
    /// Upper end of its interval.
    pub gain_upper: Option<f64>,
}

/// Randomisation inference for one arm: the allocation drawn again by the trial's own allocator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RedrawReport {
    /// The intervention arm.
    pub arm: ArmKey,
    /// The control arm.
    pub control: ArmKey,
    /// The outcome compared.
    pub outcome: OutcomeKey,
    /// How many times the allocation was drawn again.
    pub redraws: u32,
    /// What the draws begin with, in hexadecimal: from the protocol id and the people, so that anybody gets the same.
    pub seed: Option<String>,
    /// The observed difference over its standard error.
    pub statistic: Option<f64>,
    /// Two-sided: the share of draws, the true one among them, with a difference at least as far from none.
    pub p_value: Option<f64>,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}

/// The effect of one version on those who got it because they were assigned to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GotItReport {
    /// The intervention arm.
    pub arm: ArmKey,
    /// The control arm.
    pub control: ArmKey,
    /// The outcome compared.
    pub outcome: OutcomeKey,
    /// What counts as having got the version.
    pub what: GotIt,
    /// Share of the people assigned to the new version who got it.
    pub share: Option<f64>,
    /// Share of the control arm's people who got the new version.
    pub share_in_control: Option<f64>,
    /// Effect in the outcome's unit on those who got it because they were assigned to it.
    pub estimate: Option<f64>,
    /// Lower end of its interval.
    pub lower: Option<f64>,
    /// Upper end of its interval.
    pub upper: Option<f64>,
    /// Level of the interval.
    pub level: f64,
    /// The field's name of the method.
    pub method: String,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}

/// What the arms were like before the start in one thing: the mean of a number, or the share of people with one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineRow {
    /// Which attribute.
    pub attribute: String,
    /// Which of its values; none for the mean of a number.
    pub level: Option<String>,
    /// The arms, in the plan's order.
    pub arms: Vec<BaselineArm>,
}

/// One arm's people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineArm {
    /// Which arm.
    pub arm: ArmKey,
    /// People of whom it is known.
    pub known: u64,
    /// Mean, or share of those with the value.
    pub mean: Option<f64>,
    /// How far that is from the control arm's, in standard deviations of single people (the root of the average of the two
    /// variances); absent for the control arm and where nothing varies.
    pub standardised_difference: Option<f64>,
}
