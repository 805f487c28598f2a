//! What was counted at a look, arm by arm, without holding it against a boundary.

use fairtrial_domain::{OutcomeKey, projection::HeldLook, protocol::Protocol};

use crate::sample::samples_at;

/// One outcome at a look.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenOutcome {
    /// Which.
    pub outcome: OutcomeKey,
    /// The arms in the plan's order.
    pub arms: Vec<SeenArm>,
}

/// One arm's people of one outcome at a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeenArm {
    /// People counted: followed up in full, with a value.
    pub counted: u64,
    /// Their mean in the outcome's unit, the share for a yes-or-no outcome; none without anybody.
    pub mean: Option<f64>,
}

/// What was counted at a look.
#[must_use]
pub fn seen(plan: &Protocol, look: &HeldLook) -> Vec<SeenOutcome> {
    let of = |(place, outcome): (usize, &fairtrial_domain::protocol::Outcome)| SeenOutcome {
        outcome: outcome.key.clone(),
        arms: samples_at(plan, &look.evidence, place)
            .iter()
            .map(|sample| SeenArm {
                counted: sample.analysed,
                mean: sample.moments(outcome).ok().map(|moments| moments.mean).filter(|mean| mean.is_finite()),
            })
            .collect(),
    };
    plan.outcomes.iter().enumerate().map(of).collect()
}
