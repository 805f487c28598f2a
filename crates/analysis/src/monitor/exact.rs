//! Looks of small trials: boundaries that are exact, instead of those of a normal statistic.
//!
//! Where two arms of people who were assigned one by one are compared on a yes-or-no outcome, the probability that a look ends the
//! trial wrongly is a sum over all tables. That holds for success, where the rule asks for one thing, that the new version is
//! better or not worse by a margin, and for each harm measure by itself. A boundary depends on the sizes of the arms at the looks
//! up to it and on nothing else, so a live trial and a report have the same. The boundary for giving up stays that of the normal
//! design: it binds nobody, so no error rests on it.
//!
//! Tables are ordered by the score that supposes the difference asked about. The p-value beside a boundary is that of its table as
//! a look taken by itself has it: Barnard's exact one without a margin, that of the score with one. Either orders the tables as the
//! design does, so that holding a p-value against it holds the table against the boundary.

use fairtrial_domain::{
    decision_rule::{Claim, DecisionRule},
    projection::Evidence,
    protocol::{Allocation, OutcomeKind, Protocol, Role},
};
use fairtrial_stats::{
    Side, StatError,
    sequential::{
        Spending,
        exact_binary::{ExactBinaryDesign, ExactBinarySpec, LookSize},
    },
    two_proportions::{ScoreVariance, Table, score_test},
};

use super::{
    judge::LookBounds,
    schedule::{one_sided_alpha, spending},
    watch::error_of_looks,
};
use crate::{
    claims::score_of,
    comparison::{ExactOrder, Remembered, bad_side, good_side},
    sample::{samples_at, size},
};

/// Most people of a plan whose looks have exact boundaries. Beyond, the normal ones err by less than can be measured, and a
/// rehearsal would take minutes.
pub const EXACT_LOOKS_TOTAL: u64 = 200;

/// By how much, relative to itself, two p-values of one score may differ by rounding.
const ROUNDING: f64 = 1e-9;

/// Which question, people of the new and the current version at each look, and whether the last of these ends the trial.
pub(crate) type ExactLooks = (usize, Vec<[u64; 2]>, bool);

/// An exact boundary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ExactBound {
    /// Stopping at or above this score; none where no table is enough.
    z: Option<f64>,
    /// The same as the p-value of the look taken by itself; 0 where no table is enough.
    p: f64,
    /// Error that all looks up to this one may spend.
    spent: f64,
}

/// A question with exact boundaries.
struct Asked {
    place: usize,
    for_harm: bool,
    /// What stops: more of it, or less.
    direction: Side,
    /// How much further in the other direction the new version may be and still stop; negative where it must be further in this one.
    margin: f64,
    alpha: f64,
    spending: Spending,
}

impl Asked {
    /// The difference, new less current, that stops wrongly at worst.
    fn null_difference(&self) -> f64 {
        match (self.margin == 0.0, self.direction) {
            (true, _) => 0.0,
            (false, Side::Less) => self.margin,
            (false, _) => -self.margin,
        }
    }
}

/// The questions of a plan that have exact boundaries: that of the rule first, where it has one, then the harm measures.
fn asked(plan: &Protocol) -> Vec<Asked> {
    let one_by_one = !plan.allocation.is_by_cluster() && !matches!(plan.allocation, Allocation::SteppedWedge { .. });
    let small = plan.monitoring.looks.len() > 1 && plan.monitoring.max_units <= EXACT_LOOKS_TOTAL;
    if !(one_by_one && small && plan.arms.len() == 2) {
        return Vec::new();
    }
    let mut asked: Vec<Asked> = of_rule(plan).into_iter().collect();
    let harms = plan.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.role == Role::Harm);
    asked.extend(harms.filter(|(_, outcome)| outcome.kind == OutcomeKind::Binary).map(|(place, outcome)| Asked {
        place,
        for_harm: true,
        direction: bad_side(outcome),
        margin: -size(outcome.margin).unwrap_or(0.0),
        alpha: error_of_looks(outcome),
        spending: Spending::LanDeMetsPocock,
    }));
    asked
}

fn of_rule(plan: &Protocol) -> Option<Asked> {
    let DecisionRule::Claim(claim) = &plan.decision_rule else { return None };
    let (place, outcome) = plan.outcomes.iter().enumerate().find(|(_, outcome)| outcome.key == *claim.outcome())?;
    let margin = match claim {
        Claim::Superior(_) => 0.0,
        Claim::NotWorse(_) => size(outcome.margin)?,
    };
    let exact = outcome.kind == OutcomeKind::Binary && plan.analysis.adjust_for.is_empty();
    exact.then(|| Asked {
        place,
        for_harm: false,
        direction: good_side(outcome),
        margin,
        alpha: one_sided_alpha(&plan.monitoring),
        spending: plan.monitoring.efficacy.as_ref().map_or(Spending::LanDeMetsOBrienFleming, spending),
    })
}

/// People with an outcome in the new and the current version at the looks so far, by question with exact boundaries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookSizes(Vec<Vec<[u64; 2]>>);

impl LookSizes {
    /// Those of these looks, oldest first.
    pub(crate) fn of<'a>(plan: &Protocol, looks: impl Iterator<Item = &'a Evidence>) -> Self {
        let mut sizes = Self::default();
        looks.for_each(|evidence| sizes.add(plan, evidence, None));
        sizes
    }

    /// Adds a look. `planned`, by outcome of the plan, are people whose outcome is planned to be known there: with it, boundaries
    /// beside a margin are those of arms of just their planned sizes, because such a boundary takes up to a second to compute and
    /// a rehearsal would have one for every draw.
    pub(crate) fn add(&mut self, plan: &Protocol, evidence: &Evidence, planned: Option<&[u64]>) {
        let asked = asked(plan);
        self.0.resize(asked.len(), Vec::new());
        for (sizes, asked) in self.0.iter_mut().zip(&asked) {
            let planned = planned.filter(|_| asked.margin != 0.0).and_then(|planned| planned.get(asked.place));
            sizes.extend(match planned {
                Some(people) => split(plan, *people),
                None => size_at(plan, evidence, asked.place),
            });
        }
    }

    /// Those of the rule's question; none where its boundaries are not exact.
    pub(super) fn of_rule(&self, plan: &Protocol) -> Option<&[[u64; 2]]> {
        of_rule(plan).and_then(|_| self.0.first()).map(Vec::as_slice)
    }
}

/// People with an outcome in the new and the current version.
fn size_at(plan: &Protocol, evidence: &Evidence, place: usize) -> Option<[u64; 2]> {
    let (new, _) = plan.interventions().next()?;
    let samples = samples_at(plan, evidence, place);
    let of = |arm: usize| samples.get(arm).map(|sample| sample.analysed);
    Some([of(new)?, of(plan.control_index())?])
}

/// So many people in their planned shares.
fn split(plan: &Protocol, people: u64) -> Option<[u64; 2]> {
    let (new, _) = plan.interventions().next()?;
    let ratio = plan.ratio();
    let (own, all) = (u64::from(*ratio.get(new)?), ratio.iter().map(|share| u64::from(*share)).sum::<u64>().max(1));
    let new = (people * own + all / 2) / all;
    Some([new, people - new])
}

/// The design of looks with these sizes; none where one look has all of the error.
fn designed(
    plan: &Protocol,
    asked: &Asked,
    sizes: &[[u64; 2]],
    last_is_final: bool,
) -> Option<Result<ExactBinaryDesign, StatError>> {
    if sizes.is_empty() || sizes.len() == 1 && last_is_final {
        return None;
    }
    let looks = sizes.iter().map(|[treatment, control]| LookSize { treatment: *treatment, control: *control });
    Some(ExactBinaryDesign::new(ExactBinarySpec {
        planned_total: Some(plan.monitoring.max_units),
        last_is_final,
        direction: asked.direction,
        margin: asked.margin,
        ..ExactBinarySpec::new(looks.collect(), asked.alpha, asked.spending.clone())
    }))
}

/// The design for the rule's question; none where the plan has none.
pub(super) fn design(
    plan: &Protocol,
    sizes: &LookSizes,
    last_is_final: bool,
) -> Option<Result<ExactBinaryDesign, StatError>> {
    designed(plan, &of_rule(plan).filter(|_| !asked(plan).is_empty())?, sizes.of_rule(plan)?, last_is_final)
}

/// None where there is no exact boundary: for an arm without anybody, or one that has become smaller because people took their
/// data out.
fn bound(
    plan: &Protocol,
    asked: &Asked,
    sizes: &[[u64; 2]],
    last_is_final: bool,
    known: &Remembered,
) -> Option<ExactBound> {
    let design = designed(plan, asked, sizes, last_is_final)?.ok()?;
    let (look, at) = (sizes.len() - 1, design.looks().last()?);
    let none = ExactBound { z: None, p: 0.0, spent: at.allowed };
    let Some((treatment, control)) = design.least_success(look) else { return Some(none) };
    let table = Table::new(treatment, at.treatment, control, at.control).ok()?;
    if asked.margin == 0.0 {
        let p = known.exact(&table, ExactOrder::Score, asked.direction).ok()?.p();
        return Some(ExactBound { z: at.efficacy_z, p, ..none });
    }
    let p = score_test(&table, asked.null_difference(), asked.direction, ScoreVariance::MiettinenNurminen).ok()?.p();
    Some(ExactBound { z: score_of(p), p: p * (1.0 + ROUNDING), ..none })
}

impl LookBounds {
    /// These with exact boundaries, where the plan has them and the sizes of all looks up to this one allow it; the others stay as
    /// they are.
    #[must_use]
    pub fn exactly(self, plan: &Protocol, sizes: &LookSizes, last_is_final: bool, known: &Remembered) -> Self {
        let mut exact = self;
        for (number, (asked, sizes)) in asked(plan).iter().zip(&sizes.0).enumerate() {
            let looks: ExactLooks = (number, sizes.clone(), last_is_final);
            let before = known.looks.borrow().get(&looks).copied();
            let found = before.unwrap_or_else(|| {
                let found = bound(plan, asked, sizes, last_is_final, known);
                known.looks.borrow_mut().insert(looks, found);
                found
            });
            let Some(ExactBound { z, p, spent }) = found else { continue };
            if !asked.for_harm {
                exact.exact = true;
                (exact.rule.efficacy_z, exact.rule.efficacy_p, exact.rule.alpha_spent) = (z, p, spent);
            } else if let Some((_, level)) = exact.harm.iter_mut().find(|(place, _)| *place == asked.place) {
                *level = p;
                exact.exact_harms.push(asked.place);
            }
        }
        exact
    }
}
