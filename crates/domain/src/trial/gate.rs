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
}

/// Whether a new unit may be drawn: first the trial's state, then the plan's eligibility.
///
/// The cap is checked where the draw is stored, in the same transaction.
///
/// # Errors
/// Why not, with a sentence in plain words.
pub fn before_draw(state: State, protocol: &Protocol, unit: &Attributes) -> Result<(), (AssignmentOutcome, String)> {
    by_state(state)?;
    protocol.eligibility.check(unit).map_err(|reason| (AssignmentOutcome::NotEligible, reason))
}

fn by_state(state: State) -> Result<(), (AssignmentOutcome, String)> {
    let refuse = |outcome, reason: &str| Err((outcome, reason.to_owned()));
    match state {
        State::Enrolling => Ok(()),
        State::Draft | State::InReview | State::Approved => {
            refuse(AssignmentOutcome::NotStarted, "the trial has not started")
        }
        State::EnrolmentPaused => refuse(AssignmentOutcome::EnrolmentPaused, "nobody new enters the trial for now"),
        State::Suspended => {
            refuse(AssignmentOutcome::Suspended, "the trial is suspended; everybody gets the current version")
        }
        State::FollowUp | State::DataLocked | State::Withdrawn => refuse(AssignmentOutcome::Ended, "the trial is over"),
    }
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
