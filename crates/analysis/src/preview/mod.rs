//! What the report will say at the end, told before anybody takes part.
//!
//! For each way in which a trial can end, sums are made up that end so, of as many units as the plan lets in, and go through
//! [`analyse`]: sentences, actions and reasons are those of the report itself, and nothing here writes one. Whatever a plan cannot
//! end in is left without a report.

mod world;

use fairtrial_domain::{
    LockedProtocol,
    protocol::{Aim, Role},
};

use crate::{
    analyse,
    design::Problem,
    report::{Report, VerdictKind},
};
use world::World;

/// One way to end.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// The verdict.
    pub kind: VerdictKind,
    /// A report with it; none when no numbers that were tried end so.
    pub report: Option<Box<Report>>,
}

/// The ways to end, in the order in which they are told.
pub const ENDINGS: [VerdictKind; 5] =
    [VerdictKind::Succeeded, VerdictKind::Failed, VerdictKind::Harmful, VerdictKind::Undecided, VerdictKind::Invalid];

/// How would the report of that plan read for each way in which its trial can end?
///
/// The numbers are made up without chance, so that the same plan always gives the same. They are those of a trial that goes on to its end:
/// what an earlier look may find is not told.
///
/// # Errors
/// What the plan would have to say before numbers can be made up, by JSON pointer.
pub fn preview(plan: &LockedProtocol) -> Result<Vec<Ending>, Problem> {
    world::assumed(plan.protocol())?;
    Ok(ENDINGS.into_iter().map(|kind| Ending { kind, report: ending(plan, kind) }).collect())
}

fn ending(plan: &LockedProtocol, kind: VerdictKind) -> Option<Box<Report>> {
    let protocol = plan.protocol();
    if kind == VerdictKind::Harmful && !protocol.outcomes.iter().any(|outcome| outcome.role == Role::Harm) {
        return None;
    }
    let reports = worlds(protocol.aim, kind).into_iter().map(|world| {
        let evidence = world.evidence(protocol)?;
        let mut report = analyse(plan, &evidence, "preview");
        // To which groups made-up people belong is not made up, so that nothing was asked of groups.
        report.verdict.reasons.retain(|reason| reason.code != "equity_question_open");
        Some(report)
    });
    reports.flatten().find(|report| report.verdict.kind == kind).map(Box::new)
}

/// The worlds that are tried for an ending, the plainest first. A gain of 1 is the smallest one that would matter, or, where a loss is to
/// be ruled out, the margin.
fn worlds(aim: Aim, kind: VerdictKind) -> Vec<World> {
    let plain = World { gain: if aim == Aim::Better { 1.0 } else { 0.0 }, ..World::default() };
    let with_gains = |gains: &[f64]| gains.iter().map(|gain| World { gain: *gain, ..plain }).collect::<Vec<_>>();
    match (kind, aim) {
        (VerdictKind::Succeeded, Aim::Better) => with_guards(&with_gains(&[1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0])),
        (VerdictKind::Succeeded, Aim::NotWorse) => with_guards(&with_gains(&[0.0, 0.5, 1.0, 2.0, 4.0, 10.0])),
        (VerdictKind::Failed, Aim::Better) => with_gains(&[0.0, -0.25, -0.5, -1.0, -2.0, -4.0, -10.0]),
        (VerdictKind::Failed, Aim::NotWorse) => with_gains(&[-1.5, -2.0, -3.0, -5.0, -8.0, -20.0]),
        (VerdictKind::Harmful, _) => [3.0, 5.0, 10.0, 20.0, 40.0].map(|harm| World { harm, ..plain }).to_vec(),
        (VerdictKind::Undecided, _) => {
            let half = if aim == Aim::Better { 0.5 } else { -0.75 };
            let of_share = |units: f64| [half, 0.6 * half, 1.4 * half].map(|gain| World { gain, units, ..plain });
            [1.0, 0.5, 0.25, 0.1, 0.03].into_iter().flat_map(of_share).collect()
        }
        (VerdictKind::Invalid, _) => [World { uneven: 0.25, ..plain }, World { mixed: true, ..plain }].to_vec(),
    }
}

/// Each world as it is, then with everything that must not get worse a little better.
fn with_guards(worlds: &[World]) -> Vec<World> {
    let better = |guard: f64| worlds.iter().map(move |world| World { guard, ..*world });
    [0.0, 0.5, 1.0, 2.0].into_iter().flat_map(better).collect()
}
