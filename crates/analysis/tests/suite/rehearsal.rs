//! Whole trials on made-up people: the error rates that the plan states, through the code that decides live ones.

use fairtrial_analysis::{
    comparison::Remembered,
    monitor::{LookDecision, due, judge, look_bounds},
    rehearse::{Rehearsal, RehearsalReport, Truth},
};
use fairtrial_domain::LockedProtocol;
use serde_json::{Value, json};

use crate::evidence::{plan_with, simple, table};

/// A small trial of the worthwhile effect 12 in 100, in blocks, with looks and a harm measure.
fn small(change: impl FnOnce(&mut Value)) -> LockedProtocol {
    plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0], document["outcomes"][2]]);
        document["outcomes"][0]["smallest_worthwhile_effect"] = json!("0.12");
        document["outcomes"][0]["expected_control"] = json!("0.3");
        document["outcomes"][1]["expected_control"] = json!("0.05");
        document["outcomes"][1]["margin"] = json!("0.05");
        document["decision_rule"] = json!("superior(paid-28d)");
        document["monitoring"]["max_units"] = json!(700);
        document["monitoring"]["looks"] = json!(["0.5", "0.75", "1"]);
        document["planning"] = json!({"units_per_day": "2"});
        change(document);
    })
}

fn rehearse(plan: &LockedProtocol, trials: u64, seed: u64) -> RehearsalReport {
    let rehearsal = Rehearsal::new(plan, trials).unwrap();
    rehearsal.report(&rehearsal.run(0..trials, seed), trials, seed)
}

fn share(report: &RehearsalReport, truth: Truth, pick: fn(&fairtrial_analysis::rehearse::Decided) -> f64) -> f64 {
    pick(&report.scenarios.iter().find(|scenario| scenario.truth == truth).unwrap().decided)
}

#[test]
fn the_stated_errors_are_kept() {
    let trials = 300;
    let report = rehearse(&small(|_| {}), trials, 11);
    // Three standard errors above the stated rate.
    let above = |rate: f64| rate + 3.0 * (rate * (1.0 - rate) / trials as f64).sqrt();
    assert!(share(&report, Truth::NoEffect, |d| d.succeeded.share) <= above(0.025));
    assert!(share(&report, Truth::NoEffect, |d| d.harmful.share) <= above(0.10));
    let given_up = share(&report, Truth::Worthwhile, |d| d.failed.share + d.futile.share);
    assert!(given_up <= above(0.20), "{given_up}");
    assert!(share(&report, Truth::Worthwhile, |d| d.succeeded.share) > 0.7);
    assert!(share(&report, Truth::Harm, |d| d.harmful.share) > 0.5);
    assert!(share(&report, Truth::Harm, |d| d.succeeded.share) < 0.05);
    let none = &report.scenarios[0];
    assert!(none.expected_people < 0.8 * 700.0, "{}", none.expected_people);
    for scenario in &report.scenarios {
        let d = &scenario.decided;
        let all = [d.succeeded, d.failed, d.futile, d.harmful, d.undecided, d.invalid];
        assert_eq!(all.iter().map(|share| share.trials).sum::<u64>(), trials);
        assert_eq!(scenario.ended_at_look.iter().map(|share| share.trials).sum::<u64>(), trials);
    }
}

#[test]
fn however_the_trials_are_shared_out_the_table_is_the_same() {
    let plan = small(|document| document["planning"]["attrition"] = json!("0.1"));
    let rehearsal = Rehearsal::new(&plan, 40).unwrap();
    let whole = rehearsal.run(0..40, 3);
    let mut parts = rehearsal.run(25..40, 3);
    parts.merge(&rehearsal.run(0..25, 3));
    assert_eq!(whole, parts);
    assert_ne!(whole, rehearsal.run(0..40, 4));
}

#[test]
fn clusters_and_other_kinds_of_outcome_are_made_up_too() {
    let roster: Vec<String> = (0..24).map(|n| format!("office-{n}")).collect();
    let plan = small(|document| {
        document["allocation"] = json!({"method": "cluster", "roster": roster});
        document["planning"]["icc"] = json!("0.02");
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document.as_object_mut().unwrap().remove("equity");
    });
    let report = rehearse(&plan, 100, 5);
    assert!(share(&report, Truth::NoEffect, |d| d.succeeded.share) <= 0.025 + 3.0 * 0.016);
    let amounts = small(|document| {
        document["outcomes"][0] = json!({"key": "days", "name": "Days to an answer", "role": "primary", "event": "answered",
            "kind": "duration", "better": "decrease", "follow_up_days": 28, "smallest_worthwhile_effect": "2",
            "expected_control": "10", "standard_deviation": "5", "step": "1"});
        document["hypothesis"]["outcome"] = json!("days");
        document["decision_rule"] = json!("superior(days)");
    });
    let report = rehearse(&amounts, 100, 5);
    assert!(share(&report, Truth::Worthwhile, |d| d.succeeded.share) > 0.8);
    assert!(share(&report, Truth::NoEffect, |d| d.succeeded.share) <= 0.025 + 3.0 * 0.016);
}

#[test]
fn what_cannot_be_rehearsed_is_refused_with_its_place() {
    let refused = |plan: &LockedProtocol, trials: u64| Rehearsal::new(plan, trials).unwrap_err().field;
    assert_eq!(refused(&small(|_| {}), 0), "trials");
    assert_eq!(refused(&small(|document| document["monitoring"]["max_units"] = json!(1_000_000)), 2_000), "trials");
    let unknown = small(|document| {
        document["outcomes"][0].as_object_mut().unwrap().remove("expected_control");
    });
    assert_eq!(refused(&unknown, 1), "/outcomes/0/expected_control");
    let slow = small(|document| {
        document["planning"]["units_per_day"] = json!("0.01");
    });
    assert_eq!(refused(&slow, 1), "/planning/units_per_day");
}

#[test]
fn looks_are_due_by_count_and_decide_by_their_boundary() {
    let plan = plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["monitoring"]["max_units"] = json!(2_000);
        document.as_object_mut().unwrap().remove("equity");
    });
    let monitoring = &plan.protocol().monitoring;
    assert_eq!(due(monitoring, 499, 0), None);
    assert_eq!(due(monitoring, 500, 0).unwrap().look, 1);
    assert_eq!(due(monitoring, 500, 1), None);
    assert_eq!(due(monitoring, 1_499, 0).unwrap().look, 2, "what was passed over is not held after the event");
    assert_eq!(due(monitoring, 2_000, 3), None, "the final look is the lock of the data");
    let at = look_bounds(plan.protocol(), &[0.5], false).unwrap();
    // Lan and DeMets' O'Brien-Fleming at one half of 0.025: z = 2.963.
    assert!((at.rule.efficacy_z.unwrap() - 2.9626).abs() < 1e-3 && at.rule.futility_z.is_some());
    let decided = |events: [u64; 2]| {
        let evidence = table(&plan, &[(events[0], 500), (events[1], 500)]);
        judge(plan.protocol(), &evidence, &at, false, &Remembered::default()).decision
    };
    // z of 3.1, 2.6, and 0.0.
    assert_eq!(decided([100, 143]), LookDecision::Succeeded);
    assert_eq!(decided([100, 135]), LookDecision::KeepGoing);
    assert_eq!(decided([100, 100]), LookDecision::Futile);
    let broken = table(&plan, &[(100, 500), (143, 800)]);
    assert_eq!(judge(plan.protocol(), &broken, &at, false, &Remembered::default()).decision, LookDecision::Invalid);
    let whole = look_bounds(simple().protocol(), &[1.0], true).unwrap();
    assert_eq!((whole.rule.efficacy_p, whole.rule.futility_z), (0.025, None));
    // Error not spent at a look that was not held is left for the end; less information than planned changes nothing of it.
    let late = look_bounds(plan.protocol(), &[0.9], true).unwrap();
    assert_eq!(late.rule.efficacy_p, 0.025);
}

#[test]
fn more_harm_is_found_sooner_and_by_more_trials() {
    let watched = |way: &str| {
        let plan = small(|document| {
            document["outcomes"][1]["expected_control"] = json!("0.02");
            document["outcomes"][1]["margin"] = json!("0.01");
            document["outcomes"][1]["harm_watch"] = json!(way);
        });
        let rehearsal = Rehearsal::new(&plan, 60).unwrap();
        let found = rehearsal.report_harm(&rehearsal.run_harm(0..60, 5).unwrap());
        assert_eq!((found.trials, found.measures.len()), (60, 1));
        // The measure's whole error is 0.1: three standard errors above it.
        assert!(found.mistaken.share <= 0.1 + 3.0 * (0.09_f64 / 60.0).sqrt(), "{way}: {:?}", found.mistaken);
        let at_margin = found.measures[0].at_margin.unwrap();
        assert!(at_margin.share <= 0.1 + 3.0 * (0.09_f64 / 60.0).sqrt(), "{way}: {at_margin:?}");
        assert!(at_margin.trials >= found.mistaken.trials, "{way}");
        let sizes = &found.measures[0].sizes;
        assert_eq!(sizes.iter().map(|size| size.one_in).collect::<Vec<_>>(), [50, 25, 20]);
        assert!(sizes.windows(2).all(|pair| pair[0].found.trials <= pair[1].found.trials), "{way}: {sizes:?}");
        found
    };
    let (at_looks, at_events) = (watched("looks"), watched("every_event"));
    assert_eq!(at_looks.sentences.len(), 5);
    assert!(
        at_looks.sentences[4].contains("exactly as many more as the plan accepts (1 in 100)"),
        "{:?}",
        at_looks.sentences
    );
    let half = |found: &fairtrial_analysis::rehearse::HarmRehearsal| found.measures[0].sizes[2].half_by;
    // Looks are after half of 700 people; what is watched at every event need not wait for them.
    assert!(half(&at_looks).is_some_and(|by| by >= 350), "{at_looks:?}");
    assert!(half(&at_events) <= half(&at_looks), "{at_events:?}");
}

#[test]
fn harm_is_rehearsed_only_where_a_plan_measures_it() {
    let plan = small(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
    });
    let truths = |plan: &LockedProtocol| -> Vec<Truth> {
        rehearse(plan, 1, 5).scenarios.iter().map(|scenario| scenario.truth).collect()
    };
    assert_eq!(Rehearsal::new(&plan, 10).unwrap().run_harm(0..10, 5), None);
    assert!(!truths(&plan).contains(&Truth::HarmAtMargin), "without a harm measure there is no margin");
    assert!(truths(&small(|_| {})).contains(&Truth::HarmAtMargin));
}

#[test]
fn parts_of_a_harm_rehearsal_add_up() {
    let plan = small(|_| {});
    let rehearsal = Rehearsal::new(&plan, 9).unwrap();
    let whole = rehearsal.run_harm(0..9, 3).unwrap();
    let mut parts = rehearsal.run_harm(5..9, 3).unwrap();
    parts.merge(&rehearsal.run_harm(0..5, 3).unwrap());
    assert_eq!(whole, parts);
    assert_eq!(rehearsal.report_harm(&whole).trials, 9);
}

#[test]
fn a_seed_gives_the_same_table_as_ever() {
    let report = rehearse(&small(|_| {}), 60, 1);
    let rows: Vec<String> = report
        .scenarios
        .iter()
        .map(|scenario| {
            let d = &scenario.decided;
            let counts = [d.succeeded, d.failed, d.futile, d.harmful, d.undecided, d.invalid].map(|share| share.trials);
            format!("{:?} {counts:?} {:.0}", scenario.truth, scenario.expected_people * 60.0)
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}
