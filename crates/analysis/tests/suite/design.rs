//! Sizes, power and their sentences.

use fairtrial_analysis::design::{Answer, Clusters, Question, answer, forecast, rule_plan};
use fairtrial_domain::{
    Decimal,
    protocol::{Better, OutcomeKind, Spending},
};
use serde_json::json;

use crate::evidence::{plan_with, simple};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// 20 in 100 now, 3 in 100 more is worth having, one look, 2.5 % on one side, power 80 %.
fn question(change: impl FnOnce(&mut Question)) -> Question {
    let mut question = Question::of(simple().protocol()).unwrap();
    question.units = None;
    change(&mut question);
    question
}

fn answered(change: impl FnOnce(&mut Question)) -> Answer {
    answer(&question(change)).unwrap()
}

#[track_caller]
fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected}");
}

#[test]
fn six_hundred_letters_show_ten_in_a_hundred_and_not_three() {
    let found = answered(|q| q.units = Some(600));
    assert_eq!(found.sentences[0], "With 600 people you can reliably see a rise from 20 to 30 in 100, not to 23.");
    assert_eq!(found.can_answer, Some(false));
    let codes: Vec<&str> = found.ways_out.iter().map(|way| way.code).collect();
    assert_eq!(codes, ["more_units", "bigger_change", "other_outcome", "do_not_run"]);
    let enough = answered(|q| q.units = found.units_needed);
    assert_eq!((enough.can_answer, enough.ways_out.len()), (Some(true), 0));
    assert!(enough.power.unwrap() >= 0.8);
}

#[test]
fn sizes_are_those_of_reference_programs() {
    // Fleiss without correction, as R's power.prop.test(p1 = .2, p2 = .23, power = .8): 2942.9 an arm.
    assert_eq!(answered(|_| {}).units_needed_by_arm, [2_943, 2_943]);
    // power.t.test(delta = 0.5, sd = 1, power = .8, type = "two.sample"): 63.8 an arm.
    let means = |q: &mut Question| {
        (q.kind, q.control, q.gain, q.standard_deviation) = (OutcomeKind::Amount, 10.0, 0.5, Some(1.0));
    };
    assert_eq!(answered(means).units_needed_by_arm, [64, 64]);
    // A Poisson count of 1 that falls to 0.8, by t with its own spreads in both arms: normal size 353.2.
    let count = answered(|q| {
        (q.kind, q.control, q.gain, q.better) = (OutcomeKind::Count, 1.0, 0.2, Better::Decrease);
    });
    near(count.units_needed.unwrap() as f64, 2.0 * 354.2, 2.0);
    // Nothing lost by 5 in 100 when 20 in 100 stay: (1.96 + 0.8416)^2 * 2 * 0.16 / 0.0025 = 1004.7 an arm.
    let margin = answered(|q| (q.gain, q.margin) = (0.0, Some(0.05)));
    near(margin.units_needed_by_arm[0] as f64, 1_004.7, 25.0);
}

#[test]
fn what_covariates_explain_makes_a_trial_of_means_smaller_and_no_other() {
    let means = |explained: f64| {
        answered(|q| {
            (q.kind, q.control, q.gain, q.standard_deviation) = (OutcomeKind::Amount, 10.0, 0.5, Some(1.0));
            q.explained = explained;
        })
    };
    // 1 - R^2 times the variance is a standard deviation of 0.8: power.t.test(delta = 0.5, sd = 0.8, power = .8) needs 41.2.
    assert_eq!((means(0.0).units_needed_by_arm, means(0.36).units_needed_by_arm), (vec![64, 64], vec![42, 42]));
    let said = means(0.36).sentences.join(" ");
    assert!(said.contains("adjusting for what explains 36 in 100 of the variance: without it the trial needs 1.6 times as many people."), "{said}");
    let poisson = |explained: f64| {
        let change = |q: &mut Question| {
            (q.kind, q.control, q.gain, q.better) = (OutcomeKind::Count, 1.0, 0.2, Better::Decrease);
            q.explained = explained;
        };
        answered(change).units_needed.unwrap() as f64
    };
    near(poisson(0.5) / poisson(0.0), 0.5, 0.01);
    let shares = answered(|q| q.explained = 0.36);
    assert_eq!(shares.units_needed_by_arm, [2_943, 2_943]);
    assert!(
        shares.sentences.join(" ").contains("not reckoned with: it makes a difference of shares"),
        "{:?}",
        shares.sentences
    );
    let clusters = |explained: f64| {
        answered(|q| {
            (q.kind, q.control, q.gain, q.standard_deviation) = (OutcomeKind::Amount, 10.0, 0.5, Some(1.0));
            (q.explained, q.units) = (explained, Some(800));
            q.clusters = Some(Clusters { count: 20, icc: 0.05, size_variation: 0.0 });
        })
    };
    assert_eq!(clusters(0.36).power, clusters(0.0).power);
    assert!(clusters(0.36).sentences.join(" ").contains("need not explain those between clusters"));
    assert!(answer(&question(|q| q.explained = 1.0)).is_err());
    // From the plan: only where it adjusts.
    let of = |adjusts: bool| {
        let plan = plan_with(|document| {
            document["planning"]["explained_by_covariates"] = json!("0.4");
            if !adjusts {
                document["analysis"]["adjust_for"] = json!([]);
            }
        });
        (plan.protocol().analysis.adjust_for.is_empty(), Question::of(plan.protocol()).unwrap().explained)
    };
    assert_eq!([of(true), of(false)], [(false, 0.4), (true, 0.0)]);
}

#[test]
fn the_saw_of_the_exact_test_is_followed_to_its_last_tooth() {
    let at = |units: u64| answered(|q| (q.control, q.gain, q.units) = (0.3, 0.3, Some(units)));
    let needed = at(80).units_needed.unwrap();
    assert!((80..110).contains(&needed), "{needed}");
    assert!(at(needed - 2).power.unwrap() < 0.8);
    for units in (needed..needed + 30).step_by(2) {
        assert!(at(units).power.unwrap() >= 0.8, "{units}");
    }
    // Boschloo's power at 40 an arm, by complete enumeration elsewhere.
    near(at(80).power.unwrap(), 0.764, 5e-4);
}

#[test]
fn arms_attrition_and_clusters_enlarge_as_they_should() {
    let plain = answered(|_| {}).units_needed.unwrap() as f64;
    let missing = answered(|q| q.attrition = 0.2).units_needed.unwrap() as f64;
    near(missing / plain, 1.25, 0.01);
    let unequal = answered(|q| q.ratio = vec![2, 1]);
    assert_eq!(unequal.units_needed_by_arm[0], 2 * unequal.units_needed_by_arm[1]);
    near(unequal.units_needed.unwrap() as f64 / plain, 1.125, 0.03);
    let three = answered(|q| q.ratio = vec![1, 1, 1]);
    near(three.one_sided_alpha, 0.0125, 1e-12);
    assert!(three.units_needed_by_arm[0] > 2_943);
    let clusters = Some(Clusters { count: 40, icc: 0.05, size_variation: 0.0 });
    let alike = answered(|q| (q.clusters, q.gain, q.units) = (clusters, 0.1, Some(1_000)));
    near(alike.clusters.unwrap().design_effect, 1.0 + 24.0 * 0.05, 1e-9);
    let alone = answered(|q| (q.gain, q.units) = (0.1, Some(1_000)));
    assert!(alike.power.unwrap() < alone.power.unwrap());
    assert!(alike.clusters.unwrap().needed.unwrap() > 40);
}

#[test]
fn looks_cost_a_little_and_save_much() {
    let looks = |q: &mut Question| {
        let monitoring = &mut q.looks.0;
        monitoring.looks = ["0.25", "0.5", "0.75", "1"].map(decimal).to_vec();
        monitoring.efficacy = Some(Spending::ObrienFleming);
        monitoring.futility = Some(Spending::HwangShihDecani { gamma: decimal("-2") });
    };
    let found = answered(looks);
    let sequential = found.looks.unwrap();
    near(sequential.inflation, found.units_needed.unwrap() as f64 / 5_886.0, 0.01);
    let saved = sequential.expected_if_no_effect.unwrap() as f64 / 5_886.0;
    assert!(saved < 0.7, "{saved}");
    let exact = answered(|q| {
        looks(q);
        q.units = found.units_needed;
    });
    near(exact.power.unwrap(), 0.8, 2e-3);
    assert!(exact.looks.unwrap().looks.iter().map(|look| look.success_if_worthwhile).sum::<f64>() > 0.79);
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |change: fn(&mut Question)| answer(&question(change)).unwrap_err().field;
    assert_eq!(refused(|q| q.control = 1.2), "control");
    assert_eq!(refused(|q| q.gain = 0.9), "effect");
    assert_eq!(refused(|q| q.gain = 0.0), "effect");
    assert_eq!(refused(|q| q.gain = f64::NAN), "effect");
    assert_eq!(refused(|q| q.margin = Some(-0.1)), "margin");
    assert_eq!(refused(|q| q.ratio = vec![1]), "ratio");
    assert_eq!(refused(|q| q.attrition = 1.0), "attrition");
    assert_eq!(refused(|q| q.kind = OutcomeKind::Duration), "sd");
    assert_eq!(refused(|q| q.units = Some(1)), "units");
    let plan = plan_with(|document| {
        document["outcomes"][0].as_object_mut().unwrap().remove("expected_control");
    });
    assert_eq!(Question::of(plan.protocol()).unwrap_err().field, "/outcomes/0/expected_control");
}

#[test]
fn a_rule_is_laid_open() {
    let plan = plan_with(|document| {
        document["outcomes"][1]["expected_control"] = json!("0.4");
        document["outcomes"][1]["margin"] = json!("0.1");
        document["outcomes"][1]["smallest_worthwhile_effect"] = json!("0.1");
        document["decision_rule"] =
            json!("superior(paid-28d) and (not_worse(calls-28d) or superior(calls-28d)) or superior(calls-28d)");
    });
    let found = rule_plan(plan.protocol());
    let named: Vec<&str> = found.claims.iter().map(|claim| claim.claim.as_str()).collect();
    assert_eq!(named, ["superior(paid-28d)", "not_worse(calls-28d)", "superior(calls-28d)"]);
    let alphas: Vec<f64> = found.claims.iter().map(|claim| claim.one_sided_alpha).collect();
    // Two alternatives outside, two inside the first of them.
    assert_eq!(alphas, [0.0125, 0.00625, 0.00625]);
    let rows = found.truth_table.unwrap();
    assert_eq!((rows.len(), rows.iter().filter(|row| row.rule).count()), (8, 5));
    let independent = found.power_if_independent.unwrap();
    assert!(found.power_at_least.unwrap() <= independent + 1e-12 && independent <= 1.0);
    let simple = simple();
    let alone = rule_plan(simple.protocol());
    let power = answer(&Question::of(simple.protocol()).unwrap()).unwrap().power.unwrap();
    near(alone.power_if_independent.unwrap(), power, 1e-12);
}

#[test]
fn a_claim_beside_the_main_one_says_what_it_takes() {
    // What must not get worse is part of the rule, and takes more people than the question itself.
    let plan = plan_with(|_| {});
    let claims = rule_plan(plan.protocol()).claims;
    assert_eq!(claims[1].claim, "not_worse(calls-28d)");
    let power = claims[1].power.unwrap();
    assert!(power > 0.5 && power < 0.6, "{power}: calls of 12 in 100, 2 more at most, 3,000 and 3,000 people");
    let needed = claims[1].units_needed.unwrap();
    let larger = plan_with(|document| document["monitoring"]["max_units"] = json!(needed));
    near(rule_plan(larger.protocol()).claims[1].power.unwrap(), 0.8, 0.002);
}

#[test]
fn the_page_says_how_often_the_whole_rule_is_met() {
    let plan = plan_with(|_| {});
    let rule = rule_plan(plan.protocol());
    assert!(rule.claims.len() > 1, "{:?}", rule.rule);
    let (independent, least) = (rule.power_if_independent.unwrap(), rule.power_at_least.unwrap());
    let said = rule.chance();
    let both = format!("about {:.0} of 100", independent * 100.0);
    assert!(said[0].contains(&both) && said[0].contains(&format!("at least {:.0} of 100", least * 100.0)), "{said:?}");
    assert_eq!(said.iter().filter(|sentence| sentence.starts_with("Of its claims")).count(), rule.claims.len());
    assert_eq!(said[0].contains("The plan wants"), independent < rule.wanted_power, "{said:?}");
    let one = plan_with(|document| document["decision_rule"] = json!("superior(paid-28d)"));
    assert_eq!(rule_plan(one.protocol()).chance(), Vec::<String>::new());
    let unknown = plan_with(|document| {
        let outcomes = document["outcomes"].as_array_mut().unwrap();
        for outcome in outcomes.iter_mut().skip(1) {
            outcome.as_object_mut().unwrap().remove("expected_control");
        }
    });
    let said = rule_plan(unknown.protocol()).chance();
    assert!(said[0].contains("cannot be worked out yet: say what is expected"), "{said:?}");
}

#[test]
fn a_plan_says_when_it_would_be_full() {
    let on = |text: &str| -> chrono::NaiveDate { text.parse().unwrap() };
    let plan = |rate: Option<&str>, ends_on: &str| {
        plan_with(|document| {
            document["monitoring"]["max_units"] = json!(1_000);
            document["monitoring"]["ends_on"] = json!(ends_on);
            document["planning"] = rate.map_or_else(|| json!({}), |rate| json!({"units_per_day": rate}));
        })
    };
    let told = |rate, ends_on| forecast(plan(rate, ends_on).protocol(), on("2027-03-01")).join(" ");
    let full = told(Some("10"), "2027-12-31");
    assert!(
        full.starts_with("At 10 people a day, a trial that started on 1 March 2027 would be full on 8 June 2027"),
        "{full}"
    );
    assert!(!full.contains("That is after"), "{full}");
    assert!(!told(Some("10"), "2027-06-08").contains("That is after"), "it is full on its last day");
    let short = told(Some("10"), "2027-06-07");
    assert!(short.contains("after its last day, 7 June 2027: about 990 of 1,000 people"), "{short}");
    assert!(told(Some("10"), "2027-02-28").contains("Its last day is over"));
    assert!(told(Some("1000"), "2027-12-31").contains("would be full on 1 March 2027"));
    assert!(told(Some("0.01"), "2027-12-31").contains("not be full within a century"));
    assert!(told(Some("2.5"), "2027-12-31").starts_with("At 2.5 people a day"));
    assert!(told(None, "2027-12-31").starts_with("Say how many people come on a day"));
}
