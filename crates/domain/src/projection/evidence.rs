//! What is known of a trial at a moment: counts and sums, never a person.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    alike::Alike,
    by_level::LevelCounts,
    handling::{ArmHandling, is_zero},
    held::{HarmCrossing, HeldLook},
    tally::Tally,
    unit_evidence::UnitEvidence,
};
use crate::{event::Declared, key::OutcomeKey};

/// People of one arm and one group (a stratum or a cluster; empty without either).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Position of the arm in the plan.
    pub arm: usize,
    /// Stratum or cluster; empty without either.
    pub group: String,
    /// People assigned.
    pub assigned: u64,
    /// People whose follow-up for this outcome is over and whose data may be used.
    pub mature: u64,
    /// People whose data may not be used: they took them out of the trial.
    #[serde(default)]
    pub set_aside: u64,
    /// Values of the mature people.
    pub tally: Tally,
}

/// One outcome's counts and sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeEvidence {
    /// Which outcome.
    pub outcome: OutcomeKey,
    /// By arm and group, in that order.
    pub cells: Vec<Cell>,
}

/// People of one site in one period of a stepped wedge, those who came during the site's transition among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodCell {
    /// Which period, from 0; see [`WedgeEvidence::starts`].
    pub period: usize,
    /// The site.
    pub site: String,
    /// People assigned.
    pub assigned: u64,
    /// People whose follow-up for this outcome is over.
    pub mature: u64,
    /// Values of the mature people.
    pub tally: Tally,
}

/// What a stepped wedge is analysed from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WedgeEvidence {
    /// People assigned while their site was in transition: they have the new version and are not counted.
    pub in_transition: u64,
    /// The first days of all periods but the one before the first step: every step, and every end of a transition. So no
    /// site changes within a period, in whatever order the sites cross.
    pub starts: Vec<NaiveDate>,
    /// Every site with the first day of its new version and the first day after its transition, as the calendar has it.
    pub crossings: Vec<(String, NaiveDate, NaiveDate)>,
    /// The outcomes in the plan's order, each by site and period.
    pub outcomes: Vec<Vec<PeriodCell>>,
}

/// People who entered one arm on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmDay {
    /// Day in the trial's zone.
    pub day: NaiveDate,
    /// Position of the arm in the plan.
    pub arm: usize,
    /// People assigned on that day.
    pub assigned: u64,
}

/// People of one day of assignment and one arm whose follow-up for the primary outcome is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTally {
    /// Day of assignment in the trial's zone.
    pub day: NaiveDate,
    /// Position of the arm in the plan.
    pub arm: usize,
    /// People whose data may be used.
    pub mature: u64,
    /// Their values of the primary outcome.
    pub tally: Tally,
}

/// One cluster's people by what was noted of their events: each person once in each number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterHandling {
    /// The cluster.
    pub cluster: String,
    /// Position of its arm in the plan.
    pub arm: usize,
    /// People assigned.
    pub assigned: u64,
    /// People of whom an event is dated before their assignment.
    pub early: u64,
    /// People of whom an event was refused at the door.
    pub refused: u64,
    /// People of whom an event was corrected or taken back.
    pub corrected: u64,
}

/// What became of the events of the trial's kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCounts {
    /// Within a person's follow-up. Those of people who took their data out are still counted here, and nowhere else.
    pub counted: u64,
    /// Happened before the person was assigned.
    pub before_assignment: u64,
    /// Happened after the person's follow-up was over.
    pub after_follow_up: u64,
    /// About nobody in this trial, or kept before they entered it.
    pub unassigned: u64,
    /// Of those before the assignment, the ones by ten minutes at most: a sender's clock may go behind.
    #[serde(default)]
    pub just_before: u64,
    /// Corrections of events about somebody in this trial. What a corrected event counts as stands above, once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub corrected: u64,
    /// Events about somebody in this trial that were taken back: they are counted nowhere above.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retracted: u64,
}

/// Whether the draws of a trial come out again as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replayed {
    /// Everybody has the version that chance gave them.
    Agrees {
        /// How many were drawn again.
        people: u64,
    },
    /// They do not; in a sentence, without a name or a code.
    Differs(String),
}

/// Everything that an analysis may look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The moment at which maturity was judged.
    pub as_of: DateTime<Utc>,
    /// Sequence number of the last event that is counted in.
    pub data_cut: i64,
    /// Whether this is all there will be: the trial's data are locked.
    pub locked: bool,
    /// Enrolment by day and arm.
    pub enrolment: Vec<ArmDay>,
    /// The outcomes, in the plan's order.
    pub outcomes: Vec<OutcomeEvidence>,
    /// The primary outcome by day of assignment and arm; empty before the data are locked, and where it is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_day: Vec<DayTally>,
    /// What became of the events.
    pub events: EventCounts,
    /// Requests that did not lead to an assignment, by reason.
    pub not_enrolled: Vec<(String, u64)>,
    /// The outcomes by site and period, where the plan is a stepped wedge; its people in transition are in no cell.
    #[serde(default)]
    pub wedge: Option<WedgeEvidence>,
    /// What became of each arm's people on the way, in the order of the arms; empty where nothing is known.
    #[serde(default)]
    pub handling: Vec<ArmHandling>,
    /// People of whom an event is dated before their assignment, by arm; empty where nothing is known of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub early_people: Vec<u64>,
    /// People with early, refused and corrected events by cluster, where whole clusters are assigned; empty where there is nobody to count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_cluster: Vec<ClusterHandling>,
    /// People by level of what is kept of them beside their group; empty where nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_level: Vec<LevelCounts>,
    /// What senders say they sent on days of the trial, with what was kept; empty where none says anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declared: Vec<Declared>,
    /// Whether the draws come out again; none before the data are locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Replayed>,
    /// The people one by one, where the plan asks what sums cannot answer and the arms may be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<UnitEvidence>,
    /// By outcome, the people added up by what the plan adjusts for: at a look, which needs no more of them. Empty where the plan
    /// adjusts for nothing but what the groups hold, and where the people are here one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<Vec<Alike>>,
    /// The looks that were held before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<HeldLook>,
    /// The harm boundaries that were crossed between looks, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crossings: Vec<HarmCrossing>,
}

impl Evidence {
    /// The outcomes at a moment and place in the log of events, with nothing known beside them.
    #[must_use]
    pub fn of(as_of: DateTime<Utc>, data_cut: i64, locked: bool, outcomes: Vec<OutcomeEvidence>) -> Self {
        Self {
            as_of,
            data_cut,
            locked,
            enrolment: Vec::new(),
            outcomes,
            by_day: Vec::new(),
            events: EventCounts::default(),
            not_enrolled: Vec::new(),
            wedge: None,
            handling: Vec::new(),
            early_people: Vec::new(),
            by_cluster: Vec::new(),
            by_level: Vec::new(),
            declared: Vec::new(),
            replayed: None,
            units: None,
            alike: Vec::new(),
            looks: Vec::new(),
            crossings: Vec::new(),
        }
    }

    /// People assigned, by arm.
    #[must_use]
    pub fn assigned(&self, arms: usize) -> Vec<u64> {
        let add = |sum: u64, day: &ArmDay| sum.saturating_add(day.assigned);
        (0..arms).map(|arm| self.enrolment.iter().filter(|day| day.arm == arm).fold(0, add)).collect()
    }
}

impl OutcomeEvidence {
    /// One arm's people and values over all groups: assigned, mature, and their tally.
    #[must_use]
    pub fn arm(&self, arm: usize) -> (u64, u64, Tally) {
        self.cells.iter().filter(|cell| cell.arm == arm).fold(
            (0, 0, Tally::default()),
            |(assigned, mature, mut tally), cell| {
                tally.merge(&cell.tally);
                (assigned.saturating_add(cell.assigned), mature.saturating_add(cell.mature), tally)
            },
        )
    }
}
