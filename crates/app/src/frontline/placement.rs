//! Where a person who is in a trial stands, and what they are told.

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    Pseudonym,
    canonical::hex_in,
    protocol::{Arm, ProtocolId},
    trial::{AssignmentOutcome, State},
};
use sha2::{Digest, Sha256};

use super::assign::{Assignment, not_enrolled};
use crate::state::{
    App,
    directory::{Trial, instant, notice_of},
    known::KnownPlace,
};

/// Where somebody stands who is in a trial and gets the version of their place. It holds numbers only: whoever asks about hundreds
/// of trials at once is answered from the plans themselves, without a copy of what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    unit: Pseudonym,
    arm: usize,
    given: Option<usize>,
    assigned_at: DateTime<Utc>,
}

/// How many digits an assignment's name has.
pub const ASSIGNMENT_ID_DIGITS: usize = 24;

impl Placement {
    /// The arm that a person was assigned to. It is one of the plan's: see [`App::placement`].
    fn arm<'a>(&self, trial: &'a Trial) -> Option<&'a Arm> {
        trial.plan.protocol().arms.get(self.arm)
    }

    /// Number of the arm that is served: the one of the place, unless somebody gave the person another for their good.
    #[must_use]
    pub fn served(&self) -> usize {
        self.given.unwrap_or(self.arm)
    }

    /// Whether it is another arm than the assigned one, which somebody gave the person for their good.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// When the person was assigned.
    #[must_use]
    pub fn assigned_at(&self) -> DateTime<Utc> {
        self.assigned_at
    }

    /// The plan under which the person was assigned.
    #[must_use]
    pub fn protocol_id<'a>(&self, trial: &'a Trial) -> &'a ProtocolId {
        trial.plan_id_at(self.assigned_at)
    }

    /// What names the assignment in questions and complaints, written to a place of the caller's.
    pub fn assignment_id<'a>(&self, trial: &Trial, digits: &'a mut [u8; ASSIGNMENT_ID_DIGITS]) -> &'a str {
        assignment_id(trial, &self.unit, digits)
    }

    /// The whole answer.
    #[must_use]
    pub fn assignment(&self, trial: &Trial, outcome: AssignmentOutcome) -> Assignment {
        let protocol = trial.plan.protocol();
        let given = self.given.and_then(|given| protocol.arms.get(given));
        let arm = self.arm(trial);
        Assignment {
            trial: protocol.key.clone(),
            outcome,
            reason: given.map(|_| "the person was given another version for their good".into()),
            arm: arm.map(|arm| arm.key.clone()),
            payload: given.or(arm).map(|arm| arm.payload.clone()).unwrap_or_default(),
            assignment_id: Some(self.assignment_id(trial, &mut [0; ASSIGNMENT_ID_DIGITS]).to_owned()),
            protocol_id: self.protocol_id(trial).clone(),
            assigned_at: Some(self.assigned_at),
            notice: notice_of(&trial.plan).map(str::to_owned),
            delivered_arm: given.map(|given| given.key.clone()),
            gates: None,
        }
    }
}

/// Made from trial and pseudonym, so it is the same whenever it is asked for and tells nobody who it is.
pub(super) fn assignment_id<'a>(
    trial: &Trial,
    unit: &Pseudonym,
    digits: &'a mut [u8; ASSIGNMENT_ID_DIGITS],
) -> &'a str {
    let mut of_unit = [0; 32];
    let mut hash = Sha256::new_with_prefix("fairtrial/1/assignment/");
    hash.update(trial.key());
    hash.update("/");
    hash.update(unit.hex_in(&mut of_unit));
    hex_in(&hash.finalize()[..ASSIGNMENT_ID_DIGITS / 2], digits)
}

impl App {
    /// Where a person stands who has a place. While a trial is suspended, and after it was stopped for harm or its data were
    /// locked, everybody gets the current version, and so does whoever opted out; where a person was assigned never changes.
    ///
    /// `asked` is who was asked for, whose wishes count, and `unit` as whom they are served.
    ///
    /// # Errors
    /// What becomes of the request instead, and why.
    pub(super) fn placement(
        &self,
        trial: &Trial,
        asked: &Pseudonym,
        unit: &Pseudonym,
        place: KnownPlace,
    ) -> Result<Placement, (AssignmentOutcome, &'static str)> {
        let without = |outcome: AssignmentOutcome| Err((outcome, outcome.sentence()));
        match trial.state {
            State::Suspended => return without(AssignmentOutcome::Suspended),
            _ if trial.reverted => {
                let why = "the trial was stopped; everybody gets the current version";
                return Err((AssignmentOutcome::Suspended, why));
            }
            state if state.is_locked() => return without(AssignmentOutcome::Ended),
            _ if self.opted_out(trial.id, asked) => return without(AssignmentOutcome::OptedOut),
            _ => {}
        }
        let arms = trial.plan.protocol().arms.len();
        let arm = usize::from(place.arm);
        if arm >= arms {
            return Err((AssignmentOutcome::Ended, "the plan does not have this version any more"));
        }
        let given = place.given.map(usize::from).filter(|given| *given != arm && *given < arms);
        Ok(Placement { unit: *unit, arm, given, assigned_at: instant(place.assigned_at) })
    }

    /// The answer for a person who is in the trial.
    pub(super) fn served(
        &self,
        trial: &Trial,
        asked: &Pseudonym,
        unit: &Pseudonym,
        place: KnownPlace,
        outcome: AssignmentOutcome,
    ) -> Assignment {
        match self.placement(trial, asked, unit, place) {
            Ok(placement) => placement.assignment(trial, outcome),
            Err((outcome, reason)) => not_enrolled(trial, outcome, reason.into()),
        }
    }
}
