use crate::number::counted;
use crate::report::{Mark, reasons};
use fairtrial_analysis::Report;
use fairtrial_analysis::preview::Ending;
use fairtrial_analysis::report::VerdictKind;
use fairtrial_domain::protocol::{Aim, Protocol, Role};

/// What the report will say if the trial ends in one way.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) heading: &'static str,
    pub(super) mark: Mark,
    pub(super) said: Option<Said>,
    /// Why nothing is said, where nothing is.
    pub(super) cannot: &'static str,
}

/// What it says, from made-up numbers.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) action: String,
    pub(super) sentence: String,
    pub(super) reasons: Vec<String>,
    pub(super) numbers: String,
}

/// Every way to end, in the order in which they come.
pub(super) fn told(endings: &[Ending], plan: &Protocol) -> Vec<Told> {
    let told = |ending: &Ending| Told {
        heading: heading(ending.kind, plan),
        mark: Mark { kind: ending.kind },
        said: ending.report.as_deref().map(said),
        cannot: cannot(ending.kind, plan),
    };
    endings.iter().map(told).collect()
}

fn said(report: &Report) -> Said {
    let people = report.arms.iter().fold(0_u64, |sum, arm| sum.saturating_add(arm.assigned));
    Said {
        action: report.verdict.action.clone(),
        sentence: report.verdict.headline.clone(),
        reasons: reasons(report),
        numbers: format!("Made-up numbers of {}.", counted(people, &report.unit, &crate::number::plural(&report.unit))),
    }
}

fn heading(kind: VerdictKind, plan: &Protocol) -> &'static str {
    match (kind, plan.aim) {
        (VerdictKind::Succeeded, Aim::Better) => "\u{2026} the new version works",
        (VerdictKind::Succeeded, Aim::NotWorse) => "\u{2026} the new version is no worse",
        (VerdictKind::Failed, Aim::Better) => "\u{2026} it does not do enough",
        (VerdictKind::Failed, Aim::NotWorse) => "\u{2026} it is worse by more than you accept",
        (VerdictKind::Harmful, _) => "\u{2026} it harms people",
        (VerdictKind::Undecided, _) => "\u{2026} there is not enough information",
        (VerdictKind::Invalid, _) => "\u{2026} something is broken",
    }
}

fn cannot(kind: VerdictKind, plan: &Protocol) -> &'static str {
    let watches = plan.outcomes.iter().any(|outcome| outcome.role == Role::Harm);
    match kind {
        VerdictKind::Harmful if !watches => {
            "The plan watches nothing for harm, so that its trial cannot end like this."
        }
        _ if plan.allocation.is_by_cluster() => {
            "None of the numbers that were tried ended like this, with as many offices as the plan names. If you expect that it can end so, \
             name more offices, or change the sizes of difference that would matter, or the rule."
        }
        _ => {
            "None of the numbers that were tried ended like this, of as many people as the plan lets in. If you expect that it can end so, \
             change the size, the sizes of difference that would matter, or the rule."
        }
    }
}
