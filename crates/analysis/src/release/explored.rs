//! Groups in released numbers, for analysts who take them away.

use fairtrial_domain::{ArmKey, OutcomeKey, protocol::Protocol};

use super::{Count, Policy, ReleaseKey, count::Rounder};
use crate::explore::Explored;

/// One version's people of one group for one yes-or-no outcome.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReleasedExplored {
    /// The attribute whose values are the groups.
    pub attribute: String,
    /// The group.
    pub group: String,
    /// The outcome.
    pub outcome: OutcomeKey,
    /// The version.
    pub arm: ArmKey,
    /// People counted.
    pub analysed: Count,
    /// People for whom it happened.
    pub events: Count,
    /// The share, from these two.
    pub share: f64,
}

/// What may be taken away of what was explored.
///
/// All groups of an attribute and outcome, or none of them: where in one group and version fewer than
/// [`Policy::sums_below`] people were counted, or few of them with the outcome or without it, the others would tell of these.
/// Only yes-or-no outcomes are told.
#[must_use]
pub fn release_explored(
    plan: &Protocol,
    found: &[Explored],
    policy: Policy,
    key: &ReleaseKey,
) -> Vec<ReleasedExplored> {
    let rounder = Rounder { key, trial: &plan.key, policy };
    let safe = |one: &Explored| {
        let large = |(_, analysed, events): &(ArmKey, u64, Option<u64>)| {
            events.is_some_and(|events| {
                *analysed >= policy.sums_below()
                    && events >= policy.suppress_below()
                    && analysed.saturating_sub(events) >= policy.suppress_below()
            })
        };
        one.arms.iter().all(large)
    };
    let mut released: Vec<ReleasedExplored> = Vec::new();
    for one in found {
        let of_table = |other: &&Explored| other.attribute == one.attribute && other.outcome == one.outcome;
        let told = released
            .iter()
            .any(|row| row.attribute == one.attribute && row.outcome == one.outcome && row.group == one.group);
        // A group stands once in the table, however many new versions it was compared in.
        if told || !found.iter().filter(of_table).all(safe) {
            continue;
        }
        for (arm, analysed, events) in &one.arms {
            let place = format!("explored {} {} {arm}", one.attribute, one.group);
            let (people, with) = (rounder.count(&place, *analysed), rounder.events(&place, *analysed, *events));
            let (Some(shown), Some(happened)) = (people.value(), with.value()) else { continue };
            released.push(ReleasedExplored {
                attribute: one.attribute.clone(),
                group: one.group.clone(),
                outcome: one.outcome.clone(),
                arm: arm.clone(),
                analysed: people,
                events: with,
                share: (happened as f64 / shown.max(1) as f64).min(1.0),
            });
        }
    }
    released
}
