//! The people of a trial one by one, for the questions that counts and sums by group cannot answer.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::eligibility::Attributes;

/// Everybody who was assigned, in the order of the assignments, without a name or a code.
///
/// The order and the groups are what the allocator saw, so that its draws can be made again. It never leaves the analysis: a
/// report holds numbers over many people only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitEvidence {
    /// Strata, clusters or sites; the empty one without any.
    pub groups: Vec<String>,
    /// The people.
    pub units: Vec<UnitRecord>,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRecord {
    /// Position of the arm in the plan.
    pub arm: usize,
    /// Position of the group.
    pub group: usize,
    /// The attributes that were kept; one that was not said is absent.
    pub attributes: Attributes,
    /// The day of the assignment in the trial's zone; absent when it is not known.
    pub day: Option<NaiveDate>,
    /// Whether the person is counted: their data were not taken out, and their site was not in transition.
    pub counted: bool,
    /// The arm that was given instead, for the person's good.
    pub given: Option<usize>,
    /// How far the version came.
    pub delivery: Delivery,
    /// What became of them, by outcome in the plan's order.
    pub outcomes: Vec<Observed>,
}

/// How far a version came to a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It came to the person.
    Delivered,
    /// The person took it in.
    Seen,
}

/// One person's outcome at the moment of the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// The follow-up is not over.
    TooEarly,
    /// The follow-up is over and nothing was recorded: no, zero, or missing, as the plan has it.
    Nothing,
    /// The value in steps.
    Value(i64),
}

impl UnitEvidence {
    /// The group of a person.
    #[must_use]
    pub fn group_of(&self, unit: &UnitRecord) -> &str {
        self.groups.get(unit.group).map_or("", String::as_str)
    }
}
