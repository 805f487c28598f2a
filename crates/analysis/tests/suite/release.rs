//! What somebody outside can work out from everything that is released: every table of true counts that fits is tried.

use std::collections::BTreeSet;

use fairtrial_analysis::{
    Report, analyse,
    release::{Masked, NotReleased, Policy, ReleaseKey, ReleasedReport, View, release},
};
use fairtrial_domain::{
    LockedProtocol,
    projection::{Cell, Evidence, Tally},
};
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Value, json};

use crate::evidence::{cell, happened, locked, plan_with, simple, table, values};

fn released(plan: &LockedProtocol, evidence: &Evidence, key: u8) -> (Report, ReleasedReport) {
    let report = analyse(plan, evidence, "fairtrial-test");
    let key = ReleaseKey::new([key; 32]);
    let released = release(plan.protocol(), &report, View::Public, Policy::STANDARD, &key).unwrap();
    (report, released)
}

/// Two yes-or-no outcomes and one that counts; people without a record are missing. So many arms.
fn three(arms: usize) -> LockedProtocol {
    plan_with(|document| {
        let planned = document["arms"].as_array_mut().unwrap();
        for number in planned.len()..arms {
            let mut arm = planned[1].clone();
            (arm["key"], arm["name"]) = (json!(format!("new-{number}")), json!(format!("New letter {number}")));
            planned.push(arm);
        }
        document["outcomes"].as_array_mut().unwrap().truncate(3);
        document["outcomes"].as_array_mut().unwrap().swap(1, 2);
        document["allocation"] = json!({"method": "simple"});
        document["monitoring"]["looks"] = json!(["1"]);
        document["analysis"]["missing"] = json!("left_out");
        document["analysis"]["adjust_for"] = json!([]);
        document.as_object_mut().unwrap().remove("equity");
    })
}

/// One arm as it truly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Arm {
    assigned: u64,
    counted: [u64; 2],
    events: [u64; 2],
}

impl Arm {
    fn is_possible(&self) -> bool {
        (0..2).all(|k| self.counted[k] <= self.assigned && self.events[k] <= self.counted[k])
    }

    /// The small numbers that must stay unknown: not counted, with the outcome, without it; by outcome.
    fn small(&self) -> Vec<(usize, u64)> {
        let all =
            (0..2).flat_map(|k| [self.assigned - self.counted[k], self.events[k], self.counted[k] - self.events[k]]);
        all.enumerate().filter(|(_, count)| *count < 6).collect()
    }

    fn cell(&self, place: usize) -> u64 {
        let k = place / 3;
        [self.assigned - self.counted[k], self.events[k], self.counted[k] - self.events[k]][place % 3]
    }
}

fn evidence(plan: &LockedProtocol, arms: &[Arm]) -> Evidence {
    let tally = |counted: u64, events: u64| {
        let mut tally = happened(events);
        tally.observed = counted;
        tally
    };
    let binary = |k: usize| {
        (0..arms.len()).map(move |a| cell(a, "", arms[a].assigned, tally(arms[a].counted[k], arms[a].events[k])))
    };
    let calls = (0..arms.len()).map(|a| cell(a, "", arms[a].assigned, values(&vec![1; arms[a].counted[0] as usize])));
    locked(plan, vec![binary(0).collect(), binary(1).collect(), calls.collect()])
}

/// True counts behind a published one.
fn behind(published: &Value, most: u64) -> Vec<u64> {
    match published.as_u64() {
        Some(shown) => (shown.saturating_sub(2).max(6)..=shown + 2).collect(),
        None => (0..=most).collect(),
    }
}

/// Every true arm that fits what is published of it, as an outsider who knows the method would try them.
fn tables(published: &Value, place: usize) -> Vec<Arm> {
    let arm = &published["arms"][place];
    let of = |k: usize, name: &str| published["outcomes"][k]["arms"][place][name].clone();
    let most = arm["assigned"].as_u64().unwrap_or(140) + 8;
    let mut found = Vec::new();
    for assigned in behind(&arm["assigned"], most) {
        let mut options: [Vec<(u64, u64)>; 2] = [Vec::new(), Vec::new()];
        for (k, options) in options.iter_mut().enumerate() {
            for counted in behind(&of(k, "analysed"), assigned).into_iter().filter(|n| *n <= assigned) {
                // The same number of people in the same arm is told as the same number.
                let same = counted == assigned && of(k, "analysed") != arm["assigned"];
                if same && !arm["assigned"].is_null() && !of(k, "analysed").is_null() {
                    continue;
                }
                let missing = assigned - counted;
                if k == 0 && (missing < 6) != arm["missing"].is_null() {
                    continue;
                }
                // There is a total only where the numbers that are hidden of an arm are small.
                let total = !published["flow"]["assigned"].is_null() && arm["assigned"].is_null();
                if k == 0 && total && of(0, "analysed").is_null() && counted > 5 {
                    continue;
                }
                for events in behind(&of(k, "events"), counted).into_iter().filter(|x| *x <= counted) {
                    let small = events < 6 || counted - events < 6;
                    // Shown counts are not small; hidden ones are, unless all of the outcome is hidden.
                    let told = !of(k, "events").is_null();
                    let arms = published["outcomes"][k]["arms"].as_array().unwrap();
                    let shown = published["verdict"]["kind"] != "invalid"
                        && arms.iter().all(|arm| arm["analysed"].as_u64().is_some_and(|shown| shown >= 24));
                    if told && small || !told && !small && shown {
                        continue;
                    }
                    options.push((counted, events));
                }
            }
        }
        for first in &options[0] {
            for second in &options[1] {
                let arm = Arm { assigned, counted: [first.0, second.0], events: [first.1, second.1] };
                if arm.is_possible() {
                    found.push(arm);
                }
            }
        }
    }
    found
}

/// What somebody outside finds out of a small number who has seen all of these: the first that can only be one of two numbers, or
/// nothing.
fn worked_out(arms: &[Arm], seen: &[Value]) -> Option<String> {
    for (place, arm) in arms.iter().enumerate() {
        let mut fitting: BTreeSet<Arm> = tables(seen.first()?, place).into_iter().collect();
        for other in &seen[1..] {
            let also: BTreeSet<Arm> = tables(other, place).into_iter().collect();
            fitting.retain(|arm| also.contains(arm));
        }
        assert!(fitting.iter().any(|found| (0..6).all(|cell| found.cell(cell) == arm.cell(cell))), "the truth fits");
        for (cell, count) in arm.small() {
            let possible: BTreeSet<u64> = fitting.iter().map(|found| found.cell(cell)).collect();
            if possible.len() < 3 {
                let told = serde_json::to_string_pretty(&seen[0]["arms"][place]).unwrap();
                return Some(format!(
                    "cell {cell} of arm {place} is {count} and can only be {possible:?}: {arm:?}\n{told}"
                ));
            }
        }
    }
    None
}

fn published(arms: &[Arm], key: u8) -> Value {
    let plan = three(arms.len());
    serde_json::to_value(released(&plan, &evidence(&plan, arms), key).1).unwrap()
}

#[track_caller]
fn cannot_be_worked_out(arms: &[Arm], key: u8) {
    let found = worked_out(arms, &[published(arms, key)]);
    assert!(found.is_none(), "{}", found.unwrap_or_default());
}

/// The rounding of a trial is fixed: were it drawn anew for each release, a few releases would tell.
#[test]
fn numbers_that_were_rounded_anew_each_time_would_be_worked_out() {
    let usual = Arm { assigned: 103, counted: [98, 103], events: [20, 2] };
    let new = Arm { assigned: 98, counted: [97, 93], events: [26, 0] };
    let third = Arm { assigned: 101, counted: [101, 97], events: [30, 4] };
    let arms = [usual, new, third];
    let once: Vec<Value> = vec![published(&arms, 0)];
    assert_eq!(worked_out(&arms, &once), None);
    assert_eq!(worked_out(&arms, &[once[0].clone(), published(&arms, 0)]), None, "released twice");
    let anew: Vec<Value> = (0..12).map(|key| published(&arms, key)).collect();
    let found = worked_out(&arms, &anew).expect("the outsider can work it out");
    assert!(found.contains("can only be"), "{found}");
}

#[test]
fn no_small_number_of_the_sample_trial_can_be_worked_out() {
    let usual = Arm { assigned: 103, counted: [98, 103], events: [20, 2] };
    let new = Arm { assigned: 98, counted: [97, 93], events: [26, 0] };
    let (third, fourth) = (
        Arm { assigned: 101, counted: [101, 97], events: [30, 4] },
        Arm { assigned: 33, counted: [30, 28], events: [1, 26] },
    );
    for key in 0..12 {
        cannot_be_worked_out(&[usual, new], key);
        cannot_be_worked_out(&[usual, new, third], key);
        cannot_be_worked_out(&[usual, new, third, fourth], key);
    }
}

#[test]
fn a_shown_number_of_events_does_not_narrow_the_people_without_a_record() {
    // Events told as 39 leave at least 43 people counted, and 44 at most were told as 42: nearly nobody was lost.
    let other = Arm { assigned: 26, counted: [26, 26], events: [0, 26] };
    for (assigned, lost, with) in [(43, 0, 37), (62, 0, 56), (43, 5, 37)] {
        let arm = Arm { assigned, counted: [assigned - lost, assigned], events: [0, with] };
        for key in 0..24 {
            cannot_be_worked_out(&[arm, other], key);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_small_number_of_any_trial_can_be_worked_out(
        key: u8,
        arms in prop::collection::vec((24_u64..64, 0_u64..9, 0_u64..9, 0_u64..12, 0_u64..9), 2..=4),
    ) {
        let arm = |(assigned, lost, lost_too, x, y): (u64, u64, u64, u64, u64)| {
            let counted = [assigned - lost, assigned - lost_too];
            // Few with the outcome in one, few without it in the other.
            Arm { assigned, counted, events: [x.min(counted[0]), counted[1] - y.min(counted[1])] }
        };
        let arms: Vec<Arm> = arms.into_iter().map(arm).collect();
        cannot_be_worked_out(&arms, key);
    }
}

/// Where numbers that depend on data may stand; everything else is the plan's or a setting.
const NUMBERS: [&str; 19] = [
    "/arms/*/assigned",
    "/arms/*/analysed",
    "/arms/*/missing",
    "/arms/*/not_yet_mature",
    "/outcomes/*/arms/*/analysed",
    "/outcomes/*/arms/*/events",
    "/outcomes/*/arms/*/mean",
    "/outcomes/*/comparisons/*/estimate",
    "/outcomes/*/comparisons/*/lower",
    "/outcomes/*/comparisons/*/upper",
    "/outcomes/*/together/*/lower",
    "/outcomes/*/together/*/upper",
    "/flow/requests",
    "/flow/assigned",
    "/flow/not_enrolled/*/count",
    "/flow/arms/*/*",
    "/cost/arms/*/assigned",
    "/cost/arms/*/total",
    "/cost/comparisons/*/extra_per_unit",
];

const OF_THE_PLAN: [&str; 6] = [
    "/arms/*/ratio",
    "/outcomes/*/follow_up_days",
    "/outcomes/*/comparisons/*/level",
    "/outcomes/*/together/*/level",
    "/policy/*",
    "/looks/*/look",
];

fn numbers(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Number(_) => {
            found.insert(path.to_owned());
        }
        Value::Array(items) => items.iter().for_each(|item| numbers(item, &format!("{path}/*"), found)),
        Value::Object(fields) => fields.iter().for_each(|(name, item)| numbers(item, &format!("{path}/{name}"), found)),
        _ => {}
    }
}

#[test]
fn nothing_else_in_the_document_is_a_number() {
    let plan = three(3);
    let arm = Arm { assigned: 1_003, counted: [998, 1_000], events: [200, 40] };
    let (report, released) = released(&plan, &evidence(&plan, &[arm, arm, arm]), 3);
    let published = serde_json::to_value(&released).unwrap();
    let mut paths = BTreeSet::new();
    numbers(&published, "", &mut paths);
    for path in &paths {
        let known = NUMBERS.iter().chain(&OF_THE_PLAN).any(|known| {
            let (known, path): (Vec<_>, Vec<_>) = (known.split('/').collect(), path.split('/').collect());
            known.len() == path.len() && known.iter().zip(&path).all(|(known, part)| *known == "*" || known == part)
        });
        assert!(known, "{path} is a number that nobody has thought about");
    }
    // Words hold numbers too: those of the headline are made from released counts.
    assert!(!published.to_string().contains("1003") && !published.to_string().contains("998"), "{published}");
    assert!(paths.contains("/outcomes/*/together/*/lower"), "ranges together are looked at: {paths:?}");
    assert_ne!(report.verdict.reasons, [], "the raw report says more");
}

#[test]
fn shares_and_intervals_are_those_of_the_rounded_counts() {
    let plan = simple();
    let (_, released) = released(&plan, &table(&plan, &[(200, 1_000), (261, 1_000)]), 9);
    let outcome = &released.outcomes[0];
    let [usual, new] = &outcome.arms[..] else { panic!("two arms") };
    let share = |arm: &fairtrial_analysis::release::ArmNumbers| {
        arm.events.value().unwrap() as f64 / arm.analysed.value().unwrap() as f64
    };
    assert_eq!((usual.mean, new.mean), (Some(share(usual)), Some(share(new))));
    let found = &outcome.comparisons[0];
    assert!((found.estimate.unwrap() - (share(new) - share(usual))).abs() < 1e-12);
    assert!(found.lower.unwrap() > 0.02 && found.upper.unwrap() < 0.11 && found.p_value.is_none());
    assert_eq!(released.verdict.headline.matches("in 100").count(), 3, "{}", released.verdict.headline);
}

#[test]
fn averages_need_people_and_stand_on_a_grid_that_many_sums_share() {
    let plan = three(2);
    let arm = |n: u64| Arm { assigned: n, counted: [n, n], events: [n / 3, 8] };
    let (_, few) = released(&plan, &evidence(&plan, &[arm(19), arm(19)]), 1);
    for outcome in &few.outcomes {
        assert!(outcome.arms.iter().all(|arm| arm.mean.is_none() && arm.events.value().is_none()), "{outcome:?}");
        assert!(outcome.comparisons.iter().all(|found| found.estimate.is_none() && found.not_estimable.is_some()));
    }
    assert!(few.verdict.headline.contains("too small to be shown"), "{}", few.verdict.headline);
    let (_, many) = released(&plan, &evidence(&plan, &[arm(200), arm(200)]), 1);
    let calls = &many.outcomes[2];
    for arm in &calls.arms {
        let (mean, people) = (arm.mean.unwrap(), arm.analysed.value().unwrap() as f64);
        // Moved by three calls either way, the number shown is the same or its neighbour: at least three sums share it.
        let sums = (0..400).filter(|sum| ((f64::from(*sum) / people) / 0.05).round() == (mean / 0.05).round());
        assert!(sums.count() >= 3, "{mean}");
    }
}

#[test]
fn the_public_sees_nothing_before_the_lock_and_no_numbers_of_an_invalid_trial() {
    let plan = simple();
    let mut running = table(&plan, &[(200, 1_000), (260, 1_000)]);
    running.locked = false;
    let report = analyse(&plan, &running, "fairtrial-test");
    let key = ReleaseKey::new([1; 32]);
    let of = |view| release(plan.protocol(), &report, view, Policy::STANDARD, &key);
    assert_eq!(of(View::Public), Err(NotReleased::NotLocked));
    let agency = of(View::Agency).unwrap();
    assert!(agency.outcomes.iter().all(|outcome| outcome.comparisons.is_empty()));
    assert!(agency.outcomes.iter().flat_map(|o| &o.arms).all(|arm| arm.mean.is_none() && arm.events.value().is_none()));

    let (_, invalid) = released(&plan, &table(&plan, &[(120, 388), (180, 612)]), 1);
    assert!(invalid.outcomes.iter().all(|outcome| outcome.comparisons.is_empty()));
    assert!(invalid.verdict.headline.starts_with("This trial cannot be read."));
    assert!(!invalid.verdict.headline.contains("612"), "{}", invalid.verdict.headline);
}

/// A trial under way: people assigned, and of them those whose follow-up is over and those of whom something is known.
fn under_way(arms: [[u64; 3]; 2], key: u8) -> ReleasedReport {
    let plan = three(2);
    let outcome = || {
        let cell_of = |arm: usize| {
            let [assigned, mature, observed] = arms[arm];
            Cell { mature, ..cell(arm, "", assigned, Tally { observed, ..happened(observed / 3) }) }
        };
        vec![cell_of(0), cell_of(1)]
    };
    let evidence = Evidence { locked: false, ..locked(&plan, vec![outcome(), outcome(), outcome()]) };
    let report = analyse(&plan, &evidence, "fairtrial-test");
    release(plan.protocol(), &report, View::Agency, Policy::STANDARD, &ReleaseKey::new([key; 32])).unwrap()
}

#[test]
fn a_total_is_about_right_or_there_is_none() {
    let mut hidden = 0;
    for assigned in [[600, 599], [1_000, 1_003], [40, 31], [700, 3]] {
        // Nobody is through, some are, all are; of everybody or nearly everybody something is known.
        for (through, unknown) in [(0, 0), (2, 0), (3, 0), (30, 4), (600, 1), (1_000, 0), (1_000, 4), (1_000, 30)] {
            for key in 0..40 {
                let arms = assigned.map(|people: u64| {
                    let mature = people.min(through);
                    [people, mature, mature.saturating_sub(unknown)]
                });
                let released = under_way(arms, key);
                let truth: u64 = assigned.iter().sum();
                let told = released.flow.assigned.unwrap_or_else(|| panic!("{arms:?}: {:?}", released.arms));
                assert!(told.abs_diff(truth) <= 16, "{arms:?} are told as {told}: {:?}", released.arms);
                let requests = released.flow.requests.unwrap();
                assert!(requests.abs_diff(truth + 35) <= 20, "{arms:?}: {requests}");
                // Where people are so unevenly placed the trial is invalid, and says that instead.
                let headline = &released.verdict.headline;
                let even = assigned[0].abs_diff(assigned[1]) < 10;
                assert!(!even || headline.contains(" people have been assigned"), "{headline}");
                hidden += usize::from(released.arms.iter().any(|arm| arm.assigned.value().is_none()));
            }
        }
    }
    assert!(hidden > 100, "the case that the total is to survive was met {hidden} times");
    for few in [[0, 0], [5, 0], [3, 5]] {
        let released = under_way(few.map(|people| [people, 0, 0]), 1);
        assert_eq!((released.flow.assigned, released.flow.requests), (None, None), "{few:?}");
        assert!(
            !released.verdict.headline.contains(|letter: char| letter.is_ascii_digit()),
            "{}",
            released.verdict.headline
        );
    }
}

#[test]
fn a_policy_gets_stricter_only() {
    assert!(Policy::new(3, 5, 20).is_err() && Policy::new(2, 6, 20).is_err() && Policy::new(3, 6, 19).is_err());
    assert!(Policy::new(10, 6, 20).is_err(), "a shown 6 would become 0");
    let (one, other) = (Policy::new(3, 10, 20).unwrap(), Policy::new(5, 6, 50).unwrap());
    assert_eq!(one.and(other), Policy::new(5, 10, 50).unwrap());
    let weaker: Result<Policy, _> = serde_json::from_value(json!({"base": 3, "suppress_below": 1, "sums_below": 20}));
    assert!(weaker.is_err(), "no file makes it weaker");
}

#[test]
fn the_order_is_fixed_for_a_trial_and_another_one_by_chance_for_others() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/fines-letter.protocol.json");
    let text = std::fs::read_to_string(file).unwrap();
    let key = ReleaseKey::new([7; 32]);
    let mut turned = 0;
    for n in 0..200 {
        let text = text.replacen("\"fines-letter\"", &format!("\"letter-{n}\""), 1);
        let plan = LockedProtocol::from_json(text.as_bytes()).unwrap();
        assert_eq!(plan.protocol().key.as_str(), format!("letter-{n}"));
        let masked = Masked::of(plan.protocol(), &key);
        assert_eq!(masked, Masked::of(plan.protocol(), &key));
        let mut all = masked.order().to_vec();
        all.sort_unstable();
        assert_eq!(all, (0..plan.protocol().arms.len()).collect::<Vec<_>>(), "each version once");
        turned += usize::from(masked.order().first() != Some(&0));
    }
    assert!((60..=140).contains(&turned), "{turned} of 200");
    assert_eq!([Masked::name(0), Masked::name(1), Masked::name(9)], ["Version X", "Version Y", "Version 10"]);
}
