//! Ranges of several new versions hold all together, and say what the rule says.

use fairtrial_analysis::{
    Report, analyse,
    report::{ClaimStatus, RangeTogether},
};
use fairtrial_domain::{LockedProtocol, projection::HeldLook};
use fairtrial_stats::two_proportions::risk_difference;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::json;

use crate::evidence::{plan_with, simple, table};

const PEOPLE: u64 = 400;

/// Three new versions beside the usual one, all to be better.
fn three(more: impl FnOnce(&mut serde_json::Value)) -> LockedProtocol {
    let base = simple();
    plan_with(|document| {
        *document = serde_json::from_str(base.canonical()).unwrap();
        let arms = document["arms"].as_array_mut().unwrap();
        for key in ["second", "third"] {
            let mut arm = arms[1].clone();
            (arm["key"], arm["name"]) = (json!(key), json!(format!("The {key} new letter")));
            arms.push(arm);
        }
        more(document);
    })
}

fn report(plan: &LockedProtocol, events: [u64; 4]) -> Report {
    analyse(plan, &table(plan, &events.map(|events| (events, PEOPLE))), "tests")
}

fn ranges(report: &Report) -> Vec<(f64, f64)> {
    report.outcomes[0].together.iter().map(|range| (range.lower.unwrap(), range.upper.unwrap())).collect()
}

/// The interval of one version by itself that leaves out this much on each side.
fn alone(events: u64, control: u64, one_sided: f64) -> (f64, f64) {
    let found = risk_difference(events, PEOPLE, control, PEOPLE, 1.0 - 2.0 * one_sided).unwrap().interval;
    (found.lower, found.upper)
}

#[track_caller]
fn same(found: &[(f64, f64)], wanted: &[(f64, f64)]) {
    let far = |(a, b): (&(f64, f64), &(f64, f64))| (a.0 - b.0).abs().max((a.1 - b.1).abs());
    assert!(
        found.len() == wanted.len() && found.iter().zip(wanted).all(|pair| far(pair) < 1e-12),
        "{found:?} {wanted:?}"
    );
}

#[test]
fn the_ends_are_those_that_belong_to_the_rule() {
    let plan = three(|_| {});
    let alpha = 0.025;
    // None shown: everybody has a third of the error.
    let none = report(&plan, [120, 125, 130, 118]);
    same(&ranges(&none), &[125, 130, 118].map(|events| alone(events, 120, alpha / 3.0)));
    // One shown: no more is said of it than that it is better; the others have half of the error each.
    let one = report(&plan, [120, 180, 130, 118]);
    let upper = |events: u64| alone(events, 120, alpha / 3.0).1;
    let half = |events: u64| (alone(events, 120, alpha / 2.0).0, upper(events));
    same(&ranges(&one), &[(0.0, upper(180)), half(130), half(118)]);
    // All shown: each has its third again.
    let all = report(&plan, [120, 180, 190, 175]);
    same(&ranges(&all), &[180, 190, 175].map(|events| alone(events, 120, alpha / 3.0)));
    assert!(all.outcomes[0].together.iter().all(|range| (range.level - 0.95).abs() < 1e-12));
}

#[test]
fn where_less_is_better_the_good_end_is_the_upper_one() {
    let plan = three(|document| document["outcomes"][0]["better"] = json!("decrease"));
    let found = report(&plan, [180, 120, 170, 175]);
    let (third, half) = (0.025 / 3.0, 0.025 / 2.0);
    let of = |events: u64| (alone(events, 180, third).0, alone(events, 180, half).1);
    same(&ranges(&found), &[(alone(120, 180, third).0, 0.0), of(170), of(175)]);
    assert!(ranges(&found)[0].1.is_sign_positive(), "no difference is told as 0");
}

#[test]
fn other_procedures_and_rules_of_alternatives_have_equal_parts() {
    for plan in [
        three(|document| document["analysis"]["multiplicity"] = json!("hochberg")),
        three(|document| document["decision_rule"] = json!("superior(paid-28d) or superior(paid-28d)")),
    ] {
        let found = report(&plan, [120, 180, 130, 118]);
        same(&ranges(&found), &[180, 130, 118].map(|events| alone(events, 120, 0.025 / 3.0)));
    }
}

#[test]
fn one_new_version_and_open_trials_have_none() {
    let plan = three(|_| {});
    let open = fairtrial_domain::projection::Evidence {
        locked: false,
        ..table(&plan, &[(120, PEOPLE), (180, PEOPLE), (130, PEOPLE), (118, PEOPLE)])
    };
    assert_eq!(analyse(&plan, &open, "tests").outcomes[0].together, Vec::<RangeTogether>::new());
    let one = simple();
    let found = analyse(&one, &table(&one, &[(120, PEOPLE), (180, PEOPLE)]), "tests");
    assert_eq!(found.outcomes[0].together, Vec::<RangeTogether>::new());
}

#[test]
fn after_looks_each_version_has_its_part_in_stagewise_order() {
    let plan = three(|document| {
        document["monitoring"]["looks"] = json!(["0.5", "1"]);
        document["monitoring"]["efficacy"] = json!({"spending": "obrien_fleming"});
    });
    let end = table(&plan, &[(240, 800), (245, 800), (260, 800), (236, 800)]);
    let half = fairtrial_domain::projection::Evidence {
        locked: false,
        ..table(&plan, &[(120, 400), (125, 400), (130, 400), (118, 400)])
    };
    let looks = vec![HeldLook { look: 1, due_at: half.as_of, evidence: half }];
    let found = analyse(&plan, &fairtrial_domain::projection::Evidence { looks, ..end }, "tests");
    let each = found.after_looks.unwrap().arms;
    let together = &found.outcomes[0].together;
    assert_eq!(together.len(), 3);
    for (range, alone) in together.iter().zip(&each) {
        assert!(range.lower.unwrap() < alone.lower.unwrap() && range.upper.unwrap() > alone.upper.unwrap());
        assert!((range.level - 0.95).abs() < 1e-12 && range.method.as_ref().unwrap().contains("stage-wise"));
    }
}

/// In how many of these trials all ranges together, and all ranges by themselves, hold the true differences.
fn covered(plan: &LockedProtocol, shares: [f64; 4], trials: u32, seed: u64) -> (u32, u32) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut happened =
        |share: f64| (0..PEOPLE).filter(|_| f64::from(random.next_u32()) / 4_294_967_296.0 < share).count() as u64;
    let (mut together, mut alone) = (0, 0);
    for _ in 0..trials {
        let found = report(plan, shares.map(&mut happened));
        let truth: Vec<f64> = shares[1..].iter().map(|share| share - shares[0]).collect();
        let ranges = ranges(&found);
        together += u32::from(ranges.iter().zip(&truth).all(|(range, truth)| range.0 <= *truth && *truth <= range.1));
        let by_itself = found.outcomes[0].comparisons.iter().filter(|one| one.lower.is_some() && one.p_value.is_some());
        let differences = by_itself.filter(|one| one.measure == fairtrial_analysis::report::Measure::Difference);
        alone += u32::from(
            differences.zip(&truth).all(|(one, truth)| one.lower.unwrap() <= *truth && *truth <= one.upper.unwrap()),
        );
        // What is shown is better, and what is not shown may be no better.
        for (arm, range) in found.decision.arms.iter().zip(&ranges) {
            assert_eq!(arm.status == ClaimStatus::Holds, range.0 >= 0.0, "{arm:?} {range:?}");
        }
    }
    (together, alone)
}

#[test]
fn all_ranges_hold_together_as_often_as_they_say() {
    let plan = three(|_| {});
    let trials = 1_000;
    // 95 % less three times what chance does to a thousand trials.
    let fewest = 929;
    for (seed, shares) in [[0.3, 0.3, 0.3, 0.3], [0.3, 0.42, 0.3, 0.3], [0.3, 0.42, 0.38, 0.3], [0.3, 0.4, 0.38, 0.36]]
        .into_iter()
        .enumerate()
    {
        let (together, alone) = covered(&plan, shares, trials, seed as u64 + 1);
        assert!(together >= fewest, "{together} of {trials} at {shares:?}");
        assert!(alone < fewest, "{alone} of {trials} by themselves at {shares:?}: then nothing is shared");
    }
}

#[test]
fn what_is_released_is_made_of_released_counts_alone() {
    let plan = three(|_| {});
    let found = report(&plan, [120, 180, 130, 118]);
    let key = fairtrial_analysis::release::ReleaseKey::new([7; 32]);
    let (view, policy) = (fairtrial_analysis::release::View::Public, fairtrial_analysis::release::Policy::STANDARD);
    let released = fairtrial_analysis::release::release(plan.protocol(), &found, view, policy, &key).unwrap();
    let outcome = &released.outcomes[0];
    let counts: Vec<[u64; 2]> =
        outcome.arms.iter().map(|arm| [arm.events.value().unwrap(), arm.analysed.value().unwrap()]).collect();
    let at = |arm: usize, one_sided: f64| {
        let ([x1, n1], [x0, n0]) = (counts[arm], counts[0]);
        let found = risk_difference(x1, n1, x0, n0, 1.0 - 2.0 * one_sided).unwrap().interval;
        (found.lower, found.upper)
    };
    let (third, half) = (0.025 / 3.0, 0.025 / 2.0);
    let ranges: Vec<(f64, f64)> =
        outcome.together.iter().map(|range| (range.lower.unwrap(), range.upper.unwrap())).collect();
    let other = |arm: usize| (at(arm, half).0, at(arm, third).1);
    same(&ranges, &[(0.0, at(1, third).1), other(2), other(3)]);
    let text = serde_json::to_string(&outcome.together).unwrap();
    assert!(!text.contains("other_level") && !text.contains("\"good\""), "{text}");
}
