//! What a report would say for each ending, before anybody takes part.

use fairtrial_analysis::{
    preview::{ENDINGS, Ending, preview},
    report::{Report, VerdictKind},
};
use fairtrial_domain::LockedProtocol;
use serde_json::{Value, json};

use crate::evidence::{fines_letter, plan_with, simple};

fn simple_with(change: impl FnOnce(&mut Value)) -> LockedProtocol {
    let base = simple();
    plan_with(|document| {
        *document = serde_json::from_str(base.canonical()).unwrap();
        change(document);
    })
}

/// A harm measure, so that a trial can also end by it.
fn harm() -> Value {
    fines_letter()["outcomes"][2].clone()
}

fn report(endings: &[Ending], kind: VerdictKind) -> &Report {
    let found = endings.iter().find(|ending| ending.kind == kind).unwrap();
    found.report.as_deref().unwrap_or_else(|| panic!("no numbers end as {kind:?}"))
}

/// Every ending is reached, with the verdict that it is told for, and speaks of the plan's own versions.
fn all_endings(name: &str, plan: &LockedProtocol) -> Vec<Ending> {
    let endings = preview(plan).unwrap_or_else(|problem| panic!("{name}: {problem:?}"));
    assert_eq!(endings.iter().map(|ending| ending.kind).collect::<Vec<_>>(), ENDINGS);
    for ending in &endings {
        let report = ending.report.as_deref().unwrap_or_else(|| panic!("{name}: no numbers end as {:?}", ending.kind));
        assert_eq!(report.verdict.kind, ending.kind, "{name}");
        assert_eq!(report.verdict.action, ending.kind.action(), "{name}");
        assert!(!report.verdict.headline.is_empty() && !report.verdict.reasons.is_empty(), "{name}: {report:?}");
        assert!(report.locked && report.protocol_id == *plan.id());
    }
    let people = |kind| report(&endings, kind).arms.iter().map(|arm| arm.assigned).sum::<u64>();
    let (most, succeeded) = (plan.protocol().monitoring.max_units, people(VerdictKind::Succeeded));
    assert!(succeeded <= most && succeeded + 500 >= most / 2, "{name}: {succeeded} of {most}");
    assert_eq!(preview(plan).unwrap(), endings, "{name}: the same plan gives the same");
    endings
}

#[test]
fn the_letter_is_told_for_each_ending() {
    let plan = plan_with(|_| {});
    let endings = all_endings("fines letter", &plan);
    let told: Vec<String> = endings
        .iter()
        .map(|ending| {
            let verdict = &ending.report.as_ref().unwrap().verdict;
            let reasons: Vec<String> = verdict.reasons.iter().map(|reason| format!("  {}", reason.detail)).collect();
            format!("{}: {}\n{}", verdict.kind.word(), verdict.headline, reasons.join("\n"))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_kind_of_outcome_has_every_ending() {
    for (kind, expected, size, deviation) in [
        ("binary", "0.2", "0.03", None),
        ("count", "0.6", "0.1", None),
        ("amount", "120", "8", Some("60")),
        ("duration", "86400", "7200", Some("50000")),
        ("rating", "3.1", "0.2", Some("1.1")),
    ] {
        let plan = simple_with(|document| {
            let primary = &mut document["outcomes"][0];
            primary["kind"] = json!(kind);
            primary["expected_control"] = json!(expected);
            primary["smallest_worthwhile_effect"] = json!(size);
            if let Some(deviation) = deviation {
                primary["standard_deviation"] = json!(deviation);
            }
            if kind == "rating" {
                (primary["minimum"], primary["maximum"]) = (json!("1"), json!("5"));
            }
            document["outcomes"].as_array_mut().unwrap().push(harm());
        });
        all_endings(kind, &plan);
    }
}

#[test]
fn every_way_of_assigning_has_every_ending() {
    let offices: Vec<String> = (0..24).map(|n| format!("office-{n}")).collect();
    for allocation in [
        json!({"method": "simple"}),
        json!({"method": "permuted_blocks", "strata": ["district"]}),
        json!({"method": "minimisation", "factors": ["district"]}),
        json!({"method": "cluster", "roster": offices}),
        json!({"method": "stepped_wedge", "sites": offices, "transition_days": 7,
               "steps": ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"]}),
    ] {
        let plan = simple_with(|document| {
            document["allocation"] = allocation.clone();
            document["outcomes"].as_array_mut().unwrap().push(harm());
            document["planning"] = json!({"icc": "0.01"});
        });
        all_endings(&allocation["method"].to_string(), &plan);
    }
}

#[test]
fn a_trial_that_is_to_show_no_loss_and_one_of_three_versions_have_every_ending() {
    let plan = simple_with(|document| {
        document["aim"] = json!("not_worse");
        document["outcomes"][0]["margin"] = json!("0.03");
        document["decision_rule"] = json!("not_worse(paid-28d)");
        document["outcomes"].as_array_mut().unwrap().push(harm());
    });
    let endings = all_endings("not worse", &plan);
    let headline = &report(&endings, VerdictKind::Succeeded).verdict.headline;
    assert!(headline.contains("is not worse by 3 in 100 or more"), "{headline}");
    let plan = simple_with(|document| {
        let mut third = document["arms"][1].clone();
        (third["key"], third["name"]) = (json!("third"), json!("A third letter"));
        document["arms"].as_array_mut().unwrap().push(third);
        document["outcomes"].as_array_mut().unwrap().push(harm());
    });
    all_endings("three versions", &plan);
}

#[test]
fn what_a_plan_cannot_end_in_is_not_told() {
    let endings = preview(&simple()).unwrap();
    let without: Vec<VerdictKind> =
        endings.iter().filter(|ending| ending.report.is_none()).map(|ending| ending.kind).collect();
    assert_eq!(without, [VerdictKind::Harmful], "it watches nothing for harm");
    let vague = simple_with(|document| {
        document["outcomes"][0]["kind"] = json!("amount");
        document["outcomes"][0]["smallest_worthwhile_effect"] = json!("8");
    });
    assert_eq!(preview(&vague).unwrap_err().field, "/outcomes/0/standard_deviation");
}
