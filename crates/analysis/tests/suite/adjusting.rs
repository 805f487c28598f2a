//! What the plan adjusts for, adjusted for.

use fairtrial_analysis::{
    Report, analyse, monitor,
    report::{Comparison, Measure},
    tabular::{ColumnMapping, evidence_from_table},
};
use fairtrial_domain::{
    LockedProtocol,
    projection::{Evidence, HeldLook},
};
use fairtrial_stats::stratified::{Strata, common_risk_ratio, exact_test, stratified_risk_difference};
use serde_json::{Value, json};

use crate::evidence::{cell, happened, locked, plan_with, values};
use crate::published::{cells, read};

fn only(document: &mut Value, outcome: usize) {
    document["outcomes"] = json!([document["outcomes"][outcome]]);
    document["outcomes"][0]["role"] = json!("primary");
    let key = document["outcomes"][0]["key"].clone();
    document["hypothesis"]["outcome"] = key.clone();
    document["decision_rule"] = json!(format!("superior({})", key.as_str().unwrap()));
    document["monitoring"]["looks"] = json!(["1"]);
    document.as_object_mut().unwrap().remove("equity");
}

/// The fines letter with its first outcome, in blocks within districts, adjusted for the district.
fn by_district() -> LockedProtocol {
    plan_with(|document| only(document, 0))
}

/// Amounts in whole dollars of people assigned one by one.
fn amounts(adjust_for: Value) -> LockedProtocol {
    plan_with(|document| {
        only(document, 3);
        document["outcomes"][0]["smallest_worthwhile_effect"] = json!("2");
        document["outcomes"][0]["step"] = json!("1");
        document["allocation"] = json!({"method": "simple"});
        document["attributes"] = json!([
            {"name": "age", "type": "integer", "minimum": 0, "maximum": 120, "purpose": "covariate"},
            {"name": "owner", "type": "boolean", "purpose": "covariate"},
            {"name": "district", "type": "category", "values": ["north", "south"], "purpose": "covariate"}]);
        document["eligibility"] = json!({});
        document["analysis"]["adjust_for"] = adjust_for.clone();
    })
}

fn difference(report: &Report) -> &Comparison {
    report.outcomes[0].comparisons.iter().find(|found| found.measure == Measure::Difference).unwrap()
}

#[track_caller]
fn near(found: Option<f64>, expected: f64, tolerance: f64) {
    assert!((found.unwrap() - expected).abs() < tolerance, "{found:?} is not {expected}");
}

#[test]
fn within_strata_like_is_compared_with_like() {
    let plan = by_district();
    // More people of the better district in the control arm: Simpson's paradox in small.
    let rows = [("north", [30, 200], [60, 300]), ("south", [180, 300], [100, 200]), ("central", [5, 40], [4, 40])];
    let cells = rows.iter().flat_map(|(district, [x1, n1], [x0, n0])| {
        [cell(0, district, *n0, happened(*x0)), cell(1, district, *n1, happened(*x1))]
    });
    let report = analyse(&plan, &locked(&plan, vec![cells.collect()]), "fairtrial-test");
    let strata = Strata::new(&rows.map(|(_, [x1, n1], [x0, n0])| [x1, n1, x0, n0])).unwrap();
    let expected = stratified_risk_difference(&strata, 0.95).unwrap();
    let found = difference(&report);
    near(found.estimate, expected.point.unwrap(), 1e-12);
    near(found.lower, expected.interval.lower, 1e-12);
    assert_eq!(found.method.as_deref(), Some("stratified Miettinen-Nurminen interval and score test"));
    let ratio = report.outcomes[0].comparisons.iter().find(|found| found.measure == Measure::Ratio).unwrap();
    near(ratio.estimate, common_risk_ratio(&strata, 0.95).unwrap().point.unwrap(), 1e-12);
    // Beside it stands what it is without adjustment.
    let plain = &report.outcomes[0].unadjusted[0];
    near(plain.estimate, 215.0 / 540.0 - 164.0 / 540.0, 1e-12);
    assert!(report.departures.iter().all(|departure| departure.code != "not_adjusted"), "{:?}", report.departures);
}

#[test]
fn after_looks_the_estimate_is_adjusted_as_the_claim_is() {
    let plan = plan_with(|document| {
        only(document, 0);
        document["monitoring"]["looks"] = json!(["0.5", "1"]);
        document["monitoring"]["max_units"] = json!(1_080);
    });
    let evidence = |part: u64| {
        let rows = [("north", [30, 200], [60, 300]), ("south", [180, 300], [100, 200]), ("central", [5, 40], [4, 40])];
        let cells = rows.iter().flat_map(|(district, [x1, n1], [x0, n0])| {
            [cell(0, district, *n0 / part, happened(*x0 / part)), cell(1, district, *n1 / part, happened(*x1 / part))]
        });
        locked(&plan, vec![cells.collect()])
    };
    let mut whole = evidence(1);
    let as_of = whole.as_of - chrono::Duration::days(60);
    let first = fairtrial_domain::projection::Evidence { locked: false, as_of, ..evidence(2) };
    whole.looks = vec![fairtrial_domain::projection::HeldLook { look: 1, due_at: as_of, evidence: first }];
    let report = analyse(&plan, &whole, "fairtrial-test");
    let (adjusted, plain) = (difference(&report).estimate.unwrap(), report.outcomes[0].unadjusted[0].estimate.unwrap());
    assert!((adjusted - plain).abs() > 0.05, "{adjusted} beside {plain}");
    let after = report.after_looks.unwrap();
    near(after.arms[0].estimate, adjusted, 0.01);
    assert!(after.arms[0].lower.unwrap() < adjusted && adjusted < after.arms[0].upper.unwrap());
}

#[test]
fn small_strata_are_tested_exactly() {
    let plan = by_district();
    let cells = vec![
        cell(0, "north", 20, happened(4)),
        cell(0, "south", 15, happened(6)),
        cell(1, "north", 20, happened(11)),
        cell(1, "south", 15, happened(9)),
    ];
    let report = analyse(&plan, &locked(&plan, vec![cells]), "fairtrial-test");
    let strata = Strata::new(&[[11, 20, 4, 20], [9, 15, 6, 15]]).unwrap();
    let claim = &report.decision.arms[0].claims[0];
    near(claim.p_value, exact_test(&strata, fairtrial_stats::Side::Greater, false).unwrap().p(), 1e-12);
    assert_eq!(claim.method.as_deref(), Some("exact conditional test within strata"));
}

/// Values that grow by 1 with each year of age, 10 with the house, and 5 with the new version, with a little noise that is
/// alike in both arms; the arms differ in age.
fn rows(unknown_age: bool) -> String {
    let mut text = "unit,arm,age,owner,district,dollars-90d\n".to_owned();
    for n in 0..120_i64 {
        let new = n % 2 == 1;
        let age = 30 + (n / 2) % 25 + if new { 4 } else { 0 };
        let owner = n % 4 < 2;
        let value = age + if owner { 10 } else { 0 } + if new { 5 } else { 0 } + (n / 4) % 3;
        let district = if n % 10 < 3 { "north" } else { "south" };
        let shown = if unknown_age && n % 10 < 2 { String::new() } else { age.to_string() };
        let arm = if new { "norm" } else { "usual" };
        text.push_str(&format!("{n},{arm},{shown},{},{district},{value}\n", if owner { "yes" } else { "no" }));
    }
    text
}

#[test]
fn covariates_take_away_what_they_explain() {
    let plan = amounts(json!(["age", "owner"]));
    let report = read(&plan, &rows(false), &ColumnMapping::default()).unwrap();
    let (found, plain) = (difference(&report), &report.outcomes[0].unadjusted[0]);
    assert_eq!(found.method.as_deref(), Some("Lin's adjusted difference"));
    near(found.estimate, 5.0, 0.4);
    near(plain.estimate, 9.0, 0.4);
    let width = |c: &Comparison| c.upper.unwrap() - c.lower.unwrap();
    assert!(width(found) < 0.2 * width(plain), "{} against {}", width(found), width(plain));
    // The claim of the rule is tested on the adjusted difference.
    assert_eq!(report.decision.arms[0].claims[0].method.as_deref(), Some("Lin's adjusted difference"));
}

#[test]
fn what_was_not_said_is_a_level_of_its_own() {
    let plan = amounts(json!(["age", "owner"]));
    let report = read(&plan, &rows(true), &ColumnMapping::default()).unwrap();
    let found = difference(&report);
    assert_eq!(report.arms[0].analysed, 60, "nobody is left out");
    near(found.estimate, 5.0, 1.5);
}

#[test]
fn sums_by_stratum_and_people_one_by_one_give_the_same() {
    let people = plan_with(|document| {
        only(document, 3);
        document["outcomes"][0]["smallest_worthwhile_effect"] = json!("2");
        document["outcomes"][0]["step"] = json!("1");
        document["allocation"] = json!({"method": "minimisation", "factors": ["district"], "probability": "0.8"});
        document["attributes"] = json!([{"name": "district", "type": "category", "values": ["north", "south"], "purpose": "stratum"},
                {"name": "owner", "type": "boolean", "purpose": "covariate"}]);
        document["eligibility"] = json!({});
        document["analysis"]["adjust_for"] = json!(["district", "owner"]);
    });
    let strata = plan_with(|document| {
        *document = serde_json::from_str(people.canonical()).unwrap();
        document["analysis"]["adjust_for"] = json!(["district"]);
    });
    // Everybody owns, so the second covariate says nothing.
    let text = rows(false).replace(",no,", ",yes,");
    let (one, other) = (
        read(&people, &text, &ColumnMapping::default()).unwrap(),
        read(&strata, &text, &ColumnMapping::default()).unwrap(),
    );
    near(difference(&one).estimate, difference(&other).estimate.unwrap(), 1e-10);
    near(difference(&one).upper, difference(&other).upper.unwrap(), 1e-10);
    assert_ne!(difference(&one).estimate, one.outcomes[0].unadjusted[0].estimate);
}

#[test]
fn clusters_are_adjusted_as_clusters() {
    let plan = plan_with(|document| {
        only(document, 3);
        document["outcomes"][0]["smallest_worthwhile_effect"] = json!("2");
        document["outcomes"][0]["step"] = json!("1");
        let roster: Vec<String> = (0..12).map(|n| format!("office-{n}")).collect();
        document["allocation"] = json!({"method": "cluster", "roster": roster});
        document["attributes"] =
            json!([{"name": "age", "type": "integer", "minimum": 0, "maximum": 120, "purpose": "covariate"}]);
        document["eligibility"] = json!({});
        document["analysis"]["adjust_for"] = json!(["age"]);
    });
    let mut text = "unit,arm,cluster,age,dollars-90d\n".to_owned();
    for n in 0..240_i64 {
        let office = n % 12;
        let new = office % 2 == 1;
        let age = 30 + office * 2 + n / 12 % 3;
        let value = 2 * age + if new { 6 } else { 0 } + (office / 2) % 2 + (n / 12) % 2;
        let arm = if new { "norm" } else { "usual" };
        text.push_str(&format!("{n},{arm},office-{office},{age},{value}\n"));
    }
    let report = read(&plan, &text, &ColumnMapping::default()).unwrap();
    let (found, plain) = (difference(&report), &report.outcomes[0].unadjusted[0]);
    assert_eq!(found.method.as_deref(), Some("cluster means, adjusted, CR2, Satterthwaite"));
    near(found.estimate, 6.0, 0.3);
    near(plain.estimate, 10.0, 0.3);
    assert!(found.upper.unwrap() - found.lower.unwrap() < 0.3 * (plain.upper.unwrap() - plain.lower.unwrap()));
}

#[test]
fn what_cannot_be_adjusted_for_is_said() {
    let plan = amounts(json!(["age"]));
    let cells = vec![cell(0, "", 3, values(&[1, 2, 3])), cell(1, "", 3, values(&[2, 3, 5]))];
    let report = analyse(&plan, &locked(&plan, vec![cells]), "fairtrial-test");
    let departure = report.departures.iter().find(|departure| departure.code == "not_adjusted").unwrap();
    assert!(departure.detail.starts_with("The plan adjusts for age; "), "{}", departure.detail);
    assert!(report.outcomes[0].unadjusted.is_empty(), "the one difference is unadjusted");
    let missing = read(&plan, "unit,arm,dollars-90d\na,usual,1\n", &ColumnMapping::default()).unwrap_err();
    assert!(missing[0].to_string().contains("the file needs a column for age"), "{missing:?}");
    let wrong = read(&plan, "unit,arm,age,dollars-90d\na,usual,old,1\n", &ColumnMapping::default()).unwrap_err();
    assert_eq!((wrong[0].line, wrong[0].code), (Some(2), "attribute_out_of_range"));
}

#[test]
fn adjustment_keeps_the_error_rate() {
    use rand_chacha::{
        ChaCha8Rng,
        rand_core::{Rng, SeedableRng},
    };
    let plan = amounts(json!(["age", "owner"]));
    let mut draw = ChaCha8Rng::seed_from_u64(5);
    let (mut rejected, trials) = (0, 400);
    for _ in 0..trials {
        let mut text = "unit,arm,age,owner,district,dollars-90d\n".to_owned();
        for n in 0..60 {
            let mut below = |bound: u32| draw.next_u32() % bound;
            let (age, owner, new) = (20 + below(50), below(2) == 1, below(2) == 1);
            // A curved outcome with more spread for the old: the working model is wrong, and the test must hold all the same.
            let value = age * age / 20 + below(1 + age) + if owner { 15 } else { 0 };
            let arm = if new { "norm" } else { "usual" };
            text.push_str(&format!("{n},{arm},{age},{},north,{value}\n", if owner { "yes" } else { "no" }));
        }
        let report = read(&plan, &text, &ColumnMapping::default()).unwrap();
        rejected += u32::from(difference(&report).p_value.unwrap() <= 0.05);
    }
    // 20 expected with a standard deviation of 4.4.
    assert!((7..=34).contains(&rejected), "{rejected} of {trials}");
}

/// A look holds no person, and compares as the end would: the sums of those who are alike say as much as the people do.
#[test]
fn a_look_adjusts_as_the_end_does() {
    for (document, unknown) in [(json!(["age", "owner"]), false), (json!(["age", "owner", "district"]), true)] {
        let plan = amounts(document);
        let (header, people) = cells(&rows(unknown));
        let mapping = ColumnMapping::default();
        let one_by_one = evidence_from_table(&plan, &header, people, &mapping, crate::evidence::as_of()).unwrap();
        let alike = one_by_one.units.as_ref().unwrap().alike(plan.protocol());
        let added_up = Evidence { units: None, alike, ..one_by_one.clone() };
        // As it is kept: written and read again.
        let added_up: Evidence = serde_json::from_str(&serde_json::to_string(&added_up).unwrap()).unwrap();
        let (end, look) = (analyse(&plan, &one_by_one, "tests"), analyse(&plan, &added_up, "tests"));
        assert_eq!(difference(&look), difference(&end));
        assert_eq!(look.decision.arms[0].p_value, end.decision.arms[0].p_value);
        assert_ne!(difference(&look).estimate, look.outcomes[0].unadjusted[0].estimate);
        // Held as a look, the score is that of the adjusted comparison.
        let held =
            HeldLook { look: 1, due_at: added_up.as_of, evidence: Evidence { locked: false, ..added_up.clone() } };
        let bare = HeldLook { evidence: Evidence { alike: Vec::new(), ..held.evidence.clone() }, ..held.clone() };
        let z =
            |look: &HeldLook| monitor::hold(plan.protocol(), std::slice::from_ref(look)).unwrap().arms[0].z.unwrap();
        assert!(z(&held) > z(&bare) + 1.0, "{} beside {} without adjustment", z(&held), z(&bare));
    }
}
