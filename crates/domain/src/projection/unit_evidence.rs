//! The people of a trial one by one, for the questions that counts and sums by group cannot answer.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    handling::UnitHandling,
    trial_projection::{Cell, TrialProjection, matures_at},
};
use crate::{Pseudonym, eligibility::Attributes};

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
    /// Whether the person is counted: their data were not taken out, they are not in the trial under another name too, and their site was
    /// not in transition.
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

impl TrialProjection {
    /// The people one by one, in the order in which they were taken in. `attributes` are those kept with the assignments; a
    /// person without any may be left out of it.
    #[must_use]
    pub fn unit_evidence(&self, as_of: DateTime<Utc>, attributes: &HashMap<Pseudonym, Attributes>) -> UnitEvidence {
        let mut who: Vec<Option<&Pseudonym>> = vec![None; self.units()];
        for (unit, number) in &self.numbers {
            if let Some(place) = who.get_mut(*number as usize) {
                *place = Some(unit);
            }
        }
        let outcomes = &self.plan.protocol().outcomes;
        // People mature by day, and there are far fewer cells than people.
        let over = |cell: &Cell| -> Vec<bool> {
            outcomes.iter().map(|o| matures_at(cell.day, self.zone(), o.follow_up_days) <= as_of).collect()
        };
        let mature: Vec<Vec<bool>> = self.cells.iter().map(over).collect();
        let one = |((number, (cell_of, handled)), unit): ((u32, (&u32, &UnitHandling)), Option<&Pseudonym>)| {
            let cell = self.cells.get(*cell_of as usize)?;
            let over = mature.get(*cell_of as usize)?.iter();
            let counted = !handled.is_left_out() && !cell.in_transition;
            let observed = outcomes.iter().zip(&self.columns).zip(over).map(|((outcome, column), over)| match over {
                false => Observed::TooEarly,
                // Whoever took their data out is there as a place that chance drew, without what became of them.
                true if handled.is_left_out() => Observed::Nothing,
                true => column.value(number, outcome).map_or(Observed::Nothing, Observed::Value),
            });
            Some(UnitRecord {
                arm: cell.arm.into(),
                group: cell.group as usize,
                attributes: unit.and_then(|unit| attributes.get(unit)).cloned().unwrap_or_default(),
                day: Some(cell.day),
                counted,
                given: self.given.get(&number).map(|arm| usize::from(*arm)),
                delivery: handled.delivery(),
                outcomes: observed.collect(),
            })
        };
        let numbered = (0_u32..).zip(self.cell_of.iter().zip(&self.handled)).zip(who);
        UnitEvidence { groups: self.groups.clone(), units: numbered.filter_map(one).collect() }
    }
}
