//! Whether anybody tries to know, or to choose, what chance will say of a person.
//!
//! Nobody can be told an arm before they are in: a dry run tells none, the draw is made with the assignment, and a person gets the
//! same arm whenever they are asked for. What is left to try is to look first who would be taken in, and to ask for a person
//! again under another name. Both are counted, because somebody who does so often may be choosing whom to enrol.

use fairtrial_analysis::report::GateStatus;
use fairtrial_store::touches;

use crate::{
    error::AppError,
    state::{App, directory::Trial, touches::LOOKED_AHEAD},
};

/// Fewest looks ahead that are told of: a team tries out its connection.
const FEWEST: u64 = 10;
/// One look ahead for so many people who were assigned is told of.
const PEOPLE_A_LOOK: u64 = 20;

/// What was seen of attempts to know or choose what chance will say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concealment {
    /// Dry runs with a live key that found that a person could be assigned, and were told no arm.
    pub looks_ahead: u64,
    /// People who were assigned more than once, under several names.
    pub asked_again: u64,
    /// Amber when either is more than what happens by itself.
    pub status: GateStatus,
}

impl App {
    /// What was seen of attempts to know or choose what chance will say of people in a started trial.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn concealment(&self, trial: &Trial) -> Result<Concealment, AppError> {
        let id = trial.id;
        let written = self.store.read(move |c| touches::of_trial(c, id)).await?;
        let pending = self.touches.pending(id);
        let counts = written.iter().map(|(word, n)| (word.as_str(), *n)).chain(pending);
        let looks_ahead: u64 =
            counts.filter(|(word, _)| *word == LOOKED_AHEAD).map(|(_, n)| u64::try_from(n).unwrap_or(0)).sum();
        let evidence = self.projections.evidence(trial, &self.ambient, Vec::new());
        let assigned =
            evidence.assigned(trial.plan.protocol().arms.len()).iter().fold(0, |sum: u64, n| sum.saturating_add(*n));
        let again = |sum: u64, arm: &fairtrial_domain::projection::ArmHandling| {
            sum.saturating_add(arm.in_two_arms).saturating_add(arm.in_twice)
        };
        let asked_again = evidence.handling.iter().fold(0, again);
        let many = looks_ahead >= FEWEST && looks_ahead.saturating_mul(PEOPLE_A_LOOK) > assigned;
        let status = if many || asked_again > 0 { GateStatus::Amber } else { GateStatus::Green };
        Ok(Concealment { looks_ahead, asked_again, status })
    }
}
