//! Integrity checks that block: each on data that are wrong, and hardly ever on data that are right.

use fairtrial_analysis::{
    analyse, integrity,
    report::{GateStatus, VerdictKind},
};
use fairtrial_domain::{
    LockedProtocol,
    eligibility::{AttributeValue, Attributes},
    event::Declared,
    projection::{
        ArmHandling, Cell, Delivery, EventCounts, Evidence, Observed, Replayed, Tally, UnitEvidence, UnitRecord,
    },
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::json;

use crate::evidence::{cell, happened, locked, plan_with, simple, table};

fn gate_of(plan: &LockedProtocol, evidence: &Evidence, name: &str) -> Option<GateStatus> {
    let gates = integrity::of_counts(plan.protocol(), evidence);
    gates.into_iter().find(|gate| gate.gate == name).map(|gate| gate.status)
}

/// How many of so many fair coins show one side.
fn heads(random: &mut ChaCha8Rng, coins: u64) -> u64 {
    (0..coins).filter(|_| random.next_u32().is_multiple_of(2)).count() as u64
}

#[test]
fn events_that_are_too_early_in_one_version_make_a_trial_invalid() {
    let plan = simple();
    let of = |early_people: Vec<u64>, locked: bool| Evidence {
        early_people,
        locked,
        ..table(&plan, &[(200, 1_000), (260, 1_000)])
    };
    assert_eq!(gate_of(&plan, &of(vec![], true), "early_events"), None, "nothing is said where nothing was early");
    assert_eq!(gate_of(&plan, &of(vec![0, 0], true), "early_events"), None);
    for locked in [true, false] {
        assert_eq!(gate_of(&plan, &of(vec![21, 25], locked), "early_events"), Some(GateStatus::Green));
        assert_eq!(gate_of(&plan, &of(vec![4, 60], locked), "early_events"), Some(GateStatus::Red));
    }
    let report = analyse(&plan, &of(vec![4, 60], true), "tests");
    assert_eq!((report.verdict.kind, report.verdict.reasons[0].code.as_str()), (VerdictKind::Invalid, "early_events"));
    assert!(report.verdict.reasons[0].detail.contains(&plan.protocol().arms[1].name), "{:?}", report.verdict.reasons);
    let mut random = ChaCha8Rng::seed_from_u64(21);
    let red = (0..3_000).filter(|number| {
        let new = heads(&mut random, 40);
        gate_of(&plan, &of(vec![40 - new, new], number % 2 == 0), "early_events") == Some(GateStatus::Red)
    });
    let red = red.count();
    assert!(red <= 9, "{red} of 3,000 clean trials, where 3 are allowed on average");
}

#[test]
fn sources_that_sent_more_than_was_kept_block_the_verdict() {
    let plan = simple();
    let of = |sent: u64, kept: u64, same_ids: Option<bool>| {
        let (first_day, last_day) = ("2027-03-01".parse().unwrap(), "2027-03-31".parse().unwrap());
        let said = Declared { source: 1, name: "Register".into(), first_day, last_day, sent, kept, same_ids };
        Evidence { declared: vec![said], ..table(&plan, &[(200, 1_000), (260, 1_000)]) }
    };
    assert_eq!(gate_of(&plan, &table(&plan, &[(200, 1_000), (260, 1_000)]), "reconciliation"), None);
    assert_eq!(gate_of(&plan, &of(10_000, 10_000, None), "reconciliation"), Some(GateStatus::Green));
    assert_eq!(gate_of(&plan, &of(10_000, 10_000, Some(true)), "reconciliation"), Some(GateStatus::Green));
    assert_eq!(gate_of(&plan, &of(10_000, 9_999, None), "reconciliation"), Some(GateStatus::Amber), "one in 10,000");
    assert_eq!(
        gate_of(&plan, &of(10_000, 10_000, Some(false)), "reconciliation"),
        Some(GateStatus::Amber),
        "exchanged"
    );
    assert_eq!(
        gate_of(&plan, &of(10_000, 9_950, None), "reconciliation"),
        Some(GateStatus::Red),
        "one in 100 of one arm"
    );
    assert_eq!(
        gate_of(&plan, &of(10_000, 10_100, None), "reconciliation"),
        Some(GateStatus::Red),
        "more than were sent"
    );
    assert_eq!(gate_of(&plan, &of(0, 0, None), "reconciliation"), Some(GateStatus::Green));
    let report = analyse(&plan, &of(10_000, 9_950, None), "tests");
    assert_eq!(
        (report.verdict.kind, report.verdict.reasons[0].code.as_str()),
        (VerdictKind::Invalid, "reconciliation")
    );
    assert!(
        report.verdict.reasons[0]
            .detail
            .contains("\u{201c}Register\u{201d} says that it sent 10,000 events, and 9,950 were kept")
    );
}

#[test]
fn events_refused_of_one_version_make_a_trial_invalid() {
    let plan = simple();
    let of = |refused: [u64; 2], locked: bool| {
        let arm = |refused| ArmHandling { refused, ..ArmHandling::default() };
        Evidence { handling: refused.map(arm).to_vec(), locked, ..table(&plan, &[(200, 1_000), (260, 1_000)]) }
    };
    assert_eq!(gate_of(&plan, &of([0, 0], true), "refused_events"), None, "nothing is said where nothing was refused");
    for locked in [true, false] {
        assert_eq!(gate_of(&plan, &of([21, 25], locked), "refused_events"), Some(GateStatus::Green));
        assert_eq!(gate_of(&plan, &of([60, 55], locked), "refused_events"), Some(GateStatus::Amber), "many, and alike");
        assert_eq!(gate_of(&plan, &of([4, 60], locked), "refused_events"), Some(GateStatus::Red));
    }
    let report = analyse(&plan, &of([4, 60], true), "tests");
    assert_eq!(
        (report.verdict.kind, report.verdict.reasons[0].code.as_str()),
        (VerdictKind::Invalid, "refused_events")
    );
    let mut random = ChaCha8Rng::seed_from_u64(22);
    let red = (0..3_000).filter(|number| {
        let new = heads(&mut random, 40);
        gate_of(&plan, &of([40 - new, new], number % 2 == 0), "refused_events") == Some(GateStatus::Red)
    });
    let red = red.count();
    assert!(red <= 9, "{red} of 3,000 clean trials, where 3 are allowed on average");
}

#[test]
fn corrections_of_one_version_are_a_warning_and_never_more() {
    let plan = simple();
    let of = |corrected: [u64; 2], locked: bool| {
        let arm = |corrected| ArmHandling { corrected, ..ArmHandling::default() };
        Evidence { handling: corrected.map(arm).to_vec(), locked, ..table(&plan, &[(200, 1_000), (260, 1_000)]) }
    };
    assert_eq!(
        gate_of(&plan, &of([0, 0], true), "corrected_events"),
        None,
        "nothing is said where nothing was corrected"
    );
    for locked in [true, false] {
        assert_eq!(gate_of(&plan, &of([21, 25], locked), "corrected_events"), Some(GateStatus::Green));
        assert_eq!(gate_of(&plan, &of([4, 60], locked), "corrected_events"), Some(GateStatus::Amber));
        assert_eq!(gate_of(&plan, &of([0, 900], locked), "corrected_events"), Some(GateStatus::Amber));
    }
}

#[test]
fn whole_clusters_are_not_judged_by_their_people() {
    let plan = plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "cluster", "roster": ["a", "b", "c", "d"]});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document.as_object_mut().unwrap().remove("equity");
    });
    let cells = vec![
        cell(0, "a", 50, happened(9)),
        cell(0, "b", 50, happened(9)),
        cell(1, "c", 50, happened(9)),
        cell(1, "d", 50, happened(9)),
    ];
    let evidence = Evidence { early_people: vec![0, 40], ..locked(&plan, vec![cells]) };
    for name in ["early_events", "arrival_by_group", "sample_ratio_by_group"] {
        assert_eq!(gate_of(&plan, &evidence, name), None, "{name}");
    }
}

#[test]
fn clocks_that_go_wrong_have_to_be_explained() {
    let plan = simple();
    let status = |events: EventCounts| {
        gate_of(&plan, &Evidence { events, ..table(&plan, &[(200, 1_000), (260, 1_000)]) }, "clocks")
    };
    let good = EventCounts { counted: 1_000, before_assignment: 20, ..EventCounts::default() };
    assert_eq!(status(good), None);
    assert_eq!(status(EventCounts { just_before: 9, ..good }), Some(GateStatus::Green));
    assert_eq!(status(EventCounts { just_before: 20, ..good }), Some(GateStatus::Amber));
}

#[test]
fn a_log_that_does_not_come_out_again_makes_a_trial_invalid() {
    let plan = simple();
    let of = |replayed| Evidence { replayed, ..table(&plan, &[(200, 1_000), (260, 1_000)]) };
    assert_eq!(gate_of(&plan, &of(None), "allocation_replay"), None);
    let good = of(Some(Replayed::Agrees { people: 2_000 }));
    assert_eq!(gate_of(&plan, &good, "allocation_replay"), Some(GateStatus::Green));
    assert_eq!(analyse(&plan, &good, "tests").verdict.kind, VerdictKind::Succeeded);
    let bad = analyse(&plan, &of(Some(Replayed::Differs("Assignment 7 is another.".into()))), "tests");
    assert_eq!((bad.verdict.kind, bad.verdict.reasons[0].code.as_str()), (VerdictKind::Invalid, "allocation_replay"));
}

/// Outcomes that can be missing, in strata.
fn with_missing() -> LockedProtocol {
    plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["analysis"] = json!({"population": "as_assigned", "missing": "left_out"});
        document["monitoring"]["looks"] = json!(["1"]);
        document.as_object_mut().unwrap().remove("equity");
    })
}

#[test]
fn outcomes_that_do_not_arrive_in_one_group_of_one_version_are_found() {
    let plan = with_missing();
    let of = |arrived: &[(usize, &str, u64)]| {
        let cells = arrived.iter().map(|(arm, group, observed)| {
            let half = observed / 2;
            let tally = Tally { observed: *observed, sum: half.into(), sum_of_squares: half.into() };
            Cell { tally, ..cell(*arm, group, 100, Tally::default()) }
        });
        locked(&plan, vec![cells.collect()])
    };
    let good = of(&[(0, "north", 90), (0, "south", 92), (1, "north", 93), (1, "south", 88)]);
    assert_eq!(gate_of(&plan, &good, "arrival_by_group"), Some(GateStatus::Green));
    // In sum the arms are alike.
    let bad = of(&[(0, "north", 95), (0, "south", 35), (1, "north", 35), (1, "south", 95)]);
    assert_eq!(gate_of(&plan, &bad, "arrival_by_group"), Some(GateStatus::Red));
    assert_eq!(gate_of(&plan, &bad, "sample_ratio"), Some(GateStatus::Green));
    assert_eq!(analyse(&plan, &bad, "tests").verdict.kind, VerdictKind::Invalid);
    let counted_as_no = plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document.as_object_mut().unwrap().remove("equity");
    });
    assert_eq!(gate_of(&counted_as_no, &bad, "arrival_by_group"), None);
    let mut random = ChaCha8Rng::seed_from_u64(22);
    let red = (0..1_500).filter(|_| {
        // Nine of ten arrive, whoever it is.
        let mut some = || 100 - (0..100).filter(|_| random.next_u32() % 10 == 0).count() as u64;
        let found = of(&[(0, "north", some()), (0, "south", some()), (1, "north", some()), (1, "south", some())]);
        gate_of(&plan, &found, "arrival_by_group") == Some(GateStatus::Red)
    });
    let red = red.count();
    assert!(red <= 6, "{red} of 1,500 clean trials");
}

/// People who came by two channels, with a chance of the new version in each.
fn by_channel(plan: &LockedProtocol, random: &mut ChaCha8Rng, thirds_of_new: [u32; 2]) -> Evidence {
    let mut arms = [0_u64; 2];
    let units = (0..400).map(|n| {
        let arm = usize::from(random.next_u32() % 6 < thirds_of_new[n % 2]);
        arms[arm] += 1;
        let mut attributes = Attributes::new();
        attributes.insert("channel".into(), AttributeValue::Category(["web", "phone"][n % 2].into()));
        let outcomes = vec![Observed::Nothing];
        UnitRecord {
            arm,
            group: 0,
            attributes,
            day: None,
            counted: true,
            given: None,
            delivery: Delivery::Unknown,
            outcomes,
        }
    });
    let units = units.collect();
    let evidence = table(plan, &[(0, arms[0]), (0, arms[1])]);
    Evidence { units: Some(UnitEvidence { groups: vec![String::new()], units }), ..evidence }
}

#[test]
fn a_channel_whose_shares_are_wrong_is_found_where_the_sum_hides_it() {
    let plan = plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "simple"});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["looks"] = json!(["1"]);
        let channel =
            json!({"name": "channel", "type": "category", "values": ["web", "phone"], "purpose": "covariate"});
        document["attributes"].as_array_mut().unwrap().push(channel);
        document.as_object_mut().unwrap().remove("equity");
    });
    let mut random = ChaCha8Rng::seed_from_u64(23);
    let name = "sample_ratio_by_attribute";
    assert_eq!(gate_of(&plan, &table(&plan, &[(0, 200), (0, 200)]), name), None, "without the people");
    let bad = by_channel(&plan, &mut random, [4, 2]);
    assert_eq!(gate_of(&plan, &bad, name), Some(GateStatus::Red));
    assert_ne!(gate_of(&plan, &bad, "sample_ratio"), Some(GateStatus::Red));
    assert_eq!(analyse(&plan, &bad, "tests").verdict.kind, VerdictKind::Invalid);
    let sums = |evidence: Evidence, locked| {
        let by_level = evidence.units.as_ref().map(|people| people.by_level(plan.protocol())).unwrap();
        Evidence { by_level, units: None, locked, ..evidence }
    };
    for is_locked in [true, false] {
        assert_eq!(gate_of(&plan, &sums(bad.clone(), is_locked), name), Some(GateStatus::Red), "locked: {is_locked}");
        let good = sums(by_channel(&plan, &mut random, [3, 3]), is_locked);
        assert_eq!(gate_of(&plan, &good, name), Some(GateStatus::Green), "locked: {is_locked}");
    }
    let clean = |_: &u32| gate_of(&plan, &by_channel(&plan, &mut random, [3, 3]), name) == Some(GateStatus::Red);
    let red = (0..1_000).filter(clean).count();
    assert!(red <= 5, "{red} of 1,000 clean trials");
}

/// People with an age and an owner's mark, drawn by lot; `older` moves the age of those with the new version.
fn drawn(plan: &LockedProtocol, random: &mut ChaCha8Rng, older: i64) -> Evidence {
    let units = (0..120).map(|_| {
        let arm = usize::from(random.next_u32().is_multiple_of(2));
        let age = 20 + i64::from(random.next_u32() % 40) + if arm == 1 { older } else { 0 };
        let number = fairtrial_domain::Decimal::from_millionths(age * 1_000_000).unwrap();
        let owner = AttributeValue::Boolean(random.next_u32().is_multiple_of(3));
        UnitRecord {
            arm,
            group: 0,
            attributes: Attributes::from([
                ("age".to_owned(), AttributeValue::Number(number)),
                ("owner".to_owned(), owner),
            ]),
            day: None,
            counted: true,
            given: None,
            delivery: Delivery::Unknown,
            outcomes: vec![Observed::Nothing],
        }
    });
    let units: Vec<UnitRecord> = units.collect();
    let of = |arm: usize| units.iter().filter(|unit| unit.arm == arm).count() as u64;
    let evidence = table(plan, &[(10, of(0)), (12, of(1))]);
    Evidence { units: Some(UnitEvidence { groups: vec![String::new()], units }), ..evidence }
}

#[test]
fn arms_that_were_not_alike_before_the_start_are_told() {
    let plan = plan_with(|document| {
        *document = serde_json::from_str(simple().canonical()).unwrap();
        document["attributes"] = json!([
            {"name": "age", "type": "integer", "minimum": 0, "maximum": 120, "purpose": "covariate"},
            {"name": "owner", "type": "boolean", "purpose": "covariate"}]);
        document["eligibility"] = json!({});
    });
    let mut random = ChaCha8Rng::seed_from_u64(41);
    let status = |evidence: &Evidence| {
        let report = analyse(&plan, evidence, "tests");
        report.integrity.iter().find(|gate| gate.gate == "baseline_balance").map(|gate| gate.status)
    };
    let warned = (0..200).filter(|_| status(&drawn(&plan, &mut random, 0)) != Some(GateStatus::Green)).count();
    assert!(warned <= 7, "{warned} of 200 clean draws, where 2 are allowed on average");
    let bad = drawn(&plan, &mut random, 12);
    assert_eq!(status(&bad), Some(GateStatus::Red));
    let report = analyse(&plan, &bad, "tests");
    assert_eq!(report.verdict.kind, VerdictKind::Invalid);
    let age = report.baseline.iter().find(|row| row.attribute == "age").unwrap();
    let (control, new) = (&age.arms[0], &age.arms[1]);
    assert_eq!((control.standardised_difference, age.level.as_deref()), (None, None));
    // Ages spread evenly over forty years have a standard deviation of about 11.5.
    assert!((new.mean.unwrap() - control.mean.unwrap() - 12.0).abs() < 5.0);
    assert!((new.standardised_difference.unwrap() - 12.0 / 11.5).abs() < 0.4, "{age:?}");
    let open = Evidence { locked: false, ..bad };
    assert!(analyse(&plan, &open, "tests").baseline.is_empty());
    assert_eq!(status(&open), None);
}
