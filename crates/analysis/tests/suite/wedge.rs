//! Stepped wedges: change over time is never taken for the effect.

use fairtrial_analysis::{analyse, report::Report};
use fairtrial_domain::{
    LockedProtocol,
    projection::{Evidence, PeriodCell, WedgeEvidence},
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
