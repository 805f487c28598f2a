//! What is measured.

use serde::{Deserialize, Serialize};

use crate::{Decimal, key::OutcomeKey};

/// What an outcome is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The one outcome that the trial is planned on.
    Primary,
    /// Named before the start; does not decide alone.
    Secondary,
    /// Must not get worse by more than its margin.
    Guardrail,
    /// Watched for stopping.
    Harm,
}

/// Which direction is good for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Increase,
    /// Less is better.
    Decrease,
}

/// What happens by itself when a harm measure crosses its boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// People responsible are told.
    Notify,
    /// No new people enter.
    Pause,
    /// Everybody gets the current version.
    Suspend,
}

/// How closely a harm measure is watched beside the planned looks.
///
/// Whoever watches more often spends half of the measure's error on it; the other half is for the looks and the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HarmWatch {
    /// At the planned looks only.
    Looks,
    /// Whenever somebody is harmed, by whose arm it was.
    EveryEvent,
    /// Every day, among those whose follow-up is over.
    Daily,
}

/// How events become one value per unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// Whether it happened within the follow-up.
    Binary,
    /// How often it happened within the follow-up.
    Count,
    /// The sum of the values within the follow-up, in the outcome's unit.
    Amount,
    /// The value of the first event, or the seconds from assignment to it when events carry no value.
    Duration,
    /// The value of the first event, on the declared scale.
    Rating,
}

impl OutcomeKind {
    /// Whether a unit without any event has a value (no, or zero) rather than a missing one.
    #[must_use]
    pub fn absence_is_a_value(self) -> bool {
        matches!(self, Self::Binary | Self::Count | Self::Amount)
    }
}

/// One outcome as planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its name in documents.
    pub key: OutcomeKey,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Kind of event that feeds it.
    pub event: String,
    /// How events become a value.
    pub kind: OutcomeKind,
    /// Which direction is good.
    pub better: Better,
    /// Days after assignment during which events count.
    pub follow_up_days: u32,
    /// Smallest change that would alter the decision, in the outcome's unit (0.03 is 3 in 100 for a binary outcome).
    pub smallest_worthwhile_effect: Option<Decimal>,
    /// What is expected under the current version, for planning.
    pub expected_control: Option<Decimal>,
    /// How much single units are expected to vary: the standard deviation in the outcome's unit, for planning.
    pub standard_deviation: Option<Decimal>,
    /// Largest loss that is still acceptable, in the outcome's unit.
    pub margin: Option<Decimal>,
    /// Why a loss of that size is acceptable.
    pub margin_reason: Option<String>,
    /// What a crossed harm boundary does.
    pub action: Option<Action>,
    /// One-sided error that the harm boundary may spend in all.
    pub harm_alpha: Option<Decimal>,
    /// How closely it is watched beside the planned looks.
    pub harm_watch: HarmWatch,
    /// Values are whole multiples of this.
    pub step: Decimal,
    /// A unit's value counts at most this much.
    pub cap: Option<Decimal>,
    /// Smallest single value that an event may carry.
    pub minimum: Option<Decimal>,
    /// Largest single value that an event may carry.
    pub maximum: Option<Decimal>,
}

impl Outcome {
    /// The cap in steps.
    #[must_use]
    pub fn cap_in_steps(&self) -> Option<i64> {
        self.cap.and_then(|cap| cap.in_steps_of(self.step))
    }
}
