//! One arm's people.

use fairtrial_domain::ArmKey;
use serde::Serialize;

use super::{
    Count, Policy,
    count::Rounder,
    margins::{Margins, Truth, protect},
};
use crate::{
    Report,
    report::{ArmReport, OutcomeReport},
};

/// One arm in released numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasedArm {
    /// Which arm.
    pub arm: ArmKey,
    /// Its name for people.
    pub name: String,
    /// Whether it is what happens today.
    pub control: bool,
    /// Its planned share.
    pub ratio: u32,
    /// People assigned.
    pub assigned: Count,
    /// People counted on the primary outcome.
    pub analysed: Count,
    /// People whose follow-up is not over.
    pub not_yet_mature: Count,
    /// People followed up in full without a value.
    pub missing: Count,
    /// People counted, by outcome.
    #[serde(skip)]
    pub(super) counted: Vec<Count>,
    #[serde(skip)]
    people: People,
}

/// What may be told of how many people an arm has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum People {
    /// About so many, by released numbers.
    About(u64),
    /// So few that nothing is told of them.
    Few,
    /// Not even about how many, as a small number could be worked out from it.
    Hidden,
}

/// About how many people the arms have together; nothing when that is not to be told of one of them, or nothing is told of any.
pub(super) fn together(arms: &[ReleasedArm], policy: Policy) -> Option<u64> {
    let mut sum = None;
    for arm in arms {
        match arm.people {
            People::About(people) => sum = Some(sum.unwrap_or(0_u64).saturating_add(people)),
            People::Few => {}
            People::Hidden => return None,
        }
    }
    let few = arms.iter().filter(|arm| arm.people == People::Few).count() as u64;
    sum.map(|sum| sum.saturating_add(few * Count::HIDDEN.or_middle(policy)))
}

/// The number of people assigned may be hidden for the sake of another number, however large it is. Then it is the sum of its parts: too
/// early, without a record, counted. Hidden parts are small, but for the people counted, who can be hidden as it can.
fn people(truth: &Truth, shown: &Margins, policy: Policy) -> People {
    let few = |count: u64| count < policy.suppress_below();
    let counted = shown.counted.get(truth.primary).copied().unwrap_or(Count::HIDDEN);
    let parts = [shown.immature, shown.missing, counted];
    let told = |count: &Count| count.value().is_some();
    match shown.assigned.value() {
        Some(people) => People::About(people),
        None if few(truth.assigned) => People::Few,
        None if told(&counted) || truth.counted_is_few(policy) && parts.iter().any(told) => {
            People::About(Count::about(parts.into_iter(), policy))
        }
        None => People::Hidden,
    }
}

/// The place of an arm's counts, for the rounding.
pub(super) fn place(arm: &ArmKey) -> String {
    format!("arm {arm}")
}

pub(super) fn arm(report: &Report, primary: usize, arm: &ArmReport, rounder: Rounder<'_>) -> ReleasedArm {
    let place = place(&arm.arm);
    let count = |raw: u64| rounder.count(&place, raw);
    let of = |outcome: &OutcomeReport| outcome.arms.iter().find(|found| found.arm == arm.arm).map_or(0, |a| a.analysed);
    let counted: Vec<u64> = report.outcomes.iter().map(of).collect();
    let truth = Truth { assigned: arm.assigned, immature: arm.not_yet_mature, missing: arm.missing, counted, primary };
    // Shown unless the whole outcome is hidden, which tells less.
    let events = |outcome: &OutcomeReport| {
        let found = outcome.arms.iter().find(|found| found.arm == arm.arm);
        found.map_or(Count::HIDDEN, |found| rounder.events(&place, found.analysed, found.events))
    };
    let shown = Margins {
        assigned: count(arm.assigned),
        immature: count(arm.not_yet_mature),
        missing: count(arm.missing),
        counted: truth.counted.iter().map(|raw| count(*raw)).collect(),
        events: report.outcomes.iter().map(events).collect(),
    };
    let shown = protect(&truth, shown, rounder.policy);
    ReleasedArm {
        people: people(&truth, &shown, rounder.policy),
        arm: arm.arm.clone(),
        name: arm.name.clone(),
        control: arm.control,
        ratio: arm.ratio,
        assigned: shown.assigned,
        analysed: shown.counted.get(primary).copied().unwrap_or(Count::HIDDEN),
        not_yet_mature: shown.immature,
        missing: shown.missing,
        counted: shown.counted,
    }
}
