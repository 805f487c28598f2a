//! How an answer came together, and the boundaries with their looks, as pictures need them.

use chrono::Duration;
use fairtrial_analysis::{
    Report, analyse,
    monitor::{self, arrivals, boundaries, boundaries_ahead, hold_all},
    release::{Policy, ReleaseKey, ReleasedCourse, View, release, release_course},
};
use fairtrial_domain::{
    LockedProtocol,
    projection::{DayTally, Evidence, HeldLook},
};
use serde_json::json;

use crate::evidence::{as_of, happened, plan_with, simple, table};

/// So many people and events a day in each arm.
fn days(plan: &LockedProtocol, of_day: &[[(u64, u64); 2]]) -> Evidence {
    let day = |n: usize| "2027-03-01".parse::<chrono::NaiveDate>().unwrap() + Duration::days(n as i64);
    let cells = of_day.iter().enumerate().flat_map(|(n, arms)| {
        arms.iter().enumerate().map(move |(arm, (people, events))| DayTally {
            day: day(n),
            arm,
            mature: *people,
            tally: happened(*events),
        })
    });
    let sum = |arm: usize| {
        let of_arm = of_day.iter().map(|arms| arms[arm]);
        of_arm.fold((0, 0), |sum, (people, events)| (sum.0 + events, sum.1 + people))
    };
    Evidence { by_day: cells.collect(), ..table(plan, &[sum(0), sum(1)]) }
}

fn released(plan: &LockedProtocol, report: &Report, policy: Policy, key: u8) -> Option<ReleasedCourse> {
    let key = ReleaseKey::new([key; 32]);
    let whole = release(plan.protocol(), report, View::Agency, policy, &key).unwrap();
    release_course(plan.protocol(), report, &whole, &key)
}

#[test]
fn the_course_ends_at_the_numbers_of_the_report() {
    let plan = simple();
    let evidence = days(&plan, &[[(100, 20), (100, 26)], [(40, 3), (42, 5)], [(7, 7), (9, 9)]]);
    let report = analyse(&plan, &evidence, "tests");
    let course = report.course.as_ref().unwrap();
    assert_eq!(course.points.len(), 3);
    let end = course.points.last().unwrap();
    for (arm, found) in end.arms.iter().zip(&report.outcomes[0].arms) {
        assert_eq!((arm.analysed, Some(arm.events)), (found.analysed, found.events));
    }
    assert_eq!(course.points[0].arms[1].events, 26, "and adds up day by day");
}

#[test]
fn there_is_no_course_before_the_lock_nor_of_one_day_nor_where_sites_were_assigned() {
    let plan = simple();
    let two = days(&plan, &[[(100, 20), (100, 26)], [(40, 10), (42, 12)]]);
    let course = |plan: &LockedProtocol, evidence: &Evidence| analyse(plan, evidence, "tests").course;
    assert!(course(&plan, &two).is_some());
    assert!(course(&plan, &Evidence { locked: false, ..two.clone() }).is_none());
    assert!(course(&plan, &days(&plan, &[[(100, 20), (100, 26)]])).is_none());
    let clusters = plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "cluster", "roster": ["a", "b", "c", "d"]});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["looks"] = json!(["1"]);
        document.as_object_mut().unwrap().remove("equity");
    });
    assert!(course(&clusters, &two).is_none());
}

#[test]
fn no_two_released_points_differ_by_few_people_and_the_end_is_what_the_released_report_says() {
    let plan = simple();
    // Few people on each day, none with the outcome on some, and a last day of one.
    let of_day: Vec<_> =
        (0..90_u64).map(|day| [(7 + day % 3, day % 4), (6 + day % 5, day % 3)]).chain([[(1, 1), (0, 0)]]).collect();
    let report = analyse(&plan, &days(&plan, &of_day), "tests");
    let raw = report.course.clone().unwrap();
    for (policy, key) in [(Policy::STANDARD, 1), (Policy::STANDARD, 2), (Policy::new(5, 12, 60).unwrap(), 3)] {
        let found = released(&plan, &report, policy, key).unwrap();
        assert!((2..=16).contains(&found.points.len()), "{}", found.points.len());
        let truth: Vec<_> =
            found.points.iter().map(|point| raw.points.iter().find(|raw| raw.until == point.until).unwrap()).collect();
        for arm in 0..2 {
            let mut before = (0, 0);
            for (shown, truth) in found.points.iter().zip(&truth) {
                let (people, events) = (truth.arms[arm].analysed, truth.arms[arm].events);
                let (more, with) = (people - before.0, events - before.1);
                assert!(more >= policy.sums_below(), "{more} people between two points");
                assert!(with >= policy.suppress_below() && more - with >= policy.suppress_below());
                let (analysed, happened) = (shown.arms[arm].analysed.value(), shown.arms[arm].events.value());
                assert!(
                    analysed.unwrap().is_multiple_of(policy.base()) && happened.unwrap().is_multiple_of(policy.base())
                );
                let share = happened.unwrap() as f64 / analysed.unwrap() as f64;
                assert!((shown.arms[arm].share - share).abs() < 1e-12, "the share is that of the rounded counts");
                before = (people, events);
            }
        }
        let whole = release(plan.protocol(), &report, View::Agency, policy, &ReleaseKey::new([key; 32])).unwrap();
        let end = found.points.last().unwrap();
        for (arm, told) in end.arms.iter().zip(&whole.outcomes[0].arms) {
            assert_eq!((arm.analysed, arm.events), (told.analysed, told.events), "two tables that say the same");
        }
    }
}

#[test]
fn nothing_is_released_of_an_outcome_that_the_report_hides() {
    let plan = simple();
    // Three in the new version have it, all in all: too few to be shown, whatever the days.
    let few = days(&plan, &[[(100, 20), (100, 1)], [(100, 20), (100, 2)]]);
    let report = analyse(&plan, &few, "tests");
    assert!(report.course.is_some());
    assert_eq!(released(&plan, &report, Policy::STANDARD, 1), None);
    // A trial that cannot be read has numbers that nobody should read.
    let broken = days(&plan, &[[(120, 30), (388, 80)], [(120, 30), (388, 80)]]);
    let report = analyse(&plan, &broken, "tests");
    assert_eq!(released(&plan, &report, Policy::STANDARD, 1), None);
}

fn four_looks() -> LockedProtocol {
    plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0], document["outcomes"][2]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["max_units"] = json!(2_000);
        document["monitoring"]["looks"] = json!(["0.25", "0.5", "0.75", "1"]);
        document.as_object_mut().unwrap().remove("equity");
    })
}

fn look(plan: &LockedProtocol, number: usize, events: [u64; 2], people: u64) -> HeldLook {
    let cell = |arm: usize, n: u64| crate::evidence::cell(arm, "", people, happened(n));
    let outcomes = vec![vec![cell(0, events[0]), cell(1, events[1])], vec![cell(0, people / 50), cell(1, people / 40)]];
    let evidence = Evidence { locked: false, ..crate::evidence::locked(plan, outcomes) };
    HeldLook { look: number, due_at: as_of(), evidence }
}

#[test]
fn boundaries_on_one_scale_say_what_the_looks_said() {
    let plan = four_looks();
    let looks = [look(&plan, 1, [50, 62], 250), look(&plan, 2, [100, 128], 500)];
    let held = hold_all(plan.protocol(), &looks).unwrap();
    let found = boundaries(&held);
    for (place, held) in found.rule.iter().zip(&held) {
        let crossed = place.arms[0].rule.unwrap() >= place.success.unwrap();
        assert_eq!(crossed, held.arms[0].p_value.unwrap() <= held.efficacy_p);
        assert!((place.success.unwrap() - held.efficacy_z.unwrap()).abs() < 1e-6, "one claim and one new version");
        assert!((place.arms[0].rule.unwrap() - held.arms[0].z.unwrap()).abs() < 1e-6);
        assert_eq!(place.giving_up, held.futility_z);
    }
    for (place, harm) in found.harms.iter().zip(held.iter().map(|look| &look.harms[0])) {
        let crossed = place.arms[0].1.unwrap() >= place.bound.unwrap();
        assert_eq!(crossed, harm.crossed, "larger is worse");
    }
}

#[test]
fn boundaries_to_come_are_those_that_the_looks_will_have_when_they_come_as_planned() {
    let plan = four_looks();
    let looks: Vec<HeldLook> =
        (1..=3).map(|n| look(&plan, n, [50 * n as u64, 55 * n as u64], 250 * n as u64)).collect();
    let held = hold_all(plan.protocol(), &looks).unwrap();
    let ahead = boundaries_ahead(plan.protocol(), &held[..1]).unwrap();
    let shares: Vec<f64> = ahead.rule.iter().map(|place| place.information).collect();
    assert_eq!(shares, [0.25, 0.5, 0.75, 1.0]);
    assert!(ahead.rule.iter().skip(1).all(|place| place.arms.is_empty()), "nothing is known of them");
    let all = boundaries(&held);
    for place in 0..3 {
        let (planned, came) = (&ahead.rule[place], &all.rule[place]);
        assert!((planned.success.unwrap() - came.success.unwrap()).abs() < 1e-6);
        assert!((planned.giving_up.unwrap() - came.giving_up.unwrap()).abs() < 1e-6);
        assert!((ahead.harms[place].bound.unwrap() - all.harms[place].bound.unwrap()).abs() < 1e-6);
    }
    assert_eq!(ahead.rule[3].giving_up, None, "at the end there is nothing left to give up");
    assert!(ahead.rule.windows(2).all(|pair| pair[0].success > pair[1].success));
    // Nothing held yet: the whole plan is ahead.
    assert_eq!(boundaries_ahead(plan.protocol(), &[]).unwrap().rule.len(), 4);
    assert_eq!(monitor::boundaries(&[]), monitor::Boundaries::default());
}

#[test]
fn arrivals_count_records_among_those_followed_up() {
    let plan = four_looks();
    let found = arrivals(plan.protocol(), &[look(&plan, 1, [50, 62], 250)]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].look, found[0].followed_up), (1, 500));
    assert_eq!(found[0].arms, [(250, 50), (250, 62)]);
}
