//! The gates between a request and a draw, in a fixed order.

use serde_json::{Map, Value};

use super::state::{State, words};
use crate::{
    Fault,
    allocation::label_of,
    eligibility::{Attribute, AttributeValue, Attributes},
    protocol::Protocol,
};

words!(
    /// What became of a request for an assignment.
    AssignmentOutcome {
        /// New in the trial.
        Assigned = "assigned",
        /// In the trial already; the same version as before.
        Existing = "existing",
        /// The plan does not include this unit.
        NotEligible = "not_eligible",
        /// The person does not want to be in trials.
        OptedOut = "opted_out",
        /// The trial has not begun.
        NotStarted = "not_started",
        /// Nobody new enters for now.
        EnrolmentPaused = "enrolment_paused",
        /// Everybody gets the current version for now.
        Suspended = "suspended",
        /// The trial is over.
        Ended = "ended",
        /// The most people that the plan allows are in.
        CapReached = "cap_reached",
        /// The unit is in another trial that must not overlap.
        ExcludedByOtherTrial = "excluded_by_other_trial",
        /// The unit has met as many trials as one person may.
        BurdenCap = "burden_cap",
    }
);

impl AssignmentOutcome {
    /// Whether the unit is in the trial.
    #[must_use]
    pub fn is_enrolled(self) -> bool {
        matches!(self, Self::Assigned | Self::Existing)
    }

    /// What it means, in plain words.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Assigned => "the person is new in the trial",
            Self::Existing => "the person is in the trial already",
            Self::NotEligible => "the plan does not include this person",
            Self::OptedOut => "the person does not want to be in the trial, and gets the usual service",
            Self::NotStarted => "the trial has not started",
            Self::EnrolmentPaused => "nobody new enters the trial for now",
            Self::Suspended => "the trial is suspended; everybody gets the current version",
            Self::Ended => "the trial is over",
            Self::CapReached => "the trial holds the most people that its plan allows",
            Self::ExcludedByOtherTrial => "the person is in another trial that must not overlap with this one",
            Self::BurdenCap => "the person has met as many trials as one person may in this time",
        }
    }
}

/// Why somebody is not enrolled: the outcome, and a sentence in plain words.
pub type Refusal = (AssignmentOutcome, String);

words!(
    /// The gates between a request and a draw, in their order. Somebody meets a gate only after passing those before it.
    Gate {
        /// Does the trial take people in?
        State = "state",
        /// Does the person want to be in trials?
        OptOut = "opt_out",
        /// Does the plan include them?
        Eligibility = "eligibility",
        /// Have they met as many trials as one person may?
        BurdenCap = "burden_cap",
        /// Are they in another trial of the layer?
        Layer = "layer",
        /// Is there room?
        EnrolmentCap = "enrolment_cap",
    }
);

/// What is known of a unit beside its attributes when it comes to the gates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the last day on which somebody enters by the plan is over.
    pub past_end: bool,
    /// Whether an opt-out covers the trial.
    pub opted_out: bool,
    /// Whether the unit has met as many trials as the agency lets one person meet.
    pub at_burden_cap: bool,
    /// Whether the unit is in another trial of the same layer.
    pub in_layer: bool,
    /// Whether the trial holds as many people as its plan allows.
    pub full: bool,
}

/// Whether a new unit may be drawn: the first gate that does not let it pass, in the order of [`Gate`].
///
/// The last three gates are passed again where the draw is stored, in the same transaction, so that a race opens none.
///
/// # Errors
/// Why not, with a sentence in plain words.
pub fn before_draw(state: State, standing: Standing, protocol: &Protocol, unit: &Attributes) -> Result<(), Refusal> {
    Gate::ALL.iter().try_for_each(|gate| gate.pass(state, standing, protocol, unit))
}

/// What somebody is told who comes too late.
const PAST_END: &str = "the last day on which somebody enters by the plan is over";

impl Gate {
    /// Whether this gate, by itself, lets a unit pass.
    ///
    /// # Errors
    /// Why not.
    pub fn pass(self, state: State, standing: Standing, protocol: &Protocol, unit: &Attributes) -> Result<(), Refusal> {
        let refuse_if = |closed: bool, outcome: AssignmentOutcome| {
            if closed { Err((outcome, outcome.sentence().to_owned())) } else { Ok(()) }
        };
        match self {
            Self::State => by_state(state).and_then(|()| match standing.past_end {
                true => Err((AssignmentOutcome::Ended, PAST_END.to_owned())),
                false => Ok(()),
            }),
            Self::OptOut => refuse_if(standing.opted_out, AssignmentOutcome::OptedOut),
            Self::Eligibility => {
                protocol.eligibility.check(unit).map_err(|reason| (AssignmentOutcome::NotEligible, reason))
            }
            Self::BurdenCap => refuse_if(standing.at_burden_cap, AssignmentOutcome::BurdenCap),
            Self::Layer => refuse_if(standing.in_layer, AssignmentOutcome::ExcludedByOtherTrial),
            Self::EnrolmentCap => refuse_if(standing.full, AssignmentOutcome::CapReached),
        }
    }
}

fn by_state(state: State) -> Result<(), Refusal> {
    let outcome = match state {
        State::Enrolling => return Ok(()),
        State::Draft | State::InReview | State::Approved => AssignmentOutcome::NotStarted,
        State::EnrolmentPaused => AssignmentOutcome::EnrolmentPaused,
        State::Suspended => AssignmentOutcome::Suspended,
        State::FollowUp
        | State::DataLocked
        | State::Reported
        | State::Decided
        | State::Archived
        | State::Withdrawn
        | State::Refused => AssignmentOutcome::Ended,
    };
    Err((outcome, outcome.sentence().to_owned()))
}

/// The group a unit is drawn in: its stratum, its levels, its cluster or its site; empty without any.
///
/// # Errors
/// A fault where the request lacks what the plan draws by, or names a cluster that is not on the roster: never a silent
/// draw by itself.
pub fn group_of(protocol: &Protocol, cluster: Option<&str>, unit: &Attributes) -> Result<String, Fault> {
    let allocation = &protocol.allocation;
    match (allocation.is_by_cluster(), cluster) {
        (true, None) => {
            let detail = "this trial assigns whole clusters: send the cluster the unit belongs to";
            Err(Fault::new("/cluster", "missing_cluster", detail))
        }
        (true, Some(cluster)) if allocation.roster().iter().any(|key| key.as_str() == cluster) => {
            Ok(cluster.to_owned())
        }
        (true, Some(_)) => Err(Fault::new("/cluster", "unknown_cluster", "this cluster is not on the trial's roster")),
        (false, Some(_)) => Err(Fault::new(
            "/cluster",
            "unexpected_cluster",
            "this trial does not assign clusters; leave the cluster out",
        )),
        (false, None) => {
            let levels: Result<Vec<String>, Fault> =
                allocation.balanced_by().iter().map(|name| stratum_part(name, unit)).collect();
            Ok(label_of(&levels?))
        }
    }
}

fn stratum_part(name: &str, unit: &Attributes) -> Result<String, Fault> {
    match unit.get(name) {
        Some(AttributeValue::Category(value)) => Ok(value.clone()),
        Some(AttributeValue::Boolean(yes)) => Ok(if *yes { "yes" } else { "no" }.to_owned()),
        Some(AttributeValue::Number(number)) => Ok(number.to_string()),
        None => Err(Fault::new(
            format!("/attributes/{name}"),
            "missing_attribute",
            "the trial is balanced by this attribute; send it",
        )),
    }
}

/// Reads the attributes of a request against the plan.
///
/// # Errors
/// Every undeclared or ill-fitting attribute.
pub fn read_attributes(declared: &[Attribute], sent: &Map<String, Value>) -> Result<Attributes, Vec<Fault>> {
    Attribute::read_all(declared, sent, "/attributes")
}
