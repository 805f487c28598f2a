//! How the answer came together.

use chrono::NaiveDate;
use fairtrial_domain::{ArmKey, OutcomeKey};
use serde::{Deserialize, Serialize};

/// A yes-or-no primary outcome over the days on which people came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseReport {
    /// The primary outcome.
    pub outcome: OutcomeKey,
    /// In the order of time; the last holds everybody.
    pub points: Vec<CoursePoint>,
}

/// All who had come in until the end of a day, in the trial's time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoursePoint {
    /// The day.
    pub until: NaiveDate,
    /// The arms in the plan's order.
    pub arms: Vec<CourseArm>,
}

/// One arm's people until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseArm {
    /// Which arm.
    pub arm: ArmKey,
    /// People with a value, followed up in full.
    pub analysed: u64,
    /// People for whom it happened, within their own follow-up.
    pub events: u64,
}
