//! One arm's people.

use fairtrial_domain::ArmKey;
use serde::Serialize;

use super::{
    Count,
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
