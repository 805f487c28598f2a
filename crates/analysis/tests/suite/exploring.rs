//! What analysts see beside the plan, and what of it may be taken away.

use fairtrial_analysis::{
    explore::{Explored, explore},
    release::{Policy, ReleaseKey, release_explored},
};
use fairtrial_domain::{LockedProtocol, projection::Evidence};
use serde_json::json;

use crate::evidence::{cell, happened, locked, plan_with};

/// Balanced over a region of three values, with one yes-or-no outcome and one that counts.
fn by_region() -> LockedProtocol {
    plan_with(|document| {
        document["attributes"] = json!([
            {"name": "region", "type": "category", "values": ["north", "south", "west"], "purpose": "stratum"},
            {"name": "age", "type": "integer", "minimum": 0, "maximum": 120, "purpose": "covariate"}]);
        document["outcomes"].as_array_mut().unwrap().truncate(2);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "permuted_blocks", "strata": ["region"], "block_multiples": [1]});
        document["analysis"] = json!({"population": "as_assigned", "missing": "not_settled"});
        document["monitoring"]["looks"] = json!(["1"]);
        document.as_object_mut().unwrap().remove("equity");
        document.as_object_mut().unwrap().remove("eligibility");
    })
}

/// People and events of each region, control first.
fn regions(plan: &LockedProtocol, of: [[(u64, u64); 2]; 3]) -> Evidence {
    let names = ["north", "south", "west"];
    let cells = |calls: bool| -> Vec<_> {
        let of_region = names.iter().zip(of).flat_map(|(name, arms)| {
            arms.into_iter().enumerate().map(move |(arm, (people, events))| {
                cell(arm, name, people, happened(if calls { people / 3 } else { events }))
            })
        });
        of_region.collect()
    };
    locked(plan, vec![cells(false), cells(true)])
}

const LARGE: [[(u64, u64); 2]; 3] = [[(200, 40), (200, 80)], [(200, 40), (200, 42)], [(200, 40), (200, 38)]];

fn of<'a>(found: &'a [Explored], group: &str, outcome: &str) -> &'a Explored {
    found.iter().find(|one| one.group == group && one.outcome.as_str() == outcome).unwrap()
}

#[test]
fn every_group_is_told_with_the_chance_of_so_much_taken_over_all_questions() {
    let plan = by_region();
    let found = explore(&plan, &regions(&plan, LARGE));
    assert_eq!(found.len(), 6, "three regions, two outcomes; a number has no few values to group by");
    let north = of(&found, "north", "paid-28d");
    assert!((north.comparison.estimate.unwrap() - 0.2).abs() < 1e-12);
    assert_eq!(
        north.arms.iter().map(|(_, people, events)| (*people, *events)).collect::<Vec<_>>(),
        [(200, Some(40)), (200, Some(80))]
    );
    for one in &found {
        let (p, adjusted) = (one.p_value.unwrap(), one.adjusted.unwrap());
        assert!((0.0..=1.0).contains(&p) && adjusted >= p && adjusted <= 1.0, "{one:?}");
    }
    // The smallest of six is multiplied by six, as long as none after it gives less.
    assert!((north.adjusted.unwrap() / north.p_value.unwrap() - 6.0).abs() < 1e-9);
    // The same with the arms the other way round is as surprising.
    let mirrored = explore(&plan, &regions(&plan, LARGE.map(|[usual, new]| [new, usual])));
    assert!((of(&mirrored, "north", "paid-28d").p_value.unwrap() / north.p_value.unwrap() - 1.0).abs() < 1e-9);
}

#[test]
fn there_is_nothing_to_explore_before_the_lock() {
    let plan = by_region();
    assert_eq!(explore(&plan, &Evidence { locked: false, ..regions(&plan, LARGE) }), Vec::new());
}

#[test]
fn a_small_group_hides_all_groups_of_its_outcome() {
    let (plan, key) = (by_region(), ReleaseKey::new([4; 32]));
    let released = |of: [[(u64, u64); 2]; 3], policy: Policy| {
        release_explored(plan.protocol(), &explore(&plan, &regions(&plan, of)), policy, &key)
    };
    let all = released(LARGE, Policy::STANDARD);
    assert_eq!(all.len(), 6, "three groups of two versions; what counts is not told");
    for row in &all {
        let (people, events) = (row.analysed.value().unwrap(), row.events.value().unwrap());
        assert!(people.is_multiple_of(3) && events.is_multiple_of(3) && row.outcome.as_str() == "paid-28d");
        assert!((row.share - events as f64 / people as f64).abs() < 1e-12);
    }
    for small in [[(19, 8), (200, 60)], [(200, 5), (200, 60)], [(200, 40), (200, 195)]] {
        assert_eq!(released([LARGE[0], LARGE[1], small], Policy::STANDARD), Vec::new(), "{small:?}");
    }
    assert_eq!(released(LARGE, Policy::new(3, 6, 250).unwrap()), Vec::new(), "a stricter rule hides more");
}
