//! Looks of small trials: boundaries that are exact, instead of those of a normal statistic.
//!
//! Where two arms of people who were assigned one by one are compared on a yes-or-no outcome, and the rule asks for nothing but
//! that the new version is better, the probability of a false success at any look is a sum over all tables. The boundary of a
//! look depends on the sizes of the arms at the looks up to it and on nothing else, so a live trial, a rehearsal and a report
//! have the same. The boundary for giving up stays that of the normal design: it binds nobody, so no error rests on it.

use fairtrial_domain::{
    decision_rule::{Claim, DecisionRule},
    projection::Evidence,
    protocol::{Allocation, Outcome, OutcomeKind, Protocol},
};
use fairtrial_stats::{
    Side, StatError,
    sequential::{
        Spending,
        exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize},
    },
    two_proportions::Table,
};

use super::{
    judge::LookBounds,
    schedule::{one_sided_alpha, spending},
};
use crate::{
    comparison::{ExactOrder, Remembered, good_side},
    sample::samples_at,
};

/// Most people of a plan whose looks have exact boundaries. Beyond, the normal ones err by less than can be measured, and a
/// rehearsal would take minutes.
pub const EXACT_LOOKS_TOTAL: u64 = 200;

/// People of the new and the current version at each look, and whether the last of these ends the trial.
pub(crate) type ExactLooks = (Vec<[u64; 2]>, bool);

/// An exact boundary for success.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ExactBound {
    /// Success at or above this pooled score; none where no table is enough.
    z: Option<f64>,
    /// The same as the p-value of the look taken by itself; 0 where no table is enough.
    p: f64,
    /// Error that all looks up to this one may spend.
    spent: f64,
}

/// The primary outcome of a plan whose looks have exact boundaries, with its place.
pub(super) fn outcome_of(plan: &Protocol) -> Option<(usize, &Outcome)> {
    let DecisionRule::Claim(Claim::Superior(key)) = &plan.decision_rule else { return None };
    let (place, outcome) = plan.outcomes.iter().enumerate().find(|(_, outcome)| outcome.key == *key)?;
    let one_by_one = !plan.allocation.is_by_cluster() && !matches!(plan.allocation, Allocation::SteppedWedge { .. });
    let applies = one_by_one
        && outcome.kind == OutcomeKind::Binary
        && plan.arms.len() == 2
        && plan.analysis.adjust_for.is_empty()
        && plan.monitoring.looks.len() > 1
        && plan.monitoring.max_units <= EXACT_LOOKS_TOTAL;
    applies.then_some((place, outcome))
}

/// People with an outcome in the new and the current version; none where looks have no exact boundaries.
#[must_use]
pub fn size_at(plan: &Protocol, evidence: &Evidence) -> Option<[u64; 2]> {
    let (place, _) = outcome_of(plan)?;
    let (new, _) = plan.interventions().next()?;
    let samples = samples_at(plan, evidence, place);
    let of = |arm: usize| samples.get(arm).map(|sample| sample.analysed);
    Some([of(new)?, of(plan.control_index())?])
}

/// The same of several looks.
pub(crate) fn sizes_at<'a>(plan: &Protocol, looks: impl Iterator<Item = &'a Evidence>) -> Vec<[u64; 2]> {
    looks.filter_map(|evidence| size_at(plan, evidence)).collect()
}

/// The design of looks with these sizes; none where the plan has none.
pub(super) fn design(
    plan: &Protocol,
    sizes: &[[u64; 2]],
    last_is_final: bool,
) -> Option<Result<ExactBinaryDesign, StatError>> {
    let (_, outcome) = outcome_of(plan)?;
    if sizes.is_empty() || sizes.len() == 1 && last_is_final {
        // One look is a test with all of the error.
        return None;
    }
    let looks = sizes.iter().map(|[treatment, control]| LookSize { treatment: *treatment, control: *control });
    let named = plan.monitoring.efficacy.as_ref().map_or(Spending::LanDeMetsOBrienFleming, spending);
    Some(ExactBinaryDesign::new(ExactBinarySpec {
        planned_total: Some(plan.monitoring.max_units),
        last_is_final,
        direction: good_side(outcome),
        ..ExactBinarySpec::new(looks.collect(), one_sided_alpha(&plan.monitoring), named)
    }))
}

/// None where there is no exact boundary: for a plan that has none, an arm without anybody, or an arm that has become smaller
/// because people took their data out.
fn bound(plan: &Protocol, sizes: &[[u64; 2]], last_is_final: bool, known: &Remembered) -> Option<ExactBound> {
    let design = design(plan, sizes, last_is_final)?.ok()?;
    let (look, at) = (sizes.len() - 1, design.looks().last()?);
    let side: Side = design.spec().direction;
    let none = ExactBound { z: None, p: 0.0, spent: at.allowed };
    let Some((treatment, control)) = design.least_success(look) else { return Some(none) };
    let table = Table::new(treatment, at.treatment, control, at.control).ok()?;
    let p = known.exact(&table, ExactOrder::Score, side).ok()?.p();
    Some(ExactBound { z: at.efficacy_z, p, ..none })
}

impl LookBounds {
    /// These with the exact boundary for success, where the plan has it and the sizes of all looks up to this one allow it;
    /// else they stay as they are.
    #[must_use]
    pub fn exactly(self, plan: &Protocol, sizes: Vec<[u64; 2]>, last_is_final: bool, known: &Remembered) -> Self {
        let looks: ExactLooks = (sizes, last_is_final);
        let before = known.looks.borrow().get(&looks).copied();
        let found = before.unwrap_or_else(|| {
            let found = bound(plan, &looks.0, last_is_final, known);
            known.looks.borrow_mut().insert(looks, found);
            found
        });
        let Some(ExactBound { z, p, spent }) = found else { return self };
        let mut exact = Self { exact: true, ..self };
        (exact.rule.efficacy_z, exact.rule.efficacy_p, exact.rule.alpha_spent) = (z, p, spent);
        exact
    }
}
