//! One outcome in the report.

use fairtrial_domain::{
    ArmKey, Decimal, OutcomeKey,
    protocol::{Better, OutcomeKind, Role},
};
use fairtrial_stats::Guarantee;
use serde::{Deserialize, Serialize};

use super::NotEstimable;

/// One outcome: its counts by arm and its comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeReport {
    /// Which outcome.
    pub outcome: OutcomeKey,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// How events become a value.
    pub kind: OutcomeKind,
    /// Which direction is good.
    pub better: Better,
    /// Days after assignment during which events count.
    pub follow_up_days: u32,
    /// Smallest change that would alter the decision, in the outcome's unit.
    pub smallest_worthwhile_effect: Option<Decimal>,
    /// Largest loss that is still acceptable, in the outcome's unit.
    pub margin: Option<Decimal>,
    /// The arms in the plan's order.
    pub arms: Vec<ArmOutcome>,
    /// Every intervention arm against the control, difference before ratio; empty before the data are locked.
    pub comparisons: Vec<Comparison>,
    /// The differences without adjustment, beside adjusted ones; empty where nothing is adjusted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unadjusted: Vec<Comparison>,
    /// Of the primary outcome of a trial with several intervention arms, differences whose intervals hold all together; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<RangeTogether>,
    /// What missing outcomes could hide, by intervention arm; empty where nobody's outcome is lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_bounds: Vec<MissingBounds>,
}

/// One arm's values of one outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmOutcome {
    /// Which arm.
    pub arm: ArmKey,
    /// Units assigned.
    pub assigned: u64,
    /// Units with a value, followed up in full.
    pub analysed: u64,
    /// Units whose follow-up is not over.
    pub not_yet_mature: u64,
    /// Units followed up in full without a value.
    pub missing: u64,
    /// Clusters with a value, where whole clusters are assigned.
    pub clusters: Option<u64>,
    /// Units for which it happened; only for a binary outcome with locked data.
    pub events: Option<u64>,
    /// Mean in the outcome's unit (the share of units for a binary outcome); of the clusters' means, where whole clusters
    /// are assigned. Absent before the data are locked.
    pub mean: Option<f64>,
    /// Standard deviation in the outcome's unit, under the same conditions.
    pub standard_deviation: Option<f64>,
    /// Lower end of the interval for the share (Wilson), for a binary outcome of individually assigned units.
    pub lower: Option<f64>,
    /// Upper end of it.
    pub upper: Option<f64>,
    /// Level of that interval.
    pub level: f64,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}

/// By what two arms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Intervention minus control, in the outcome's unit.
    Difference,
    /// Intervention divided by control.
    Ratio,
}

/// One intervention arm against the control by one measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The intervention arm.
    pub arm: ArmKey,
    /// The control arm.
    pub control: ArmKey,
    /// By what.
    pub measure: Measure,
    /// Point estimate.
    pub estimate: Option<f64>,
    /// Lower end of the interval; absent when unbounded.
    pub lower: Option<f64>,
    /// Upper end of the interval; absent when unbounded.
    pub upper: Option<f64>,
    /// Level of the interval: 1 minus twice the plan's one-sided error.
    pub level: f64,
    /// Two-sided p-value of no difference; half of it is the one-sided p-value in the direction seen.
    pub p_value: Option<f64>,
    /// The field's name of the method.
    pub method: Option<String>,
    /// On what its error rate rests.
    pub guarantee: Option<Guarantee>,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}

/// The interval of one intervention arm's difference that holds together with those of the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RangeTogether {
    /// The intervention arm.
    pub arm: ArmKey,
    /// Lower end; absent when unbounded.
    pub lower: Option<f64>,
    /// Upper end; absent when unbounded.
    pub upper: Option<f64>,
    /// Level at which the intervals of all intervention arms hold.
    pub level: f64,
    /// How the end on the good side comes about; absent after looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<EndTogether>,
    /// Level of the two-sided interval by itself of which the other end is taken; absent after looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_level: Option<f64>,
    /// The field's name of the method, and how the arms share the error.
    pub method: Option<String>,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}

/// The end of a range on the side where less good differences lie, as a gain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EndTogether {
    /// Level of the two-sided interval by itself of which it is taken; absent where the limit of the claim is the end.
    pub level: Option<f64>,
    /// Not below this: the claim is shown.
    pub at_least: Option<f64>,
    /// Not above this: the claim is not shown.
    pub at_most: Option<f64>,
}

/// What missing outcomes could hide of one difference. Nothing here changes the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissingBounds {
    /// The intervention arm.
    pub arm: ArmKey,
    /// The control arm.
    pub control: ArmKey,
    /// People of the intervention arm whose outcome is lost.
    pub lost: u64,
    /// People of the control arm whose outcome is lost.
    pub lost_in_control: u64,
    /// The difference if every lost outcome were as bad for the comparison as the scale allows; absent without a scale.
    pub smallest: Option<f64>,
    /// The difference if every one were as good.
    pub largest: Option<f64>,
    /// Lower end of the interval for the difference, whatever the lost outcomes are (Imbens and Manski).
    pub lower: Option<f64>,
    /// Upper end of it.
    pub upper: Option<f64>,
    /// Level of that interval.
    pub level: f64,
    /// Smallest difference among people whose outcome is seen with either version (Lee); absent where it is not worked out.
    pub smallest_where_seen: Option<f64>,
    /// Largest difference among them.
    pub largest_where_seen: Option<f64>,
    /// By how much the lost people of the intervention arm would have to differ from those seen, on average, so that "no
    /// difference" is no longer excluded; negative is worse. Absent where it is not excluded anyhow.
    pub tipping_shift: Option<f64>,
    /// Whether people that different can exist on the outcome's scale.
    pub tips_within_limits: Option<bool>,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}
