//! What the versions cost, and what an extra good outcome costs.

use crate::{
    comparison::{finite, gain},
    reading::Reading,
    report::{ArmCost, Comparison, CostComparison, CostReport, Measure, NotEstimable, OutcomeReport},
};

/// The cost of each arm, and of each intervention beside the control.
pub(crate) fn cost(reading: &Reading<'_>, primary: Option<&OutcomeReport>) -> CostReport {
    let plan = reading.plan;
    let assigned = |arm: usize| reading.sample(reading.primary(), arm).map_or(0, |sample| sample.assigned);
    let arms = plan
        .arms
        .iter()
        .enumerate()
        .map(|(index, arm)| ArmCost {
            arm: arm.key.clone(),
            unit_cost: arm.unit_cost,
            assigned: assigned(index),
            total: arm.unit_cost.and_then(|cost| finite(cost.to_f64() * assigned(index) as f64)),
        })
        .collect();
    let Some(control) = plan.control() else { return CostReport { arms, comparisons: Vec::new() } };
    let comparisons = plan
        .interventions()
        .map(|(_, arm)| {
            let extra = arm.unit_cost.zip(control.unit_cost).map(|(one, zero)| one.to_f64() - zero.to_f64());
            let difference = primary.and_then(|outcome| {
                outcome.comparisons.iter().find(|c| c.measure == Measure::Difference && c.arm == arm.key)
            });
            let mut comparison = CostComparison {
                arm: arm.key.clone(),
                control: control.key.clone(),
                extra_per_unit: extra.and_then(finite),
                per_extra_outcome: None,
                lower: None,
                upper: None,
                not_estimable: None,
            };
            let outcome = plan.outcomes.get(reading.primary());
            let turned = |number: Option<f64>| outcome.zip(number).map(|(outcome, number)| gain(outcome, number));
            match (extra, difference) {
                (None, _) => {
                    absent(&mut comparison, "not_recorded", "the plan gives no unit cost for one of the two arms")
                }
                (_, None) => absent(&mut comparison, "not_estimable", "the arms are not compared yet"),
                (Some(extra), Some(difference)) => per_extra(&mut comparison, extra, difference, &turned),
            }
            comparison
        })
        .collect();
    CostReport { arms, comparisons }
}

/// Extra cost over extra gain, with the ends of the difference's interval put in: unit costs are known, not estimated.
fn per_extra(
    comparison: &mut CostComparison,
    extra: f64,
    difference: &Comparison,
    turned: &impl Fn(Option<f64>) -> Option<f64>,
) {
    let ends = [turned(difference.lower), turned(difference.upper)];
    let (Some(estimate), [Some(one), Some(other)]) = (turned(difference.estimate), ends) else {
        return absent(comparison, "not_estimable", "the difference of the outcomes is not estimable");
    };
    let (lowest, highest) = (one.min(other), one.max(other));
    if lowest <= 0.0 || estimate <= 0.0 {
        return absent(comparison, "unbounded", "the data fit no gain at all, so that an extra outcome has no price");
    }
    let ends = [extra / lowest, extra / highest];
    comparison.per_extra_outcome = finite(extra / estimate);
    comparison.lower = finite(ends[0].min(ends[1]));
    comparison.upper = finite(ends[0].max(ends[1]));
}

fn absent(comparison: &mut CostComparison, code: &str, detail: &str) {
    comparison.not_estimable = Some(NotEstimable::new(code, detail));
}
