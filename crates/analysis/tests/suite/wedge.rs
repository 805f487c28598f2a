//! Stepped wedges: change over time is never taken for the effect.

use fairtrial_analysis::{
    analyse,
    design::{self, Question, Rollout},
    rehearse::{Rehearsal, RehearsalReport, Truth},
    report::Report,
};
use fairtrial_domain::{
    LockedProtocol,
    projection::{Evidence, PeriodCell, WedgeEvidence},
};
use fairtrial_stats::special::normal;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::json;

use crate::evidence::{happened, locked, plan_with, simple};

const SITES: usize = 8;

fn plan() -> LockedProtocol {
    let base = simple();
    plan_with(|document| {
        *document = serde_json::from_str(base.canonical()).unwrap();
        let sites: Vec<String> = (0..SITES).map(|n| format!("site-{n}")).collect();
        document["allocation"] = json!({"method": "stepped_wedge", "sites": sites, "transition_days": 7,
            "steps": ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"]});
    })
}

/// A hundred people a site and period; `share` gives those with the outcome by period and whether the site has crossed.
fn evidence(plan: &LockedProtocol, share: impl Fn(usize, usize, bool) -> u64) -> Evidence {
    let day = |text: &str| text.parse().unwrap();
    let steps = ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"];
    let ends = ["2027-02-08", "2027-03-08", "2027-04-08", "2027-05-08"];
    let crossings = (0..SITES).map(|n| (format!("site-{n}"), day(steps[n / 2]), day(ends[n / 2]))).collect();
    let mut starts: Vec<_> = steps.into_iter().chain(ends).map(day).collect();
    starts.sort();
    let cells = (0..SITES).flat_map(|n| (0..9).map(move |period| (n, period))).map(|(n, period)| PeriodCell {
        period,
        site: format!("site-{n}"),
        assigned: 100,
        mature: 100,
        tally: happened(share(n, period, period > 2 * (n / 2))),
    });
    let wedge = WedgeEvidence { in_transition: 800, starts, crossings, outcomes: vec![cells.collect()] };
    Evidence { wedge: Some(wedge), ..locked(plan, vec![vec![]]) }
}

fn difference(report: &Report) -> (f64, f64) {
    let comparison = &report.outcomes[0].comparisons[0];
    assert_eq!(comparison.not_estimable, None);
    (comparison.estimate.unwrap(), comparison.p_value.unwrap())
}

#[test]
fn a_trend_is_not_an_effect_and_an_effect_is_found_under_it() {
    let plan = plan();
    let noise = |n: usize, period: usize| (n * 7 + period * 5 + n * period * 3) as u64 % 5;
    // Everything gets better by four in a hundred with each period, whatever the version.
    let trend = |n, period, _| 20 + 4 * period as u64 + noise(n, period);
    let report = analyse(&plan, &evidence(&plan, trend), "test");
    let (estimate, p) = difference(&report);
    assert!(estimate.abs() < 0.02 && p > 0.05, "{estimate} {p}");
    let both = |n, period, crossed| trend(n, period, crossed) + if crossed { 15 } else { 0 };
    let report = analyse(&plan, &evidence(&plan, both), "test");
    let (estimate, p) = difference(&report);
    assert!((estimate - 0.15).abs() < 0.03 && p < 0.01, "{estimate} {p}");
    assert_eq!(report.flow.in_transition, 800);
    // A ratio, and the mean of an arm, would add up people of different times.
    let ratio = &report.outcomes[0].comparisons[1];
    assert_eq!(ratio.not_estimable.as_ref().map(|reason| reason.code.as_str()), Some("changes_over_time"));
    assert!(report.outcomes[0].arms.iter().all(|arm| arm.mean.is_none() && arm.lower.is_none()));
}

#[test]
fn without_a_calendar_nothing_is_compared() {
    let plan = plan();
    let mut evidence = evidence(&plan, |n, period, _| (n + period) as u64);
    evidence.wedge.as_mut().unwrap().crossings.clear();
    let report = analyse(&plan, &evidence, "test");
    let comparison = &report.outcomes[0].comparisons[0];
    assert_eq!(comparison.not_estimable.as_ref().map(|reason| reason.code.as_str()), Some("no_calendar"));
}

/// Twelve offices that change over in four steps, twenty people in each between two steps.
fn planned(effect: &str) -> LockedProtocol {
    let base = simple();
    plan_with(|document| {
        *document = serde_json::from_str(base.canonical()).unwrap();
        let sites: Vec<String> = (0..12).map(|n| format!("site-{n:02}")).collect();
        document["allocation"] = json!({"method": "stepped_wedge", "sites": sites, "transition_days": 0,
            "steps": ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"]});
        document["outcomes"][0]["expected_control"] = json!("0.30");
        document["outcomes"][0]["smallest_worthwhile_effect"] = json!(effect);
        document["monitoring"]["max_units"] = json!(12 * 5 * 20);
        document["monitoring"]["ends_on"] = json!("2027-05-31");
        document["planning"]["icc"] = json!("0.03");
        document["planning"]["attrition"] = json!("0");
    })
}

/// One trial in which offices differ as the plan supposes, half of it for good and half from time to time.
fn drawn(plan: &LockedProtocol, random: &mut ChaCha8Rng, effect: f64) -> Evidence {
    let mut share = || (f64::from(random.next_u32()) + 0.5) / 4_294_967_296.0;
    let spread = (0.5_f64 * 0.03 * 0.25).sqrt();
    let steps = ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"].map(|day| day.parse().unwrap());
    let crossings = (0..12).map(|n| (format!("site-{n:02}"), steps[n / 3], steps[n / 3])).collect();
    let mut cells = Vec::new();
    for n in 0..12 {
        let of_site = spread * normal::quantile(share());
        for period in 0..5 {
            let new = if period > n / 3 { effect } else { 0.0 };
            let chance = 0.30 + 0.02 * period as f64 + new + of_site + spread * normal::quantile(share());
            let events = (0..20).filter(|_| share() < chance).count() as u64;
            let site = format!("site-{n:02}");
            cells.push(PeriodCell { period, site, assigned: 20, mature: 20, tally: happened(events) });
        }
    }
    let wedge = WedgeEvidence { in_transition: 0, starts: steps.to_vec(), crossings, outcomes: vec![cells] };
    Evidence { wedge: Some(wedge), ..locked(plan, vec![vec![]]) }
}

#[test]
fn a_plan_says_how_often_its_trials_find_the_effect() {
    let plan = planned("0.14");
    let answer = design::answer(&Question::of(plan.protocol()).unwrap()).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let trials = 150;
    let mut found = |effect: f64| {
        let shown = |_: &u32| {
            let (estimate, p) = difference(&analyse(&plan, &drawn(&plan, &mut random, effect), "test"));
            estimate > 0.0 && p <= 0.05
        };
        (0..trials).filter(shown).count() as f64 / f64::from(trials)
    };
    let (power, alone) = (found(0.14), found(0.0));
    let expected = answer.power.unwrap();
    assert!((power - expected).abs() < 0.11, "{power} of the trials, {expected} by the plan");
    assert!(alone <= 0.065, "{alone} where nothing changes");
    assert!(answer.clusters.is_none() && answer.days.is_none() && answer.units_needed_by_arm.is_empty());
    assert_eq!(answer.can_answer, Some(expected >= 0.8));
    assert!(
        answer.sentences.iter().any(|said| said.contains("12 sites that change over in 4 steps")),
        "{:?}",
        answer.sentences
    );
}

#[test]
fn more_people_help_until_the_offices_themselves_are_too_different() {
    let question = Question::of(planned("0.14").protocol()).unwrap();
    let power =
        |units: u64| design::answer(&Question { units: Some(units), ..question.clone() }).unwrap().power.unwrap();
    assert!(power(600) < power(1_200) && power(1_200) < power(4_800));
    let alike = Rollout { icc: 0.4, ..question.rollout.clone().unwrap() };
    let never = design::answer(&Question { rollout: Some(alike), ..question.clone() }).unwrap();
    assert_eq!((never.units_needed, never.can_answer), (None, Some(false)));
    assert!(never.ways_out.iter().any(|way| way.detail.contains("More people alone do not help")));
    // Four offices in two steps change over in 6 orders: no p-value is below 1 in 6.
    let few = Rollout { sites_per_step: vec![2, 2], ..question.rollout.clone().unwrap() };
    let few = design::answer(&Question { rollout: Some(few), ..question }).unwrap();
    assert_eq!((few.power, few.units_needed), (Some(0.0), None));
    assert!(few.sentences.iter().any(|said| said.contains("in 6 orders")), "{:?}", few.sentences);
}

fn rehearse(plan: &LockedProtocol, trials: u64) -> RehearsalReport {
    let rehearsal = Rehearsal::new(plan, trials).unwrap();
    rehearsal.report(&rehearsal.run(0..trials, 3), trials, 3)
}

#[test]
fn a_rehearsal_decides_as_often_as_the_plan_says() {
    let plan = planned("0.14");
    let expected = design::answer(&Question::of(plan.protocol()).unwrap()).unwrap().power.unwrap();
    let trials = 120;
    let report = rehearse(&plan, trials);
    let succeeded = |truth: Truth| {
        report.scenarios.iter().find(|scenario| scenario.truth == truth).unwrap().decided.succeeded.share
    };
    let error = |share: f64| 3.0 * (share * (1.0 - share) / trials as f64).sqrt();
    // What the plan says is an approximation by the normal distribution, for half a site's likeness that lasts.
    let power = succeeded(Truth::Worthwhile);
    assert!((power - expected).abs() < error(expected) + 0.03, "{power} of the trials, {expected} by the plan");
    assert!(succeeded(Truth::NoEffect) <= 0.025 + error(0.025), "{}", succeeded(Truth::NoEffect));
    let half = succeeded(Truth::HalfOfIt);
    assert!(succeeded(Truth::NoEffect) < half && half < power, "{half}");
    // One in five people a day is 20 a site and month.
    assert!((report.units_per_day - 8.0).abs() < 1.0, "{}", report.units_per_day);
    assert!(report.assumptions.iter().any(|said| said.starts_with("People come evenly to all sites from ")));
    assert!(!report.assumptions.iter().any(|said| said.contains("full before")), "{:?}", report.assumptions);
}

#[test]
fn who_comes_during_a_transition_is_not_counted_and_the_table_does_not_depend_on_the_threads() {
    let change = |rate: &str, transition: u32| {
        let base = planned("0.14");
        plan_with(|document| {
            *document = serde_json::from_str(base.canonical()).unwrap();
            document["allocation"]["transition_days"] = json!(transition);
            document["planning"]["units_per_day"] = json!(rate);
        })
    };
    let (slow, quick) = (change("8", 14), change("60", 14));
    let rehearsal = Rehearsal::new(&slow, 12).unwrap();
    let mut parts = rehearsal.run(5..12, 3);
    parts.merge(&rehearsal.run(0..5, 3));
    assert_eq!(rehearsal.run(0..12, 3), parts);
    assert_ne!(rehearsal.run(0..12, 4), parts);
    assert!(rehearsal.run_harm(0..1, 3).is_none());
    // Twenty days after the first person the cap is reached: nobody is left for the months in which sites change over.
    let report = rehearse(&quick, 8);
    assert!(report.assumptions.iter().any(|said| said.contains("full before")), "{:?}", report.assumptions);
    let decided = &report.scenarios[1].decided;
    assert_eq!((decided.succeeded.trials, decided.undecided.trials), (0, 8), "{decided:?}");
}
