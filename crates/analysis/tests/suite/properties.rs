//! What must hold for every plan and all evidence, possible or not.

use fairtrial_analysis::{
    Report, analyse,
    report::{Comparison, GateStatus, Measure, VerdictKind},
};
use fairtrial_domain::{
    LockedProtocol,
    projection::{ArmDay, Cell, Evidence, OutcomeEvidence, Tally},
    protocol::{Allocation, OutcomeKind},
};
use fairtrial_stats::special::elementary::{exp, ln};
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::json;

use crate::evidence::{happened, locked, plan_with, simple, table, values};

/// The cases are the same in every run, so that a failure is one of the change that was made.
const SEED: RngSeed = RngSeed::Fixed(1);

/// Plans that differ in everything the analysis branches on.
fn plans() -> Vec<LockedProtocol> {
    let all = |document: &mut serde_json::Value| {
        let mut rating = document["outcomes"][3].clone();
        rating["key"] = json!("ease");
        rating["kind"] = json!("rating");
        rating["step"] = json!("1");
        rating["minimum"] = json!("1");
        rating["maximum"] = json!("5");
        rating.as_object_mut().unwrap().remove("cap");
        document["outcomes"].as_array_mut().unwrap().push(rating);
        document["equity"] = json!({"groups": ["district", "age_band"], "margin": "0.03"});
    };
    let third_arm = |document: &mut serde_json::Value| {
        let mut third = document["arms"][1].clone();
        third["key"] = json!("third");
        third["ratio"] = json!(3);
        document["arms"].as_array_mut().unwrap().push(third);
    };
    vec![
        plan_with(all),
        plan_with(|document| {
            all(document);
            third_arm(document);
            document["analysis"]["missing"] = json!("left_out");
            document["decision_rule"] = json!("superior(ease) or superior(paid-28d) and not_worse(complaint-28d)");
            document["monitoring"]["sides"] = json!("two");
        }),
        plan_with(|document| {
            all(document);
            document["allocation"] =
                json!({"method": "cluster", "roster": ["north", "central", "south", "east", "west"]});
            document["aim"] = json!("not_worse");
            document["decision_rule"] = json!("not_worse(calls-28d)");
        }),
        simple(),
    ]
}

const GROUPS: [&str; 6] = ["", "north", "central", "south", "east", "west"];

fn people() -> impl Strategy<Value = u64> {
    prop_oneof![
        2 => Just(0_u64),
        4 => 0_u64..12,
        4 => 100_u64..3_000,
        1 => 0_u64..2_000_000,
        1 => prop_oneof![Just(1_u64 << 38), Just(1_000_000_000_000), Just(1_000_000_000_000_001), Just(u64::MAX)],
    ]
}

/// Values that people can have had, as a tally; sometimes sums that nobody can have.
fn tally(kind: OutcomeKind, mature: u64) -> BoxedStrategy<Tally> {
    let possible = match kind {
        OutcomeKind::Binary => (0..=mature, 0..=mature)
            .prop_map(|(observed, sum)| {
                let sum = i128::from(sum.min(observed));
                Tally { observed, sum, sum_of_squares: sum }
            })
            .boxed(),
        _ => (prop::collection::vec(prop_oneof![0_i64..6, -3_i64..1_000_000, Just(i64::MAX)], 0..6), 0_u64..1_000)
            .prop_map(move |(mut given, same)| {
                given.truncate(usize::try_from(mature).unwrap_or(usize::MAX));
                let mut tally = values(&given);
                let same = same.min(mature - tally.observed);
                tally.merge(&Tally { observed: same, sum: i128::from(same) * 2, sum_of_squares: i128::from(same) * 4 });
                tally
            })
            .boxed(),
    };
    let impossible = (any::<u64>(), any::<i128>(), any::<i128>()).prop_map(|(observed, sum, sum_of_squares)| Tally {
        observed,
        sum,
        sum_of_squares,
    });
    prop_oneof![60 => possible, 1 => impossible].boxed()
}

fn cell_of(kind: OutcomeKind, arms: usize) -> impl Strategy<Value = Cell> {
    let arm = prop_oneof![200 => 0..arms, 1 => Just(arms)];
    (arm, prop::sample::select(&GROUPS[..]), people(), 0_u64..5).prop_flat_map(move |(arm, group, mature, later)| {
        let assigned = mature.saturating_add(later);
        tally(kind, mature).prop_map(move |tally| Cell {
            arm,
            group: group.to_owned(),
            assigned,
            mature,
            set_aside: 0,
            tally,
        })
    })
}

/// Evidence for a plan: mostly possible, with the enrolment that its first outcome implies.
fn evidence(plan: &LockedProtocol) -> impl Strategy<Value = Evidence> + use<> {
    let template = locked(plan, vec![Vec::new(); plan.protocol().outcomes.len()]);
    let arms = plan.protocol().arms.len();
    let outcomes: Vec<_> = plan
        .protocol()
        .outcomes
        .iter()
        .map(|outcome| {
            let key = outcome.key.clone();
            prop::collection::vec(cell_of(outcome.kind, arms), 0..8)
                .prop_map(move |cells| OutcomeEvidence { outcome: key.clone(), cells })
        })
        .collect();
    let counts = [people(), people(), people(), people()];
    (outcomes, counts, prop::bool::weighted(0.9)).prop_map(move |(outcomes, [counted, early, late, nobody], locked)| {
        let mut evidence = Evidence { locked, outcomes, ..template.clone() };
        let first = evidence.outcomes[0].cells.clone();
        evidence.enrolment.retain(|day| first.iter().any(|cell| cell.arm == day.arm));
        for day in &mut evidence.enrolment {
            let assigned = first.iter().filter(|cell| cell.arm == day.arm).map(|cell| cell.assigned);
            day.assigned = assigned.fold(0, u64::saturating_add);
        }
        evidence.events.counted = counted;
        evidence.events.before_assignment = early;
        evidence.events.after_follow_up = late;
        evidence.events.unassigned = nobody;
        // The other outcomes have the people of the first, so that most evidence is read to the end.
        for outcome in evidence.outcomes.iter_mut().skip(1) {
            for (cell, model) in outcome.cells.iter_mut().zip(&first) {
                (cell.arm, cell.group) = (model.arm, model.group.clone());
                (cell.assigned, cell.mature) = (model.assigned, model.mature);
                cell.tally.observed = cell.tally.observed.min(cell.mature);
            }
            let have = outcome.cells.len();
            outcome.cells.extend(first.iter().skip(have).cloned());
            outcome.cells.truncate(first.len());
        }
        evidence
    })
}

fn absent_numbers_have_a_reason(comparison: &Comparison) -> bool {
    let numbers = [comparison.estimate, comparison.lower, comparison.upper];
    numbers.iter().all(Option::is_some) || comparison.not_estimable.is_some()
}

fn contains_its_estimate(comparison: &Comparison) -> bool {
    let Some(estimate) = comparison.estimate else { return true };
    let slack = 1e-9 * estimate.abs().max(1e-300);
    comparison.lower.is_none_or(|lower| lower <= estimate + slack)
        && comparison.upper.is_none_or(|upper| estimate <= upper + slack)
}

fn check(plan: &LockedProtocol, evidence: &Evidence) -> Result<(), TestCaseError> {
    let report = analyse(plan, evidence, "fairtrial-test");
    let text = serde_json::to_string(&report).map_err(|e| TestCaseError::fail(e.to_string()))?;
    // JSON has no NaN and no infinity: a report that holds one does not come back the same.
    let back: Report = serde_json::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
    prop_assert_eq!(&back, &report);
    for comparison in report.outcomes.iter().flat_map(|outcome| &outcome.comparisons) {
        prop_assert!(absent_numbers_have_a_reason(comparison), "{:?}", comparison);
        prop_assert!(contains_its_estimate(comparison), "{:?}", comparison);
        prop_assert!(comparison.p_value.is_none_or(|p| p > 0.0 && p <= 1.0), "{:?}", comparison);
    }
    let red = report.integrity.iter().any(|gate| gate.status == GateStatus::Red);
    prop_assert_eq!(red, report.verdict.kind == VerdictKind::Invalid);
    prop_assert!(evidence.locked || matches!(report.verdict.kind, VerdictKind::Invalid | VerdictKind::Undecided));
    prop_assert!(evidence.locked || report.outcomes.iter().all(|outcome| outcome.comparisons.is_empty()));
    prop_assert!(!report.verdict.headline.is_empty() && !report.verdict.reasons.is_empty());
    prop_assert!(!report.verdict.headline.contains("NaN") && !report.verdict.headline.contains("inf"));
    if report.verdict.kind != VerdictKind::Invalid {
        let flow = &report.flow;
        prop_assert_eq!(flow.assigned, flow.arms.iter().map(|arm| arm.assigned).sum::<u64>());
        prop_assert_eq!(flow.requests, flow.assigned + flow.not_enrolled.iter().map(|away| away.count).sum::<u64>());
        for arm in &flow.arms {
            prop_assert_eq!(arm.assigned, arm.not_yet_mature + arm.missing + arm.analysed);
        }
    }
    Ok(())
}

fn run(index: usize, cases: u32) {
    let plan = &plans()[index];
    let config = ProptestConfig { cases, failure_persistence: None, rng_seed: SEED, ..ProptestConfig::default() };
    proptest!(config, |(evidence in evidence(plan))| check(plan, &evidence)?);
}

// Ten thousand in all; fewer where the exact check of the shares of three arms takes its time.

#[test]
fn reports_of_strata_hold_for_all_evidence() {
    run(0, 1_500);
}

#[test]
fn reports_of_three_arms_hold_for_all_evidence() {
    run(1, 300);
}

#[test]
fn reports_of_clusters_hold_for_all_evidence() {
    run(2, 2_000);
}

#[test]
fn reports_of_one_outcome_hold_for_all_evidence() {
    run(3, 6_200);
}

#[test]
fn a_verdict_depends_on_plan_and_evidence_alone() {
    // Neither the name of the program nor the way the evidence was kept, nor the order of its rows, has a say.
    let plan = &plans()[0];
    let config = ProptestConfig { cases: 300, failure_persistence: None, rng_seed: SEED, ..ProptestConfig::default() };
    proptest!(config, |(evidence in evidence(plan))| {
        let mut kept: Evidence = serde_json::from_str(&serde_json::to_string(&evidence).unwrap()).unwrap();
        prop_assert_eq!(&kept, &evidence);
        kept.enrolment.reverse();
        kept.outcomes.iter_mut().for_each(|outcome| outcome.cells.reverse());
        prop_assert_eq!(analyse(plan, &kept, "another program").verdict.kind, analyse(plan, &evidence, "").verdict.kind);
    });
}

#[test]
fn the_plans_differ_where_the_analysis_branches() {
    let plans = plans();
    assert!(matches!(plans[2].protocol().allocation, Allocation::Cluster { .. }));
    assert_eq!(plans[1].protocol().arms.len(), 3);
    assert!(plans[0].protocol().outcomes.iter().any(|outcome| outcome.kind == OutcomeKind::Rating));
}

/// One arm: people above 40, the share for whom it happened, and values of a count.
type RandomArm = (u64, f64, Vec<i64>);

/// Two arms exchanged: what was found of the one is now found of the other.
fn exchanged(evidence: &Evidence) -> Evidence {
    let mut evidence = evidence.clone();
    let cells = evidence.outcomes.iter_mut().flat_map(|outcome| &mut outcome.cells).map(|cell| &mut cell.arm);
    let days = evidence.enrolment.iter_mut().map(|ArmDay { arm, .. }| arm);
    cells.chain(days).for_each(|arm| *arm = 1 - *arm);
    evidence
}

fn mirrored(one: &Comparison, other: &Comparison) -> Result<(), TestCaseError> {
    let turned = |number: Option<f64>| match one.measure {
        Measure::Difference => number.map(|n| -n),
        Measure::Ratio => number.filter(|n| *n > 0.0).map(|n| 1.0 / n),
    };
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * a.abs().max(1e-6),
        _ => true,
    };
    for (a, b) in [(one.estimate, other.estimate), (one.lower, other.upper), (one.upper, other.lower)] {
        prop_assert!(near(turned(a), b), "{:?} {:?}", one, other);
    }
    prop_assert!(near(one.p_value, other.p_value), "{:?} {:?}", one, other);
    Ok(())
}

#[test]
fn exchanging_the_arms_mirrors_the_comparison() {
    let plan = plan_with(|document| {
        document["outcomes"].as_array_mut().unwrap().truncate(2);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document.as_object_mut().unwrap().remove("equity");
    });
    let mirrors = |arms: &[RandomArm; 2]| {
        let cells = |tally: &dyn Fn(&RandomArm) -> Tally| -> Vec<Cell> {
            arms.iter()
                .enumerate()
                .map(|(place, arm)| crate::evidence::cell(place, "", 40 + arm.0, tally(arm)))
                .collect()
        };
        let happens = |(people, share, _): &RandomArm| happened((*people as f64 * share) as u64);
        let evidence = locked(&plan, vec![cells(&happens), cells(&|(_, _, given)| values(given))]);
        let (one, other) = (analyse(&plan, &evidence, ""), analyse(&plan, &exchanged(&evidence), ""));
        for (one, other) in one.outcomes.iter().zip(&other.outcomes) {
            for (one, other) in one.comparisons.iter().zip(&other.comparisons) {
                mirrored(one, other)?;
            }
        }
        Ok::<(), TestCaseError>(())
    };
    // An arm without a single call beside one with few people.
    mirrors(&[(109, 0.0, vec![0, 0]), (1, 0.0, vec![0, 1])]).unwrap();
    let arm = || (1_u64..400, 0.0_f64..1.0, prop::collection::vec(0_i64..9, 2..40));
    let config = ProptestConfig { cases: 500, failure_persistence: None, rng_seed: SEED, ..ProptestConfig::default() };
    proptest!(config, |(arms in [arm(), arm()])| mirrors(&arms)?);
}

/// ln of the number of ways to choose.
fn ln_choose(n: u64, k: u64) -> f64 {
    (0..k).map(|i| ln((n - i) as f64 / (i + 1) as f64)).sum()
}

fn binomial(n: u64, k: u64, p: f64) -> f64 {
    exp(ln_choose(n, k) + k as f64 * ln(p) + (n - k) as f64 * ln(1.0 - p))
}

#[test]
fn a_small_trial_keeps_its_error_rates_exactly() {
    // Every table of a trial with 18 people an arm, so that the probabilities of the verdicts are exact.
    let people = 18;
    let plan = plan_with(|document| {
        let mut primary = document["outcomes"][0].clone();
        primary["smallest_worthwhile_effect"] = json!("0.3");
        document["outcomes"] = json!([primary]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document.as_object_mut().unwrap().remove("equity");
    });
    let tables: Vec<(u64, u64, VerdictKind)> = (0..=people)
        .flat_map(|control| (0..=people).map(move |new| (control, new)))
        .map(|(control, new)| {
            let evidence = table(&plan, &[(control, people), (new, people)]);
            (control, new, analyse(&plan, &evidence, "").verdict.kind)
        })
        .collect();
    let chance = |kind: VerdictKind, control: f64, new: f64| -> f64 {
        let of_kind = tables.iter().filter(|(_, _, found)| *found == kind);
        of_kind.map(|(x0, x1, _)| binomial(people, *x0, control) * binomial(people, *x1, new)).sum()
    };
    for percent in 1..100 {
        let p = f64::from(percent) / 100.0;
        let wrong_success = chance(VerdictKind::Succeeded, p, p);
        assert!(wrong_success <= 0.025, "at {p} no effect succeeds with probability {wrong_success}");
        if percent <= 69 {
            // The interval is approximate, so that its error may exceed 0.025 a little at this size.
            let wrong_failure = chance(VerdictKind::Failed, p, p + 0.3);
            assert!(wrong_failure <= 0.05, "at {p} a worthwhile effect fails with probability {wrong_failure}");
        }
    }
    assert!(chance(VerdictKind::Succeeded, 0.2, 0.8) > 0.9, "a large effect is found");
    assert!(chance(VerdictKind::Failed, 0.9, 0.3) > 0.9, "a bad one is ruled out");
}
