//! What must be true of the allocation in the light of the rest of a protocol.

use chrono::Days;

use super::{
    cursor::Faults,
    document::{Allocation, Protocol},
};
use crate::{allocation::common_multiple, eligibility::Purpose};

/// The largest least common multiple of the shares by which minimisation can weigh arms without rounding.
const LARGEST_MULTIPLE: u128 = 1_000_000_000;

/// Adds a fault for each contradiction.
pub(super) fn check(protocol: &Protocol, faults: &Faults) {
    balanced_by(protocol, faults);
    match &protocol.allocation {
        Allocation::PermutedBlocks { block_multiples, .. } => blocks(protocol, block_multiples, faults),
        Allocation::Minimisation { probability, .. } => {
            let arms = i64::try_from(protocol.arms.len()).unwrap_or(i64::MAX);
            if probability.millionths().saturating_mul(arms) <= 1_000_000 {
                let detail =
                    "the preferred arm must be likelier than by chance alone: above 1 / (number of arms), up to \"1\"";
                faults.add("/allocation/probability", "out_of_range", detail);
            }
            if common_multiple(&protocol.ratio()) > LARGEST_MULTIPLE {
                let detail = "minimisation weighs the arms by their shares; use ratios with a smaller common multiple";
                faults.add("/arms", "out_of_range", detail);
            }
        }
        Allocation::Cluster { roster } => {
            if roster.len() < protocol.arms.len() {
                faults.add("/allocation/roster", "out_of_range", "each arm needs at least one cluster");
            }
        }
        Allocation::SteppedWedge { steps, .. } => {
            wedge_arms(protocol, faults);
            wedge_sites(protocol, faults);
            if !steps.windows(2).all(|pair| matches!(pair, [a, b] if a < b)) {
                faults.add("/allocation/steps", "out_of_range", "each step must come after the one before it");
            }
        }
        Allocation::Simple => {}
    }
}

fn balanced_by(protocol: &Protocol, faults: &Faults) {
    let field = if matches!(protocol.allocation, Allocation::Minimisation { .. }) { "factors" } else { "strata" };
    let names = protocol.allocation.balanced_by();
    for (index, name) in names.iter().enumerate() {
        let place = format!("/allocation/{field}/{index}");
        if names.iter().take(index).any(|earlier| earlier == name) {
            faults.add(&place, "not_unique", "this attribute stands twice");
        }
        match protocol.attributes.iter().find(|attribute| attribute.name == *name) {
            None => faults.add(&place, "undeclared_attribute", "this attribute is not among the declared attributes"),
            Some(attribute) if attribute.purpose != Purpose::Stratum => {
                faults.add(&place, "wrong_purpose", "declare this attribute with the purpose stratum");
            }
            Some(_) => {}
        }
    }
}

fn blocks(protocol: &Protocol, multiples: &[u32], faults: &Faults) {
    let block = protocol.ratio().iter().sum::<u32>() * multiples.iter().max().copied().unwrap_or(1);
    if block > 1_000 {
        faults.add(
            "/allocation/block_multiples",
            "out_of_range",
            "the largest block would hold over 1,000 people; use a smaller ratio or multiple",
        );
    }
}

fn wedge_arms(protocol: &Protocol, faults: &Faults) {
    if protocol.arms.len() != 2 {
        faults.add("/arms", "out_of_range", "a stepped wedge has two arms: what happens today, and the new version");
    }
    for (index, arm) in protocol.arms.iter().enumerate().filter(|(_, arm)| arm.ratio != 1) {
        let detail = format!("in a stepped wedge the calendar decides the shares: give \"{}\" the ratio 1", arm.key);
        faults.add(&format!("/arms/{index}/ratio"), "out_of_range", detail);
    }
}

fn wedge_sites(protocol: &Protocol, faults: &Faults) {
    let Allocation::SteppedWedge { sites, steps, transition_days, sites_per_step } = &protocol.allocation else {
        return;
    };
    let crossing: u64 = sites_per_step.iter().map(|n| u64::from(*n)).sum();
    if sites_per_step.len() != steps.len() {
        let detail = "say for each step how many sites cross, as many numbers as there are steps";
        faults.add("/allocation/sites_per_step", "out_of_range", detail);
    } else if sites_per_step.contains(&0) {
        faults.add(
            "/allocation/steps",
            "out_of_range",
            "there are more steps than sites; at each step a site must cross",
        );
    } else if crossing != sites.len() as u64 {
        let detail = format!("every site crosses once: the numbers must add up to {}", sites.len());
        faults.add("/allocation/sites_per_step", "out_of_range", detail);
    }
    let last = steps.last().and_then(|step| step.checked_add_days(Days::new((*transition_days).into())));
    if last.is_none_or(|counted_from| counted_from > protocol.monitoring.ends_on) {
        let detail = "the last step and its transition must be over by the last day of enrolment, /monitoring/ends_on, \
                      or the last sites never count with the new version";
        faults.add("/allocation/steps", "out_of_range", detail);
    }
}
