//! Holding a look: from the evidence at its cut to boundaries, statistics and a decision.

use chrono::Duration;
use fairtrial_domain::{
    projection::{Evidence, HeldLook},
    protocol::{Protocol, Role},
};
use fairtrial_stats::StatError;

use super::{
    exact::LookSizes,
    judge::{Judged, LookBounds, information, judged, look_bounds},
};
use crate::{
    claims::score,
    comparison::Remembered,
    reading::Reading,
    report::{ArmDecision, Decision, HarmBound, LookArm, LookHeld},
};

/// How long after it was due a look counts as late.
pub const LATE: Duration = Duration::hours(1);

/// Units followed up in full for the primary outcome: the information of a look.
#[must_use]
pub fn followed_up(plan: &Protocol, evidence: &Evidence) -> u64 {
    let primary = plan.outcomes.iter().position(|outcome| outcome.role == Role::Primary).unwrap_or(0);
    let cells = evidence.outcomes.get(primary).into_iter().flat_map(|outcome| &outcome.cells);
    cells.fold(0, |sum, cell| sum.saturating_add(cell.mature))
}

/// The last of these looks: its boundaries from the information at all of them, and what its evidence decides.
///
/// The looks are those held before, oldest first, and this one. Error is spent on the information that was in.
///
/// # Errors
/// As [`look_bounds`]; `InvalidArgument` without a look.
pub fn hold(plan: &Protocol, looks: &[HeldLook]) -> Result<LookHeld, StatError> {
    let this = looks.last().ok_or_else(|| StatError::invalid("looks", "at least one look is needed"))?;
    let known = Remembered::default();
    let sizes = LookSizes::of(plan, looks.iter().map(|look| &look.evidence));
    let bounds = look_bounds(plan, &shares(plan, looks), false)?.exactly(plan, &sizes, false, &known);
    let reading = Reading::at_look(plan, &this.evidence, &bounds, &known);
    let (found, decision) = judged(&reading, &bounds, false);
    Ok(told(&reading, this.look, this.due_at, &bounds, found, &decision))
}

/// All of these looks, each by what was known up to it.
///
/// # Errors
/// As [`hold`].
pub fn hold_all(plan: &Protocol, looks: &[HeldLook]) -> Result<Vec<LookHeld>, StatError> {
    (1..=looks.len()).map(|n| hold(plan, looks.get(..n).unwrap_or_default())).collect()
}

pub(super) fn shares(plan: &Protocol, looks: &[HeldLook]) -> Vec<f64> {
    looks.iter().map(|look| information(&plan.monitoring, followed_up(plan, &look.evidence))).collect()
}

/// The boundaries of the end, after the looks that were held before.
pub(crate) fn final_bounds(plan: &Protocol, evidence: &Evidence, known: &Remembered) -> Result<LookBounds, StatError> {
    let mut held = shares(plan, &evidence.looks);
    // People may have taken their data out: information does not fall.
    let before = held.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    held.push(information(&plan.monitoring, followed_up(plan, evidence)).max(before));
    let sizes = LookSizes::of(plan, evidence.looks.iter().map(|look| &look.evidence).chain(std::iter::once(evidence)));
    Ok(look_bounds(plan, &held, true)?.exactly(plan, &sizes, true, known))
}

/// The end as the last look.
pub(crate) fn held_at_the_end(
    reading: &Reading<'_>,
    bounds: &LookBounds,
    found: Judged,
    decision: &Decision,
) -> LookHeld {
    told(reading, reading.plan.monitoring.looks.len(), reading.evidence.as_of, bounds, found, decision)
}

fn told(
    reading: &Reading<'_>,
    look: usize,
    due_at: chrono::DateTime<chrono::Utc>,
    bounds: &LookBounds,
    found: Judged,
    decision: &Decision,
) -> LookHeld {
    let (plan, evidence) = (reading.plan, reading.evidence);
    let harm_bound = |(place, p_value): &(usize, f64)| {
        let outcome = plan.outcomes.get(*place)?.key.clone();
        Some(HarmBound { outcome, p_value: *p_value })
    };
    LookHeld {
        look,
        held_at: evidence.as_of,
        due_at,
        late: evidence.as_of - due_at > LATE,
        data_cut: evidence.data_cut,
        followed_up: followed_up(plan, evidence),
        information: bounds.rule.fraction,
        alpha_spent: bounds.rule.alpha_spent,
        efficacy_p: bounds.rule.efficacy_p,
        efficacy_z: bounds.rule.efficacy_z,
        futility_z: bounds.rule.futility_z,
        harm_bounds: bounds.harm.iter().filter_map(harm_bound).collect(),
        arms: decision.arms.iter().map(|arm| arm_at(reading, arm)).collect(),
        harms: decision.harms.clone(),
        decision: found.decision,
        arm: found.arm,
    }
}

fn arm_at(reading: &Reading<'_>, arm: &ArmDecision) -> LookArm {
    let primary = reading.plan.primary().map(|outcome| &outcome.key);
    let claim = arm.claims.iter().find(|finding| Some(finding.claim.outcome()) == primary);
    let z = claim.and_then(|finding| score(reading, finding, &arm.arm));
    LookArm { arm: arm.arm.clone(), p_value: arm.adjusted_p_value, z }
}
