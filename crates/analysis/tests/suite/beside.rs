//! What stands beside the comparison: missing outcomes, those who got it, groups, costs.

use fairtrial_analysis::{
    Report, analyse,
    report::{EquityFinding, MissingBounds, VerdictKind},
    tabular::ColumnMapping,
};
use fairtrial_domain::{LockedProtocol, projection::Tally};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::{Value, json};

use crate::evidence::{cell, locked, plan_with, simple, table};
use crate::published::read;

#[track_caller]
fn near(found: Option<f64>, expected: f64, tolerance: f64) {
    assert!((found.unwrap() - expected).abs() < tolerance, "{found:?} is not {expected}");
}

fn binary(change: impl FnOnce(&mut Value)) -> LockedProtocol {
    plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["looks"] = json!(["1"]);
        document.as_object_mut().unwrap().remove("equity");
        change(document);
    })
}

#[test]
fn missing_outcomes_are_bounded() {
    let plan = binary(|document| document["analysis"]["missing"] = json!("left_out"));
    // 100 people each; 60 of 90 seen, and 40 of 95 seen.
    let seen = |yes: u64, of: u64| Tally { observed: of, sum: yes.into(), sum_of_squares: yes.into() };
    let cells = vec![cell(0, "", 100, seen(40, 95)), cell(1, "", 100, seen(60, 90))];
    let report = analyse(&plan, &locked(&plan, vec![cells]), "fairtrial-test");
    let found = &report.outcomes[0].missing_bounds[0];
    assert_eq!((found.lost, found.lost_in_control), (10, 5));
    near(found.smallest, 0.60 - 0.45, 1e-12);
    near(found.largest, 0.70 - 0.40, 1e-12);
    assert!(found.lower.unwrap() < 0.15 && found.upper.unwrap() > 0.30);
    // The control arm has more outcomes, 95 to 90 in 100, so 5 of its 95 are cut: all events, or all others.
    near(found.smallest_where_seen, 60.0 / 90.0 - 40.0 / 90.0, 1e-12);
    near(found.largest_where_seen, 60.0 / 90.0 - 35.0 / 90.0, 1e-12);
    // The interval's lower end has to fall to 0 by a tenth of the arm.
    let lower = report.outcomes[0].comparisons[0].lower.unwrap();
    near(found.tipping_shift, -lower / 0.1, 1e-9);
    assert_eq!(found.tips_within_limits, Some(60.0 / 90.0 - lower / 0.1 >= 0.0));
    let nobody = analyse(&simple(), &table(&simple(), &[(20, 100), (26, 100)]), "fairtrial-test");
    assert!(nobody.outcomes[0].missing_bounds.is_empty(), "nobody is missing");
}

#[test]
fn those_who_got_it_are_told_from_those_assigned() {
    let plan = binary(|document| document["analysis"]["effect_on_those_who_got_it"] = json!("delivered"));
    let mut text = "unit,arm,delivery,given_arm,paid-28d\n".to_owned();
    // Of 100 with the new version 80 had it delivered; of those 56 paid, of the other 20 (as all others) 8. In the control arm
    // 5 were given the new version for their good, and 40 of 100 paid.
    for n in 0..100 {
        let (got, paid) = (n < 80, if n < 80 { n < 56 } else { n < 88 });
        text.push_str(&format!("n{n},norm,{},,{}\n", if got { "delivered" } else { "failed" }, u8::from(paid)));
        text.push_str(&format!("u{n},usual,,{},{}\n", if n < 5 { "norm" } else { "" }, u8::from(n < 40)));
    }
    let report = read(&plan, &text, &ColumnMapping::default()).unwrap();
    let found = &report.got_it[0];
    near(found.share, 0.80, 1e-12);
    near(found.share_in_control, 0.05, 1e-12);
    near(found.estimate, (0.64 - 0.40) / 0.75, 1e-12);
    assert!(found.lower.unwrap() > 0.1 && found.upper.unwrap() < 0.5, "{found:?}");
    near(report.outcomes[0].comparisons[0].estimate, 0.24, 1e-12);
    let nobody = text.replace("delivered", "failed").replace(",,norm,", ",,,");
    let nobody = read(&plan, &nobody, &ColumnMapping::default()).unwrap();
    let found = &nobody.got_it[0];
    assert_eq!((found.lower, found.upper), (None, None));
    assert!(found.not_estimable.as_ref().unwrap().detail.ends_with("take-up is the same in both arms"));
}

fn with_groups(merge: Value) -> LockedProtocol {
    binary(|document| {
        document["attributes"] = json!([
            {"name": "age", "type": "category", "values": ["18-29", "30-49", "50-64", "65+"], "purpose": "equity"}]);
        document["eligibility"] = json!({});
        document["equity"] = json!({"groups": ["age"], "margin": "0.10", "merge": merge});
    })
}

/// People by age: how many in each arm, and how many of them paid with the current and the new version.
fn by_age(rows: &[(&str, u32, u32, u32)]) -> String {
    let mut text = "unit,arm,age,paid-28d\n".to_owned();
    for (age, people, usual, new) in rows {
        for n in 0..*people {
            text.push_str(&format!("{age}-u{n},usual,{age},{}\n", u8::from(n < *usual)));
            text.push_str(&format!("{age}-n{n},norm,{age},{}\n", u8::from(n < *new)));
        }
    }
    text
}

fn answers(report: &Report) -> Vec<(&str, EquityFinding)> {
    report.equity.iter().map(|found| (found.group.as_deref().unwrap_or("-"), found.finding)).collect()
}

#[test]
fn each_group_has_one_of_three_answers() {
    use EquityFinding::{CannotRuleOut, NoneSeen, Seen};
    let plan = with_groups(json!([]));
    let rows = [("18-29", 900, 400, 480), ("30-49", 900, 400, 160), ("50-64", 60, 25, 26), ("65+", 900, 400, 420)];
    let report = read(&plan, &by_age(&rows), &ColumnMapping::default()).unwrap();
    assert_eq!(answers(&report), [("18-29", NoneSeen), ("30-49", Seen), ("50-64", CannotRuleOut), ("65+", NoneSeen)]);
    let open = &report.equity[2];
    // Half the interval is about 0.175, so that three times the people are needed for 0.10.
    let more = open.more_units_needed.unwrap();
    assert!((180..350).contains(&more), "{more}");
    assert!(report.equity.iter().all(|found| found.shrunken.is_some()));
    // The small group is drawn furthest towards the others.
    let drawn = |at: usize| {
        let found = &report.equity[at];
        (found.shrunken.unwrap().estimate - found.comparison.as_ref().unwrap().estimate.unwrap()).abs()
    };
    assert!(drawn(2) > drawn(0) && drawn(2) > drawn(3), "{} {} {}", drawn(0), drawn(2), drawn(3));
}

#[test]
fn groups_that_are_too_small_are_put_together() {
    let merge = json!([{"attribute": "age", "group": "50-64", "into": "50+"}, {"attribute": "age", "group": "65+", "into": "50+"},
        {"attribute": "age", "group": "50+", "into": "30+"}, {"attribute": "age", "group": "30-49", "into": "30+"}]);
    let plan = with_groups(merge);
    let rows = [("18-29", 300, 100, 110), ("30-49", 300, 100, 105), ("50-64", 4, 1, 2), ("65+", 300, 100, 120)];
    let report = read(&plan, &by_age(&rows), &ColumnMapping::default()).unwrap();
    let names: Vec<&str> = answers(&report).iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["18-29", "30-49", "50+"]);
    assert_eq!(report.equity[2].merged, ["50-64", "65+"]);
    let rows = [("18-29", 300, 100, 110), ("30-49", 300, 100, 105), ("50-64", 2, 1, 2), ("65+", 3, 1, 2)];
    let report = read(&plan, &by_age(&rows), &ColumnMapping::default()).unwrap();
    let names: Vec<&str> = answers(&report).iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["18-29", "30+"], "still too small together");
    assert_eq!(report.equity[1].merged, ["30-49", "50-64", "65+"]);
    // Without a tree a small group stays, unanswered and not dropped.
    let alone = read(&with_groups(json!([])), &by_age(&rows), &ColumnMapping::default()).unwrap();
    assert_eq!(alone.equity.len(), 4);
    assert_eq!(alone.equity[2].finding, EquityFinding::CannotRuleOut);
}

#[test]
fn an_open_question_of_fairness_stands_beside_a_success() {
    let plan = with_groups(json!([]));
    let rows = [("18-29", 900, 300, 400), ("30-49", 900, 300, 390), ("50-64", 20, 9, 8), ("65+", 900, 300, 400)];
    let report = read(&plan, &by_age(&rows), &ColumnMapping::default()).unwrap();
    assert_eq!(report.verdict.kind, VerdictKind::Succeeded);
    assert!(
        report.verdict.reasons.iter().any(|reason| reason.code == "equity_question_open"),
        "{:?}",
        report.verdict.reasons
    );
}

fn with_costs() -> LockedProtocol {
    binary(|document| {
        document["arms"][0]["unit_cost"] = json!("1.00");
        document["arms"][1]["unit_cost"] = json!("1.10");
        document["arms"][1]["staff_minutes"] = json!("3");
        document["arms"][1]["fixed_cost"] = json!("5000");
        document["costs"] = json!({"currency": "NZD", "staff_hour": "40", "units_per_year": 100_000, "trial": "2000"});
    })
}

#[test]
fn an_extra_outcome_has_a_price_with_its_interval() {
    let plan = with_costs();
    let report = analyse(&plan, &table(&plan, &[(400, 2_000), (520, 2_000)]), "fairtrial-test");
    let found = &report.cost.comparisons[0];
    // 0.10 more for the letter and 2.00 for three minutes of staff.
    near(found.extra_per_unit, 2.10, 1e-12);
    near(found.per_extra_outcome, 2.10 / 0.06, 1e-9);
    let difference = &report.outcomes[0].comparisons[0];
    near(found.lower, 2.10 / difference.upper.unwrap(), 1e-9);
    near(found.upper, 2.10 / difference.lower.unwrap(), 1e-9);
    let year = found.yearly.as_ref().unwrap();
    assert!((year.extra - 210_000.0).abs() < 1e-6 && year.gain_lower < year.gain && year.gain < year.gain_upper);
    near(report.cost.learning, 2_000.0 + 5_000.0 + 2.10 * 2_000.0, 1e-6);
    assert_eq!(report.cost.avoided, None, "it is to be adopted");
}

#[test]
fn without_a_shown_gain_the_price_has_no_upper_end() {
    let plan = with_costs();
    let report = analyse(&plan, &table(&plan, &[(400, 2_000), (410, 2_000)]), "fairtrial-test");
    let found = &report.cost.comparisons[0];
    near(found.per_extra_outcome, 2.10 / 0.005, 1e-6);
    assert!(found.lower.is_some() && found.upper.is_none());
    assert_eq!(found.not_estimable.as_ref().unwrap().code, "unbounded");
    // It does not do enough, and a year of it is not paid for.
    assert_eq!(report.verdict.kind, VerdictKind::Failed);
    near(report.cost.avoided, 210_000.0, 1e-6);
    let worse = analyse(&plan, &table(&plan, &[(520, 2_000), (400, 2_000)]), "fairtrial-test");
    assert_eq!(worse.cost.comparisons[0].per_extra_outcome, None);
}

/// The bounds of a trial of whole clusters; each is an arm with its people seen, those with yes, and those lost.
fn of_clusters(clusters: &[(usize, u64, u64, u64)]) -> MissingBounds {
    let names: Vec<String> = (10..10 + clusters.len()).map(|number| format!("office-{number}")).collect();
    let plan = binary(|document| {
        document["analysis"]["missing"] = json!("left_out");
        document["allocation"] = json!({"method": "cluster", "roster": names});
    });
    let cells = clusters.iter().zip(&names).map(|((arm, seen, yes, lost), name)| {
        cell(*arm, name, seen + lost, Tally { observed: *seen, sum: (*yes).into(), sum_of_squares: (*yes).into() })
    });
    let report = analyse(&plan, &locked(&plan, vec![cells.collect()]), "tests");
    report.outcomes[0].missing_bounds[0].clone()
}

#[test]
fn missing_outcomes_of_whole_clusters_are_bounded_by_cluster() {
    let found =
        of_clusters(&[(0, 20, 10, 0), (0, 18, 12, 2), (0, 20, 11, 0), (1, 16, 14, 4), (1, 20, 17, 0), (1, 0, 0, 20)]);
    assert_eq!((found.lost, found.lost_in_control, found.not_estimable.is_none()), (24, 2, true), "{found:?}");
    near(found.smallest, (0.7 + 0.85 + 0.0) / 3.0 - (0.5 + 0.7 + 0.55) / 3.0, 1e-12);
    near(found.largest, (0.9 + 0.85 + 1.0) / 3.0 - (0.5 + 0.6 + 0.55) / 3.0, 1e-12);
    assert!(found.lower.unwrap() < found.smallest.unwrap() && found.upper.unwrap() > found.largest.unwrap());
    assert_eq!((found.smallest_where_seen, found.largest_where_seen), (None, None));
    // Twice the people in every cluster are no more clusters: the interval stays as wide.
    let twice =
        of_clusters(&[(0, 40, 20, 0), (0, 36, 24, 4), (0, 40, 22, 0), (1, 32, 28, 8), (1, 40, 34, 0), (1, 0, 0, 40)]);
    near(twice.lower, found.lower.unwrap(), 1e-12);
    // What a shown gain rests on: of the new version a quarter of each cluster is lost.
    let far = of_clusters(&[
        (0, 40, 8, 0),
        (0, 40, 9, 0),
        (0, 40, 7, 0),
        (0, 40, 8, 0),
        (1, 30, 24, 10),
        (1, 30, 25, 10),
        (1, 30, 23, 10),
        (1, 30, 24, 10),
    ]);
    assert!((-2.4..-1.8).contains(&far.tipping_shift.unwrap()), "{far:?}");
    assert_eq!(far.tips_within_limits, Some(false), "even if all of them had been no, the new version would be better");
}

/// The lost are as unlike the others as they can be, and the clusters few: the truth is within the limits nearly always.
#[test]
fn bounds_of_few_clusters_cover_the_truth() {
    let mut random = ChaCha8Rng::seed_from_u64(31);
    let mut happens = |chance: f64| f64::from(random.next_u32()) < chance * 4_294_967_296.0;
    let covered = (0..600).filter(|_| {
        let clusters: Vec<(usize, u64, u64, u64)> = (0..10)
            .map(|number| {
                let arm = number % 2;
                let chance = 0.35 + 0.1 * arm as f64 + if happens(0.5) { 0.1 } else { -0.1 };
                let (mut seen, mut yes, mut lost) = (0, 0, 0);
                for _ in 0..30 {
                    let answer = happens(chance);
                    // With the new version those go missing who did it, with the other those who did not.
                    if answer == (arm == 1) && happens(0.15) {
                        lost += 1;
                    } else {
                        seen += 1;
                        yes += u64::from(answer);
                    }
                }
                (arm, seen, yes, lost)
            })
            .collect();
        let found = of_clusters(&clusters);
        (found.lower.unwrap()..=found.upper.unwrap()).contains(&0.1)
    });
    let covered = covered.count();
    assert!(covered >= 555, "{covered} of 600, where 570 are promised on average");
}
