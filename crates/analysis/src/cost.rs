//! What the versions cost, what an extra good outcome costs, and what the trial itself cost and saved.
//!
//! Unit costs are known, not estimated. So the interval for the cost of an extra outcome is that of the difference put under the
//! extra cost, which is Fieller's set for a numerator without error: where the data fit no gain, it has no upper end.

use fairtrial_domain::{
    Decimal,
    protocol::{Arm, Costs},
};

use crate::{
    comparison::{finite, gain},
    reading::Reading,
    report::{
        ArmCost, Comparison, CostComparison, CostReport, Measure, NotEstimable, OutcomeReport, VerdictKind, YearlyCost,
    },
};

const MINUTES_AN_HOUR: f64 = 60.0;

/// The cost of each arm, of each intervention beside the control, and of the trial.
pub(crate) fn cost(reading: &Reading<'_>, primary: Option<&OutcomeReport>, verdict: VerdictKind) -> CostReport {
    let plan = reading.plan;
    let costs = plan.costs.as_ref();
    let assigned = |arm: usize| reading.sample(reading.primary(), arm).map_or(0, |sample| sample.assigned);
    let arms: Vec<ArmCost> = plan
        .arms
        .iter()
        .enumerate()
        .map(|(index, arm)| {
            let each = each(arm, costs);
            let total = each.map(|cost| cost * assigned(index) as f64).and_then(finite);
            ArmCost {
                arm: arm.key.clone(),
                unit_cost: arm.unit_cost,
                staff_minutes: arm.staff_minutes,
                fixed_cost: arm.fixed_cost,
                each: each.and_then(finite),
                assigned: assigned(index),
                total,
            }
        })
        .collect();
    let mut report = CostReport {
        currency: costs.and_then(|costs| costs.currency.clone()),
        arms,
        comparisons: Vec::new(),
        learning: None,
        avoided: None,
    };
    let Some(control) = plan.control() else { return report };
    report.comparisons = plan
        .interventions()
        .map(|(_, arm)| {
            let extra = each(arm, costs).zip(each(control, costs)).map(|(one, zero)| one - zero);
            let found = primary.and_then(|outcome| {
                outcome.comparisons.iter().find(|c| c.measure == Measure::Difference && c.arm == arm.key)
            });
            comparison(reading, (arm, control), extra, found)
        })
        .collect();
    report.learning = learning(reading, &report);
    report.avoided = avoided(reading, &report, verdict);
    report
}

/// What one unit of an arm costs: its delivery and the time of staff. None where the plan says neither, and where it counts time
/// without saying what an hour costs.
fn each(arm: &Arm, costs: Option<&Costs>) -> Option<f64> {
    let time = match (arm.staff_minutes, costs.and_then(|costs| costs.staff_hour)) {
        (Some(minutes), Some(hour)) => Some(minutes.to_f64() / MINUTES_AN_HOUR * hour.to_f64()),
        (Some(_), None) => return None,
        (None, _) => None,
    };
    match (arm.unit_cost, time) {
        (None, None) => None,
        (unit, time) => Some(unit.map_or(0.0, Decimal::to_f64) + time.unwrap_or(0.0)),
    }
}

fn comparison(
    reading: &Reading<'_>,
    (arm, control): (&Arm, &Arm),
    extra: Option<f64>,
    found: Option<&Comparison>,
) -> CostComparison {
    let outcome = reading.plan.outcomes.get(reading.primary());
    let turned = |number: Option<f64>| outcome.zip(number).map(|(outcome, number)| gain(outcome, number));
    let mut comparison = CostComparison {
        arm: arm.key.clone(),
        control: control.key.clone(),
        extra_per_unit: extra.and_then(finite),
        per_extra_outcome: None,
        lower: None,
        upper: None,
        yearly: None,
        not_estimable: None,
    };
    let per_year = reading.plan.costs.as_ref().and_then(|costs| costs.units_per_year);
    comparison.yearly = per_year.zip(extra).and_then(|(units, extra)| {
        let of = |number: Option<f64>| turned(number).map(|gain| gain * units as f64).and_then(finite);
        let (one, other) = (of(found.and_then(|f| f.lower)), of(found.and_then(|f| f.upper)));
        let ordered = |larger: bool| match (one, other) {
            (Some(one), Some(other)) => Some(if larger { one.max(other) } else { one.min(other) }),
            _ => None,
        };
        Some(YearlyCost {
            units,
            extra: finite(extra * units as f64)?,
            to_introduce: arm.fixed_cost,
            gain: of(found.and_then(|f| f.estimate)),
            gain_lower: ordered(false),
            gain_upper: ordered(true),
        })
    });
    match (extra, found) {
        (None, _) => absent(&mut comparison, "not_recorded", "the plan does not say what both versions cost"),
        (_, None) => absent(&mut comparison, "not_estimable", "the arms are not compared yet"),
        (Some(extra), Some(found)) => {
            let ends = [turned(found.lower), turned(found.upper)];
            per_extra(&mut comparison, extra, turned(found.estimate), ends);
        }
    }
    comparison
}

/// Extra cost over extra gain, with the ends of the difference's interval put in.
fn per_extra(comparison: &mut CostComparison, extra: f64, gain: Option<f64>, ends: [Option<f64>; 2]) {
    let (Some(gain), [Some(one), Some(other)]) = (gain, ends) else {
        return absent(comparison, "not_estimable", "the difference of the outcomes is not estimable");
    };
    let (lowest, highest) = (one.min(other), one.max(other));
    if highest <= 0.0 {
        return absent(comparison, "unbounded", "the data fit no gain at all, so that an extra outcome has no price");
    }
    if extra <= 0.0 && lowest <= 0.0 {
        return absent(comparison, "unbounded", "the data also fit no gain, so that an extra outcome has no price");
    }
    if extra < 0.0 {
        return absent(
            comparison,
            "saves",
            "the new version costs less and does no worse: an extra outcome has no price",
        );
    }
    comparison.per_extra_outcome = Some(extra / gain).filter(|_| gain > 0.0).and_then(finite);
    if lowest > 0.0 {
        let ends = [extra / lowest, extra / highest];
        comparison.lower = finite(ends[0].min(ends[1]));
        comparison.upper = finite(ends[0].max(ends[1]));
    } else {
        comparison.lower = finite(extra / highest);
        absent(
            comparison,
            "unbounded",
            "the data also fit no gain, so that the price of an extra outcome has no upper end",
        );
    }
}

fn absent(comparison: &mut CostComparison, code: &str, detail: &str) {
    comparison.not_estimable = Some(NotEstimable::new(code, detail));
}

/// What was paid to know: running the trial, making the versions, and what the new versions cost more (or less) for those who
/// had them. None where the plan names no cost.
fn learning(reading: &Reading<'_>, report: &CostReport) -> Option<f64> {
    let plan = reading.plan;
    let trial = plan.costs.as_ref().and_then(|costs| costs.trial);
    let fixed = plan.interventions().filter_map(|(_, arm)| arm.fixed_cost);
    let extra = report.comparisons.iter().filter_map(|found| {
        let people = report.arms.iter().find(|arm| arm.arm == found.arm)?.assigned;
        Some(found.extra_per_unit? * people as f64)
    });
    let parts: Vec<f64> = trial.into_iter().chain(fixed).map(Decimal::to_f64).chain(extra).collect();
    if parts.is_empty() { None } else { finite(parts.iter().sum()) }
}

/// What a year of the dearest new version would have cost more than today, had it been introduced for everybody untried: only
/// where the trial says that it should not be. None where the plan gives no yearly number.
fn avoided(reading: &Reading<'_>, report: &CostReport, verdict: VerdictKind) -> Option<f64> {
    let given_up = matches!(verdict, VerdictKind::Failed | VerdictKind::Harmful);
    if !reading.evidence.locked || !given_up {
        return None;
    }
    let yearly = report.comparisons.iter().filter_map(|found| found.yearly.as_ref());
    // What was paid once to make the version is spent already, and part of the cost of learning.
    yearly.map(|year| year.extra).filter(|extra| *extra > 0.0).reduce(f64::max)
}
