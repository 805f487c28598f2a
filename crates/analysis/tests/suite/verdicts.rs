//! One verdict of each kind, word for word, with the whole report beside it in `snapshots`.

use fairtrial_analysis::{
    Report, analyse,
    report::{ClaimStatus, GateStatus, LookStatus, Verdict, VerdictKind},
};
use fairtrial_domain::{
    LockedProtocol,
    projection::{ArmHandling, Evidence},
};
use serde_json::{Value, json};

use crate::evidence::{cell, happened, locked, plan_with, simple, table, values};

fn report(plan: &LockedProtocol, evidence: &Evidence) -> Report {
    analyse(plan, evidence, "fairtrial-test")
}

#[track_caller]
fn says(report: &Report, kind: VerdictKind, code: &str, headline: &str) {
    let Verdict { kind: found, headline: said, reasons, action, .. } = &report.verdict;
    assert_eq!((*found, said.as_str()), (kind, headline));
    assert_eq!((reasons[0].code.as_str(), action.as_str()), (code, kind.action()));
}

/// Numbers to ten digits: the last ones are the machine's, not the method's.
fn rounded(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let digits = format!("{:.9e}", number.as_f64().unwrap());
            *value = json!(digits.parse::<f64>().unwrap());
        }
        Value::Array(items) => items.iter_mut().for_each(rounded),
        Value::Object(fields) => fields.values_mut().for_each(rounded),
        _ => {}
    }
}

#[track_caller]
fn kept(name: &str, report: &Report) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut value = serde_json::to_value(report).unwrap();
    rounded(&mut value);
    settings.bind(|| insta::assert_snapshot!(name, serde_json::to_string_pretty(&value).unwrap()));
}

/// A primary outcome with a guardrail (calls) and a harm measure (complaints).
fn guarded() -> LockedProtocol {
    plan_with(|document| {
        document["outcomes"].as_array_mut().unwrap().truncate(3);
        document["allocation"] = json!({"method": "simple"});
        document["monitoring"]["looks"] = json!(["0.5", "1"]);
        document.as_object_mut().unwrap().remove("equity");
    })
}

/// People paid, complained, and calls by person, of control and new letter.
fn guarded_evidence(plan: &LockedProtocol, paid: [u64; 2], calls: [&[i64]; 2], harmed: [u64; 2]) -> Evidence {
    let people = 1_000;
    let arms = |tally: &dyn Fn(usize) -> fairtrial_domain::projection::Tally| {
        vec![cell(0, "", people, tally(0)), cell(1, "", people, tally(1))]
    };
    let outcomes =
        vec![arms(&|arm| happened(paid[arm])), arms(&|arm| values(calls[arm])), arms(&|arm| happened(harmed[arm]))];
    locked(plan, outcomes)
}

const FEW_CALLS: &[i64] = &[1; 100];

#[test]
fn a_clear_gain_succeeds() {
    let plan = guarded();
    let calls = [[1; 130].as_slice(), FEW_CALLS];
    let report = report(&plan, &guarded_evidence(&plan, [200, 260], calls, [10, 9]));
    says(
        &report,
        VerdictKind::Succeeded,
        "decision_rule_met",
        "Paid or on a plan within 28 days: 26 in 100 people with “Letter with the extra sentence”, 20 in 100 with “Usual \
         letter”. The true gain is likely between 2 and 10 more in 100.",
    );
    assert_eq!(
        report.looks.iter().map(|look| look.status).collect::<Vec<_>>(),
        [LookStatus::NotHeld, LookStatus::Held]
    );
    kept("succeeded", &report);
}

#[test]
fn an_effect_too_small_to_matter_fails() {
    let plan = simple();
    let report = report(&plan, &table(&plan, &[(3_000, 10_000), (3_050, 10_000)]));
    says(
        &report,
        VerdictKind::Failed,
        "below_smallest_worthwhile_effect",
        "“Letter with the extra sentence” did not do enough. Paid or on a plan within 28 days: 30.5 in 100 people with \
         “Letter with the extra sentence”, 30.0 in 100 with “Usual letter”. A gain of 3 in 100, the smallest that would \
         matter, can be ruled out.",
    );
    kept("failed", &report);
}

#[test]
fn a_worse_guardrail_fails_whatever_the_gain() {
    let plan = guarded();
    let calls = [FEW_CALLS, [1; 200].as_slice()];
    let report = report(&plan, &guarded_evidence(&plan, [200, 260], calls, [10, 9]));
    says(
        &report,
        VerdictKind::Failed,
        "guardrail_inferior",
        "“Letter with the extra sentence” made things worse. Calls to the contact centre: 0.200 on average with “Letter \
         with the extra sentence”, 0.100 on average with “Usual letter”. A loss within 0.02, the most that is \
         acceptable, can be ruled out.",
    );
}

#[test]
fn harm_comes_before_success() {
    let plan = guarded();
    let calls = [[1; 130].as_slice(), FEW_CALLS];
    let report = report(&plan, &guarded_evidence(&plan, [200, 260], calls, [40, 90]));
    says(
        &report,
        VerdictKind::Harmful,
        "harm_boundary_crossed",
        "Stopped for harm. Complaint or distress reported: 9 in 100 people with “Letter with the extra sentence”, 4 in \
         100 with “Usual letter”. People should get “Usual letter” now.",
    );
    assert_eq!(report.verdict.reasons[1].code, "decision_rule_met", "the gain is still told");
    kept("harmful", &report);
}

#[test]
fn too_few_people_leave_it_undecided_and_say_how_many_more() {
    let plan = simple();
    let report = report(&plan, &table(&plan, &[(100, 500), (110, 500)]));
    says(
        &report,
        VerdictKind::Undecided,
        "inconclusive",
        "We do not know yet. Paid or on a plan within 28 days: the data fit anything from 3 fewer to 7 more in 100. About \
         11,000 more people would settle it.",
    );
    // The interval is 10.1 wide and must be 3 wide: 1,000 people times (10.1 / 3) squared, less those there are.
    assert!((10_000..11_000).contains(&report.verdict.more_units_needed.unwrap()));
    kept("undecided", &report);
}

#[test]
fn as_many_more_people_as_said_do_settle_it() {
    let plan = simple();
    for (control, new) in [(100, 110), (150, 140), (50, 62), (250, 262)] {
        let before = report(&plan, &table(&plan, &[(control, 500), (new, 500)]));
        let Some(more) = before.verdict.more_units_needed else { panic!("{before:?} is decided already") };
        for drift in [-20_i64, -5, 0, 5, 20] {
            // The same control rate, and any difference, in a trial of the size that was asked for.
            let people = (1_000 + more) / 2;
            let rate = |events: u64| events * people / 500;
            let new = rate(control).checked_add_signed(drift * people as i64 / 1_000).unwrap();
            let after = report(&plan, &table(&plan, &[(rate(control), people), (new, people)]));
            assert_ne!(after.verdict.kind, VerdictKind::Undecided, "{control} {new} {drift}");
        }
    }
}

#[test]
fn wrong_shares_make_it_invalid_whatever_the_effect() {
    let plan = simple();
    let report = report(&plan, &table(&plan, &[(100, 388), (300, 612)]));
    says(
        &report,
        VerdictKind::Invalid,
        "sample_ratio",
        "This trial cannot be read. Far more people were recorded in “Letter with the extra sentence” (612) than planned \
         for (500). Find out why before running it again.",
    );
    kept("invalid", &report);
}

#[test]
fn contradictory_data_make_it_invalid() {
    let plan = simple();
    let mut evidence = table(&plan, &[(100, 500), (130, 500)]);
    evidence.outcomes[0].cells[1].tally = happened(501);
    let report = report(&plan, &evidence);
    assert_eq!(
        (report.verdict.kind, report.verdict.reasons[0].code.as_str()),
        (VerdictKind::Invalid, "contradictory_data")
    );
    let difference = &report.outcomes[0].comparisons[0];
    assert_eq!(difference.not_estimable.as_ref().unwrap().code, "contradictory_data");
    assert_eq!((difference.estimate, difference.p_value), (None, None));
}

#[test]
fn before_the_lock_only_counts_are_shown() {
    let plan = guarded();
    let mut evidence = guarded_evidence(&plan, [200, 260], [FEW_CALLS; 2], [40, 90]);
    evidence.locked = false;
    let report = report(&plan, &evidence);
    says(
        &report,
        VerdictKind::Undecided,
        "keep_going",
        "We do not know yet. 2,000 people have been assigned; the result opens when the data are locked.",
    );
    assert!(report.decision.arms.is_empty() && report.decision.harms.is_empty());
    for outcome in &report.outcomes {
        assert!(outcome.comparisons.is_empty());
        assert!(outcome.arms.iter().all(|arm| arm.mean.is_none() && arm.events.is_none() && arm.lower.is_none()));
    }
    assert_eq!(report.cost.comparisons[0].per_extra_outcome, None);
    evidence.enrolment[0].assigned = 5_000;
    evidence.outcomes.iter_mut().for_each(|outcome| outcome.cells[0].assigned = 5_000);
    assert_eq!(self::report(&plan, &evidence).verdict.kind, VerdictKind::Invalid, "wrong shares show before the lock");
}

fn not_worse() -> LockedProtocol {
    plan_with(|document| {
        document["aim"] = json!("not_worse");
        document["hypothesis"]["direction"] = json!("no_worse");
        let mut outcome = document["outcomes"][0].clone();
        outcome["margin"] = json!("0.03");
        document["outcomes"] = json!([outcome]);
        document["decision_rule"] = json!("not_worse(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document.as_object_mut().unwrap().remove("equity");
        document["arms"][1]["unit_cost"] = json!("0.10");
    })
}

#[test]
fn a_cheaper_version_that_is_not_worse_succeeds() {
    let plan = not_worse();
    let succeeded = report(&plan, &table(&plan, &[(2_800, 4_000), (2_804, 4_000)]));
    says(
        &succeeded,
        VerdictKind::Succeeded,
        "decision_rule_met",
        "“Letter with the extra sentence” is not worse by 3 in 100 or more, so it can be chosen where it is cheaper or \
         kinder. Paid or on a plan within 28 days: 70.1 in 100 people with “Letter with the extra sentence”, 70.0 in 100 \
         with “Usual letter”. The data fit anything from 1.9 fewer to 2.1 more in 100.",
    );
    assert!((succeeded.cost.comparisons[0].extra_per_unit.unwrap() + 1.0).abs() < 1e-12);
    kept("not_worse", &succeeded);

    let worse = report(&plan, &table(&plan, &[(2_800, 4_000), (2_500, 4_000)]));
    assert_eq!(
        (worse.verdict.kind, worse.verdict.reasons[0].code.as_str()),
        (VerdictKind::Failed, "worse_than_margin")
    );
    let open = report(&plan, &table(&plan, &[(280, 400), (270, 400)]));
    assert_eq!(open.verdict.kind, VerdictKind::Undecided, "no gain is not a failure where none is sought");
}

/// Three arms: the usual letter and two new ones.
fn three_arms(multiplicity: &str) -> LockedProtocol {
    plan_with(|document| {
        let mut third = document["arms"][1].clone();
        third["key"] = json!("short");
        third["name"] = json!("Short letter");
        document["arms"].as_array_mut().unwrap().push(third);
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"]["multiplicity"] = json!(multiplicity);
        document.as_object_mut().unwrap().remove("equity");
    })
}

#[test]
fn several_arms_share_the_error_unless_the_plan_says_otherwise() {
    // One-sided p-values of about 0.017 and 0.4: by itself the second arm would succeed at 0.025, by Holm it needs 0.0125.
    let arms = [(200, 1_000), (239, 1_000), (205, 1_000)];
    let [shared, alone] = ["holm", "none"].map(|multiplicity| {
        let plan = three_arms(multiplicity);
        report(&plan, &table(&plan, &arms))
    });
    let p = shared.decision.arms[0].p_value.unwrap();
    assert!((0.0125..0.025).contains(&p), "{p}");
    assert_eq!(shared.decision.arms[0].adjusted_p_value.unwrap(), 2.0 * p);
    assert_eq!(shared.decision.arms[0].status, ClaimStatus::Open);
    assert_eq!([shared.verdict.kind, alone.verdict.kind], [VerdictKind::Undecided, VerdictKind::Succeeded]);
}

#[test]
fn of_two_arms_that_hold_the_larger_gain_is_named() {
    let plan = three_arms("holm");
    let report = report(&plan, &table(&plan, &[(200, 1_000), (270, 1_000), (300, 1_000)]));
    assert_eq!(report.verdict.arm.as_ref().unwrap().as_str(), "short");
    assert_eq!(report.verdict.reasons.len(), 2);
}

#[test]
fn all_arms_must_be_ruled_out_to_fail() {
    let plan = three_arms("holm");
    let none = report(&plan, &table(&plan, &[(3_000, 10_000), (3_050, 10_000), (2_990, 10_000)]));
    assert_eq!(none.verdict.kind, VerdictKind::Failed);
    assert!(none.verdict.headline.starts_with("None of the new versions did enough."), "{}", none.verdict.headline);
    let one = report(&plan, &table(&plan, &[(1_500, 5_000), (1_510, 5_000), (1_580, 5_000)]));
    assert_eq!(one.verdict.kind, VerdictKind::Undecided);
}

#[test]
fn alternatives_share_the_error_and_either_will_do() {
    let plan = plan_with(|document| {
        let primary = document["outcomes"][0].clone();
        let mut second: Value = primary.clone();
        second["key"] = json!("called");
        second["role"] = json!("secondary");
        second["event"] = json!("call.made");
        document["outcomes"] = json!([primary, second]);
        document["decision_rule"] = json!("superior(paid-28d) or superior(called)");
        document["allocation"] = json!({"method": "simple"});
        document.as_object_mut().unwrap().remove("equity");
    });
    let arms =
        |events: [u64; 2]| vec![cell(0, "", 1_000, happened(events[0])), cell(1, "", 1_000, happened(events[1]))];
    let strong = report(&plan, &locked(&plan, vec![arms([200, 200]), arms([200, 250])]));
    assert_eq!(strong.verdict.kind, VerdictKind::Succeeded);
    let weak = report(&plan, &locked(&plan, vec![arms([200, 200]), arms([200, 238])]));
    let p = weak.decision.arms[0].claims[1].p_value.unwrap();
    assert!((0.0125..0.025).contains(&p), "{p}");
    assert_eq!(weak.verdict.kind, VerdictKind::Undecided, "one of two alternatives has half the error");
}

#[test]
fn clusters_are_compared_by_their_means() {
    let plan = plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        let roster: Vec<String> = (1..=8).map(|office| format!("office-{office}")).collect();
        document["allocation"] = json!({"method": "cluster", "roster": roster});
        document.as_object_mut().unwrap().remove("equity");
    });
    let paid = [[10, 14, 12, 11], [20, 25, 18, 22]];
    let cells = paid.iter().enumerate().flat_map(|(arm, offices)| {
        offices
            .iter()
            .enumerate()
            .map(move |(office, paid)| cell(arm, &format!("office-{}", 4 * arm + office + 1), 60, happened(*paid)))
    });
    let report = report(&plan, &locked(&plan, vec![cells.collect()]));
    let difference = &report.outcomes[0].comparisons[0];
    assert_eq!(difference.method.as_deref(), Some("Welch's t on cluster means"));
    assert!((difference.estimate.unwrap() - (85.0 - 47.0) / 4.0 / 60.0).abs() < 1e-12);
    // Student's t of 5.52332 with 4.77292 degrees of freedom, its density integrated numerically.
    assert!((difference.p_value.unwrap() - 0.003_080_79).abs() < 1e-7, "{:?}", difference.p_value);
    assert_eq!(report.outcomes[0].arms[1].clusters, Some(4));
    assert!((report.outcomes[0].arms[1].mean.unwrap() - 85.0 / 240.0).abs() < 1e-12);
    assert_eq!(report.verdict.kind, VerdictKind::Succeeded);
}

/// Evidence of a clear gain among 1,000 people an arm, with what became of the people of the new version.
fn handled(plan: &LockedProtocol, of_new: ArmHandling) -> Evidence {
    Evidence { handling: vec![ArmHandling::default(), of_new], ..table(plan, &[(200, 1_000), (300, 1_000)]) }
}

#[test]
fn too_many_people_in_two_arms_make_it_invalid_and_overrides_only_warn() {
    let plan = simple();
    let status = |of_new: ArmHandling| {
        let report = report(&plan, &handled(&plan, of_new));
        let gate = report.integrity.iter().find(|gate| gate.gate == "contamination").expect("the check is there");
        (gate.status, report.verdict.kind)
    };
    let met = |overridden: u64, in_two_arms: u64| ArmHandling { overridden, in_two_arms, ..ArmHandling::default() };
    for (of_new, gate, verdict) in [
        (met(0, 10), GateStatus::Green, VerdictKind::Succeeded),
        (met(1, 10), GateStatus::Amber, VerdictKind::Succeeded),
        (met(0, 50), GateStatus::Amber, VerdictKind::Succeeded),
        (met(400, 0), GateStatus::Amber, VerdictKind::Succeeded),
        (met(0, 51), GateStatus::Red, VerdictKind::Invalid),
    ] {
        assert_eq!(status(of_new), (gate, verdict), "{of_new:?}");
    }
    // A plan may bear more, or less.
    for (warn, invalid, of_new, gate, verdict) in [
        ("0.02", "0.1", met(1, 19), GateStatus::Green, VerdictKind::Succeeded),
        ("0.02", "0.1", met(0, 100), GateStatus::Amber, VerdictKind::Succeeded),
        ("0.02", "0.1", met(0, 101), GateStatus::Red, VerdictKind::Invalid),
        ("0", "0", met(0, 1), GateStatus::Red, VerdictKind::Invalid),
        ("0", "0", met(1, 0), GateStatus::Amber, VerdictKind::Succeeded),
        ("0", "0", met(0, 0), GateStatus::Green, VerdictKind::Succeeded),
    ] {
        let mut document: Value = serde_json::from_str(plan.canonical()).unwrap();
        document["analysis"]["contamination"] = json!({"warn_above": warn, "invalid_above": invalid});
        let plan = LockedProtocol::from_value(&document).unwrap();
        let report = report(&plan, &handled(&plan, of_new));
        let found = report.integrity.iter().find(|gate| gate.gate == "contamination").expect("the check is there");
        assert_eq!((found.status, report.verdict.kind), (gate, verdict), "{warn} {invalid} {of_new:?}");
    }
}
