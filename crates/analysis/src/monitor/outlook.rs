//! What a look lets one expect of the end, for the monitor.

use fairtrial_domain::{
    ArmKey,
    decision_rule::{Claim, DecisionRule},
    projection::HeldLook,
    protocol::Protocol,
};
use fairtrial_stats::{
    Side,
    sequential::{
        Spending,
        group::{Efficacy, Futility, GroupSequentialDesign, GroupSequentialSpec},
    },
};
use serde::{Deserialize, Serialize};

use super::{
    after::difference,
    hold::shares,
    judge::parts,
    schedule::{fractions, one_sided_alpha, spending},
};
use crate::{
    comparison::{Method, finite, gain},
    sample::{samples_at, size},
};

/// How likely one new version is to succeed at a later look or at the end, if the trial goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Which arm.
    pub arm: ArmKey,
    /// If it has the smallest effect worth having; where the rule asks that it is not worse, if it makes no difference.
    pub as_hoped: f64,
    /// By what was seen so far and nothing else: the chance averaged over the effects that fit it.
    pub as_seen: f64,
}

/// The outlook at the last of these looks, for each new version. Empty where the rule is more than one claim about the primary
/// outcome, where all that was planned is in, or where the data do not determine it.
///
/// Boundaries for giving up are not obeyed here, and normal statistics are used throughout, so that this is for reading and never
/// decides. With a difference as small as the data still allow, a low figure under *as hoped* is a reason to give up.
///
/// Source: Lan and Wittes 1988 (conditional power); Spiegelhalter, Freedman and Blackburn 1986 (predictive power).
#[must_use]
pub fn outlook(plan: &Protocol, looks: &[HeldLook]) -> Vec<Outlook> {
    let arms = plan.interventions();
    arms.filter_map(|(index, arm)| of_arm(plan, looks, index, arm.key.clone())).collect()
}

fn of_arm(plan: &Protocol, looks: &[HeldLook], arm: usize, key: ArmKey) -> Option<Outlook> {
    let DecisionRule::Claim(claim) = &plan.decision_rule else { return None };
    let place = plan.outcomes.iter().position(|outcome| outcome.key == *claim.outcome())?;
    let (outcome, last) = (plan.outcomes.get(place)?, looks.last()?);
    let held = shares(plan, looks);
    let (design, information) = (design_from(plan, &held)?, *held.last()?);
    let samples = samples_at(plan, &last.evidence, place);
    let level = 1.0 - 2.0 * one_sided_alpha(&plan.monitoring);
    let method = Method::of(plan, outcome);
    let (difference, error) = difference(&method, samples.get(arm)?, samples.get(plan.control_index())?, level).ok()?;
    // What is gained beyond the null hypothesis: seen, and hoped for.
    let (beyond, hoped) = match claim {
        Claim::Superior(_) => (gain(outcome, difference), size(outcome.smallest_worthwhile_effect)?),
        Claim::NotWorse(_) => {
            let margin = size(outcome.margin)?;
            (gain(outcome, difference) + margin, margin)
        }
    };
    let look = held.len() - 1;
    let z = beyond / error;
    let conditional = design.conditional(look, z, hoped / (error * information.sqrt())).ok()?;
    let predictive = design.predictive_power(look, z, 0.0, f64::INFINITY).ok()?;
    Some(Outlook { arm: key, as_hoped: finite(conditional.power)?, as_seen: finite(predictive)? })
}

/// The looks held and those still planned, boundaries for success only.
fn design_from(plan: &Protocol, held: &[f64]) -> Option<GroupSequentialDesign> {
    let largest = held.iter().copied().fold(0.0_f64, f64::max);
    let mut information: Vec<f64> = held.to_vec();
    information.extend(fractions(&plan.monitoring).into_iter().filter(|planned| *planned > largest * (1.0 + 1e-9)));
    if information.len() == held.len() || held.iter().any(|share| *share <= 0.0) {
        return None;
    }
    let efficacy = plan.monitoring.efficacy.as_ref().map_or(Spending::LanDeMetsOBrienFleming, spending);
    let spec = GroupSequentialSpec {
        side: Side::Greater,
        alpha: one_sided_alpha(&plan.monitoring) / parts(plan),
        efficacy: Efficacy::Spending { spending: efficacy },
        futility: Futility::None,
        harm: None,
        information,
        maximum: Some(1.0),
        last_is_final: true,
    };
    GroupSequentialDesign::new(spec).ok()
}
