//! The report: everything that a reader may see of a trial, as numbers with names.
//!
//! **Architecture invariant:** every number is finite. A number that the data do not determine is absent (`null` in
//! JSON), and a [`NotEstimable`] beside it says why.

mod course;
mod decision;
mod look;
mod outcome;
mod rest;

pub use course::{CourseArm, CoursePoint, CourseReport};
pub use decision::{ArmDecision, ClaimFinding, ClaimStatus, Decision, HarmFinding};
pub use look::{AfterLooks, ArmAfterLooks, HarmBound, LookArm, LookHeld, LookReport, LookStatus};
pub use outcome::{ArmOutcome, Comparison, EndTogether, Measure, MissingBounds, OutcomeReport, RangeTogether};
pub use rest::{
    ArmCost, BaselineArm, BaselineRow, CostComparison, CostReport, EquityFinding, EquityReport, Flow, FlowArm,
    GotItReport, NotEnrolled, RedrawReport, Shrunken, YearlyCost,
};

use chrono::{DateTime, Utc};
use fairtrial_domain::{ArmKey, ProtocolId, TrialKey, protocol::Aim};
use fairtrial_stats::StatError;
use serde::{Deserialize, Serialize};

/// The whole report of one trial at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Which trial.
    pub trial: TrialKey,
    /// Its question for people.
    pub title: String,
    /// Which plan, to the byte.
    pub protocol_id: ProtocolId,
    /// The moment at which maturity was judged.
    pub as_of: DateTime<Utc>,
    /// Sequence number of the last event counted in.
    pub data_cut: i64,
    /// Name and version of the program that computed this.
    pub engine: String,
    /// Whether the data are locked. Before that only counts are shown, never a comparison of the arms.
    pub locked: bool,
    /// Better, or not worse and cheaper or kinder.
    pub aim: Aim,
    /// What is counted: person, household, application.
    pub unit: String,
    /// What the evidence says.
    pub verdict: Verdict,
    /// Whether the data can be read at all.
    pub integrity: Vec<Gate>,
    /// The arms, counted on the primary outcome.
    pub arms: Vec<ArmReport>,
    /// The outcomes in the plan's order.
    pub outcomes: Vec<OutcomeReport>,
    /// What the decision rule asked and found.
    pub decision: Decision,
    /// What the arms were like before the start, where people are at hand one by one; empty before the data are locked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline: Vec<BaselineRow>,
    /// From request to analysis.
    pub flow: Flow,
    /// Planned looks and what became of them.
    pub looks: Vec<LookReport>,
    /// What may be said of the primary outcome with the looks taken into account; absent where none was held before the lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_looks: Option<AfterLooks>,
    /// How the answer came together; absent before the data are locked, and where it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<CourseReport>,
    /// Whether a declared group is left worse off.
    pub equity: Vec<EquityReport>,
    /// What the versions cost.
    pub cost: CostReport,
    /// The allocation drawn again, where the plan asks for it; empty before the data are locked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redrawn: Vec<RedrawReport>,
    /// The effect on those who got it, where the plan asks for it; empty before the data are locked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub got_it: Vec<GotItReport>,
    /// Where this report does otherwise than the plan says, and why.
    pub departures: Vec<Reason>,
}

/// What the evidence says, and what the rule recommends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The word.
    pub kind: VerdictKind,
    /// What the rule recommends, in the words of the screen.
    pub action: String,
    /// One or two sentences for everybody.
    pub headline: String,
    /// Why, the deciding reason first.
    pub reasons: Vec<Reason>,
    /// About how many more units would settle it, where the data allow that to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_units_needed: Option<u64>,
    /// The arm that the verdict speaks of: the one to adopt, or the harmful one.
    pub arm: Option<ArmKey>,
}

/// The five things that a trial can have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// The decision rule holds.
    Succeeded,
    /// It does not do enough: an effect worth having can be ruled out, or a guardrail is shown to be worse.
    Failed,
    /// A harm measure is worse than its margin.
    Harmful,
    /// The data fit both.
    Undecided,
    /// The data cannot be read.
    Invalid,
}

impl VerdictKind {
    /// The word on screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Harmful => "Harmful",
            Self::Undecided => "Undecided",
            Self::Invalid => "Invalid",
        }
    }

    /// What the rule recommends after this verdict.
    #[must_use]
    pub fn action(self) -> &'static str {
        match self {
            Self::Succeeded => "Adopt",
            Self::Failed => "Keep current: it does not do enough",
            Self::Harmful => "Stop: harm",
            Self::Undecided => "Not enough information",
            Self::Invalid => "Invalid",
        }
    }
}

/// A reason with a stable code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code.
    pub code: String,
    /// A sentence.
    pub detail: String,
}

impl Reason {
    /// A reason.
    #[must_use]
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into() }
    }
}

/// Why a number is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotEstimable {
    /// Stable code: those of the statistics crate, and `unbounded`, `contradictory_data`, `not_recorded`.
    pub code: String,
    /// A sentence.
    pub detail: String,
}

impl NotEstimable {
    /// A reason.
    #[must_use]
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into() }
    }
}

impl From<&StatError> for NotEstimable {
    fn from(error: &StatError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// One check of the data's integrity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Stable name of the check.
    pub gate: String,
    /// How it came out.
    pub status: GateStatus,
    /// What was found, in a sentence.
    pub detail: String,
    /// p-value, where the check is a test.
    pub p_value: Option<f64>,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateStatus {
    /// Nothing found.
    Green,
    /// Must be explained.
    Amber,
    /// The trial cannot be read.
    Red,
}

/// One arm, counted on the primary outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmReport {
    /// Which arm.
    pub arm: ArmKey,
    /// Its name for people.
    pub name: String,
    /// Whether it is what happens today.
    pub control: bool,
    /// Its planned share.
    pub ratio: u32,
    /// Units assigned.
    pub assigned: u64,
    /// Units with a value, followed up in full.
    pub analysed: u64,
    /// Units whose follow-up is not over; counted in no comparison.
    pub not_yet_mature: u64,
    /// Units without a value: followed up in full, or with data that the person took out.
    pub missing: u64,
}
