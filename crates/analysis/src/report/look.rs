//! The looks as they stand in a report, and what may be said after looks.

use chrono::{DateTime, Utc};
use fairtrial_domain::{ArmKey, Decimal, OutcomeKey};
use fairtrial_stats::Guarantee;
use serde::{Deserialize, Serialize};

use super::{HarmFinding, NotEstimable};
use crate::monitor::LookDecision;

/// One planned look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookReport {
    /// Number of the look, from 1.
    pub look: usize,
    /// Planned share of the information.
    pub fraction: Decimal,
    /// What became of it.
    pub status: LookStatus,
    /// A sentence.
    pub detail: String,
    /// What was found at it, where looks were held before the lock of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<LookHeld>,
}

/// What became of a planned look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookStatus {
    /// Not held; no error was spent on it.
    NotHeld,
    /// Still to come.
    Planned,
    /// Held.
    Held,
}

/// A look that was held: its boundaries, what stood beside them, and what it decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookHeld {
    /// Number of the look, from 1.
    pub look: usize,
    /// When it was held, which is the moment at which maturity was judged.
    pub held_at: DateTime<Utc>,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// Whether it was held noticeably later than it was due.
    pub late: bool,
    /// Sequence number of the last event counted in.
    pub data_cut: i64,
    /// Units followed up in full for the primary outcome.
    pub followed_up: u64,
    /// Their share of the planned units: the information on which error was spent.
    pub information: f64,
    /// One-sided error that all looks up to this one may have spent.
    pub alpha_spent: f64,
    /// Success at or below this one-sided p-value of the rule.
    pub efficacy_p: f64,
    /// The same as a score; absent where no score is enough.
    pub efficacy_z: Option<f64>,
    /// Giving up at or below this score of the primary outcome; absent where there is no such boundary.
    pub futility_z: Option<f64>,
    /// For each harm measure the one-sided p-value at or below which it stops.
    pub harm_bounds: Vec<HarmBound>,
    /// The new versions beside the boundaries for success and for giving up.
    pub arms: Vec<LookArm>,
    /// The harm measures beside theirs.
    pub harms: Vec<HarmFinding>,
    /// What it decided.
    pub decision: LookDecision,
    /// The arm that the decision speaks of: the one to adopt, or the harmful one.
    pub arm: Option<ArmKey>,
}

/// The boundary of one harm measure at a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HarmBound {
    /// The harm measure.
    pub outcome: OutcomeKey,
    /// Harmful at or below this one-sided p-value.
    pub p_value: f64,
}

/// One new version at a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookArm {
    /// Which arm.
    pub arm: ArmKey,
    /// One-sided p-value of the whole rule, after adjustment for the other new versions.
    pub p_value: Option<f64>,
    /// Score of the primary outcome: that of its one-sided p-value.
    pub z: Option<f64>,
}

/// What may be said of the primary outcome after looks, with the looks taken into account.
///
/// The ordinary estimate and interval of a trial that may stop early err: whoever stops when things look best finds them too
/// good. These are in stage-wise order, as of the look that ended the trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AfterLooks {
    /// The look that ended the trial, from 1.
    pub look: usize,
    /// The primary outcome.
    pub outcome: OutcomeKey,
    /// The new versions in the plan's order.
    pub arms: Vec<ArmAfterLooks>,
}

/// One new version after looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmAfterLooks {
    /// Which arm.
    pub arm: ArmKey,
    /// One-sided p-value of the claim about the primary outcome.
    pub p_value: Option<f64>,
    /// Median-unbiased estimate of the difference, in the outcome's unit.
    pub estimate: Option<f64>,
    /// Lower end of the interval of the difference.
    pub lower: Option<f64>,
    /// Upper end of it.
    pub upper: Option<f64>,
    /// Level of the interval.
    pub level: f64,
    /// The field's name of the method.
    pub method: Option<String>,
    /// On what its error rate rests.
    pub guarantee: Option<Guarantee>,
    /// Why numbers are absent.
    pub not_estimable: Option<NotEstimable>,
}
