//! Integrity checks where whole clusters or sites are assigned: held against each other by the cluster, never by its people.

use fairtrial_analysis::{
    analyse,
    report::{Gate, GateStatus, VerdictKind},
};
use fairtrial_domain::{
    Decimal, LockedProtocol,
    eligibility::{AttributeValue, Attributes},
    projection::{
        ArmDay, ArmHandling, ClusterHandling, Delivery, Evidence, Observed, UnitEvidence, UnitRecord, WedgeEvidence,
    },
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::{Value, json};

use crate::evidence::{cell, happened, locked, plan_with, simple};

const PEOPLE: u64 = 50;

fn plan(allocation: Value) -> LockedProtocol {
    let base = simple();
    plan_with(|document| {
        *document = serde_json::from_str(base.canonical()).unwrap();
        document["allocation"] = allocation;
        document["attributes"] =
            json!([{"name": "age", "type": "integer", "minimum": 0, "maximum": 120, "purpose": "covariate"}]);
        document["eligibility"] = json!({});
    })
}

fn name(cluster: usize) -> String {
    format!("office-{cluster:02}")
}

fn clusters(number: usize) -> LockedProtocol {
    plan(json!({"method": "cluster", "roster": (0..number).map(name).collect::<Vec<_>>()}))
}

fn below(random: &mut ChaCha8Rng, bound: u64) -> u64 {
    (u64::from(random.next_u32()) * bound) >> 32
}

/// Versions dealt to clusters, half and half.
fn deal(random: &mut ChaCha8Rng, number: usize) -> Vec<usize> {
    let mut arms: Vec<usize> = (0..number).map(|place| place % 2).collect();
    for last in (1..number).rev() {
        arms.swap(last, below(random, last as u64 + 1) as usize);
    }
    arms
}

/// Fifty people in each cluster, of whom so many had an event refused.
fn refused(plan: &LockedProtocol, arms: &[usize], of: impl FnMut(usize) -> u64) -> Evidence {
    let counts: Vec<u64> = (0..arms.len()).map(of).collect();
    let cells = arms.iter().enumerate().map(|(place, arm)| cell(*arm, &name(place), PEOPLE, happened(10))).collect();
    let arm_of = |arm: usize| arms.iter().zip(&counts).filter(|(own, _)| **own == arm).map(|(_, count)| count).sum();
    let handling = |arm: usize| {
        let (refused, corrected) = (arm_of(arm), arm_of(arm));
        ArmHandling { refused, corrected, ..ArmHandling::default() }
    };
    let by_cluster = arms.iter().zip(&counts).enumerate().map(|(place, (arm, count))| ClusterHandling {
        cluster: name(place),
        arm: *arm,
        assigned: PEOPLE,
        early: *count,
        refused: *count,
        corrected: *count,
    });
    Evidence {
        handling: (0..2).map(handling).collect(),
        early_people: (0..2).map(arm_of).collect(),
        by_cluster: by_cluster.collect(),
        ..locked(plan, vec![cells])
    }
}

fn gate(plan: &LockedProtocol, evidence: &Evidence, name: &str) -> Option<Gate> {
    analyse(plan, evidence, "tests").integrity.into_iter().find(|gate| gate.gate == name)
}

fn status(plan: &LockedProtocol, evidence: &Evidence, name: &str) -> Option<GateStatus> {
    gate(plan, evidence, name).map(|gate| gate.status)
}

#[test]
fn events_refused_in_the_clusters_of_one_version_make_a_trial_invalid() {
    let plan = clusters(20);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let arms = deal(&mut random, 20);
    let lost = refused(&plan, &arms, |cluster| if arms[cluster] == 1 { 4 } else { u64::from(cluster == 3) });
    let report = analyse(&plan, &lost, "tests");
    let of = |name: &str| report.integrity.iter().find(|gate| gate.gate == name).unwrap();
    assert_eq!(report.verdict.kind, VerdictKind::Invalid);
    assert_eq!((of("refused_events").status, of("early_events").status), (GateStatus::Red, GateStatus::Red));
    assert_eq!(of("corrected_events").status, GateStatus::Amber, "never more than that");
    assert!(of("refused_events").detail.contains("Letter with the extra sentence"), "{:?}", of("refused_events"));
    let open = gate(&plan, &Evidence { locked: false, ..lost }, "refused_events").unwrap();
    assert!(
        open.status == GateStatus::Green && open.p_value.is_none() && open.detail.contains("when the data are locked")
    );
}

#[test]
fn one_badly_connected_cluster_is_no_difference_of_versions() {
    let plan = clusters(20);
    let mut random = ChaCha8Rng::seed_from_u64(8);
    // By people these would be worlds apart: 25 against 0.
    let arms = deal(&mut random, 20);
    let one = refused(&plan, &arms, |cluster| if cluster == 5 { 25 } else { 0 });
    let found = gate(&plan, &one, "refused_events").unwrap();
    assert!(found.status == GateStatus::Green && found.p_value.unwrap() > 0.5, "{found:?}");
    // However different the clusters are, few draws stand out: 1 in 100 on average is amber, 1 in 1,000 red.
    let (mut amber, mut red) = (0, 0);
    for _ in 0..300 {
        let arms = deal(&mut random, 20);
        let badly: Vec<u64> = (0..20).map(|_| below(&mut random, 3) * below(&mut random, 2)).collect();
        match status(&plan, &refused(&plan, &arms, |cluster| badly[cluster]), "refused_events").unwrap() {
            GateStatus::Green => {}
            GateStatus::Amber => amber += 1,
            GateStatus::Red => red += 1,
        }
    }
    assert!(amber + red <= 9 && red <= 3, "{amber} {red} of 300");
}

#[test]
fn few_clusters_are_not_judged_and_it_is_said() {
    let plan = clusters(8);
    let arms = [0, 1, 0, 1, 0, 1, 0, 1];
    let lost = refused(&plan, &arms, |cluster| 2 * arms[cluster] as u64);
    let found = gate(&plan, &lost, "refused_events").unwrap();
    assert!(found.status == GateStatus::Green && found.p_value.is_none(), "{found:?}");
    assert!(found.detail.contains("With 8 clusters no difference would stand out"), "{found:?}");
    assert_eq!(gate(&plan, &lost, "early_events"), None);
    let many = refused(&plan, &arms, |cluster| 20 * arms[cluster] as u64);
    assert_eq!(status(&plan, &many, "refused_events"), Some(GateStatus::Amber), "one in twenty has to be explained");
}

/// Twelve people in each cluster, whose ages have something of the cluster's, and `older` years more where it says.
fn aged(random: &mut ChaCha8Rng, groups: &[(usize, i64)]) -> UnitEvidence {
    let mut units = Vec::new();
    for (group, (arm, older)) in groups.iter().enumerate() {
        let own = below(random, 15) as i64;
        for _ in 0..12 {
            let age = 30 + own + below(random, 30) as i64 + older;
            let number = Decimal::from_millionths(age * 1_000_000).unwrap();
            units.push(UnitRecord {
                arm: *arm,
                group,
                attributes: Attributes::from([("age".to_owned(), AttributeValue::Number(number))]),
                day: None,
                counted: true,
                given: None,
                delivery: Delivery::Unknown,
                outcomes: vec![Observed::Nothing],
            });
        }
    }
    UnitEvidence { groups: (0..groups.len()).map(name).collect(), units }
}

fn with_ages(plan: &LockedProtocol, arms: &[usize], units: UnitEvidence) -> Evidence {
    let cells = arms.iter().enumerate().map(|(place, arm)| cell(*arm, &name(place), 12, happened(3))).collect();
    Evidence { units: Some(units), ..locked(plan, vec![cells]) }
}

#[test]
fn clusters_whose_people_were_not_alike_are_told() {
    let plan = clusters(20);
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut draw = |older: i64| {
        let arms = deal(&mut random, 20);
        let groups: Vec<(usize, i64)> = arms.iter().map(|arm| (*arm, older * *arm as i64)).collect();
        let units = aged(&mut random, &groups);
        with_ages(&plan, &arms, units)
    };
    // By people, whose ages go with their clusters, most of these would stand out.
    let warned = (0..200).filter(|_| status(&plan, &draw(0), "baseline_balance") != Some(GateStatus::Green)).count();
    assert!(warned <= 7, "{warned} of 200 clean draws, where 2 are allowed on average");
    let bad = draw(15);
    let found = gate(&plan, &bad, "baseline_balance").unwrap();
    assert!(found.status == GateStatus::Red && found.detail.contains("versions' clusters"), "{found:?}");
    assert_eq!(gate(&plan, &Evidence { locked: false, ..bad }, "baseline_balance"), None);

    let few = clusters(6);
    let arms = [0, 1, 0, 1, 0, 1];
    let units = aged(&mut random, &arms.map(|arm| (arm, 40 * arm as i64)));
    let found = gate(&few, &with_ages(&few, &arms, units), "baseline_balance").unwrap();
    assert!(found.status == GateStatus::Green && found.detail.contains("With 6 clusters"), "{found:?}");
}

#[test]
fn sites_of_a_wedge_are_held_against_their_places_in_the_calendar() {
    let steps = ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"];
    let wedge = |sites: usize| {
        let names: Vec<String> = (0..sites).map(name).collect();
        plan(json!({"method": "stepped_wedge", "sites": names, "steps": steps}))
    };
    let mut random = ChaCha8Rng::seed_from_u64(10);
    let mut draw = |plan: &LockedProtocol, sites: usize, older: i64| {
        let mut places: Vec<usize> = (0..sites).map(|site| site % 4).collect();
        for last in (1..sites).rev() {
            places.swap(last, below(&mut random, last as u64 + 1) as usize);
        }
        // Everybody of a site comes while it has the usual version, and half of them once it has the new one.
        let groups: Vec<(usize, i64)> = places.iter().map(|place| (0, older * *place as i64)).collect();
        let mut units = aged(&mut random, &groups);
        for unit in units.units.iter_mut().step_by(2) {
            unit.arm = 1;
        }
        let day = |text: &str| text.parse().unwrap();
        let crossing = |(site, place): (usize, &usize)| (name(site), day(steps[*place]), day(steps[*place]));
        let crossings = places.iter().enumerate().map(crossing).collect();
        let calendar =
            WedgeEvidence { in_transition: 0, starts: steps.map(day).to_vec(), crossings, outcomes: vec![vec![]] };
        Evidence { wedge: Some(calendar), units: Some(units), ..locked(plan, vec![vec![]]) }
    };
    let plan = wedge(12);
    let warned = (0..100).filter(|_| status(&plan, &draw(&plan, 12, 0), "baseline_balance") != Some(GateStatus::Green));
    let warned = warned.count();
    assert!(warned <= 5, "{warned} of 100 clean draws, where 1 is allowed on average");
    let bad = draw(&plan, 12, 12);
    let found = gate(&plan, &bad, "baseline_balance").unwrap();
    assert!(found.status == GateStatus::Red && found.detail.contains("sites of different steps"), "{found:?}");
    let few = wedge(4);
    let found = gate(&few, &draw(&few, 4, 30), "baseline_balance").unwrap();
    assert!(found.detail.contains("With 4 sites"), "{found:?}");
    // Refusals are counted, and why they are not held against the versions is said.
    let handling = vec![ArmHandling { refused: 1, ..ArmHandling::default() }, ArmHandling::default()];
    let enrolment = (0..2).map(|arm| ArmDay { day: bad.as_of.date_naive(), arm, assigned: 72 }).collect();
    let found = gate(&plan, &Evidence { handling, enrolment, ..bad }, "refused_events").unwrap();
    assert!(found.status == GateStatus::Green && found.detail.contains("one after the other"), "{found:?}");
}
