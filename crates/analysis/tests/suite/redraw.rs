//! The allocation drawn again: under the sharp null hypothesis the p-value is never too small, whatever the allocator.

use fairtrial_analysis::{analyse, redraw::Redrawn, tabular::ColumnMapping};
use fairtrial_domain::{
    LockedProtocol,
    allocation::{AllocationSecret, Allocator},
    eligibility::Attributes,
    projection::{Delivery, Evidence, Observed, UnitEvidence, UnitRecord},
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::{Value, json};

use crate::evidence::{cell, locked, plan_with, values};
use crate::published::read;

/// Ratings from 0 to 20 of people whom that allocation assigns, 99 redraws.
fn plan(allocation: &Value) -> LockedProtocol {
    plan_with(|document| {
        document["outcomes"] = json!([{"key": "ease", "name": "Ease", "role": "primary", "event": "rated", "kind": "rating",
            "better": "increase", "follow_up_days": 1, "minimum": "0", "maximum": "20", "smallest_worthwhile_effect": "1"}]);
        document["hypothesis"]["outcome"] = json!("ease");
        document["decision_rule"] = json!("superior(ease)");
        document["attributes"] = json!([
            {"name": "district", "type": "category", "values": ["north", "south"], "purpose": "stratum"},
            {"name": "owner", "type": "boolean", "purpose": "stratum"}]);
        document["eligibility"] = json!({});
        document["allocation"] = allocation.clone();
        document["analysis"] = json!({"population": "as_assigned", "missing": "left_out", "randomisation_redraws": 99});
        document["monitoring"]["looks"] = json!(["1"]);
        document.as_object_mut().unwrap().remove("equity");
    })
}

/// People whose outcomes do not depend on their arms, and do depend on their district and on when they came.
fn people(plan: &LockedProtocol, groups: &[&str], draw: &mut ChaCha8Rng) -> Evidence {
    let mut units =
        UnitEvidence { groups: groups.iter().map(|group| (*group).to_owned()).collect(), units: Vec::new() };
    for n in 0..24_u32 {
        let group = draw.next_u32() as usize % groups.len();
        let value = (draw.next_u32() % 6 + 6 * group as u32 % 12 + n / 8).min(20);
        units.units.push(UnitRecord {
            arm: 0,
            group,
            attributes: Attributes::new(),
            day: None,
            counted: true,
            given: None,
            delivery: Delivery::Unknown,
            outcomes: vec![if n % 11 == 10 { Observed::Nothing } else { Observed::Value(value.into()) }],
        });
    }
    let mut secret = [0; 32];
    draw.fill_bytes(&mut secret);
    let allocator = Allocator::of(plan.protocol(), AllocationSecret::new(secret));
    let arms = Redrawn::of(&units).arms(&allocator, 0).to_vec();
    let mut cells = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        for arm in 0..2 {
            let own = units.units.iter().zip(&arms).filter(|(unit, drawn)| unit.group == place && **drawn == arm);
            let own: Vec<i64> = own
                .filter_map(|(unit, _)| match unit.outcomes[0] {
                    Observed::Value(value) => Some(value),
                    _ => None,
                })
                .collect();
            cells.push(cell(arm, group, own.len() as u64, values(&own)));
        }
    }
    for (unit, arm) in units.units.iter_mut().zip(arms) {
        unit.arm = arm;
    }
    Evidence { units: Some(units), ..locked(plan, vec![cells]) }
}

#[test]
fn under_no_effect_the_p_value_is_never_too_small() {
    let two = ["north", "south"];
    let four = ["north/yes", "north/no", "south/yes", "south/no"];
    let offices: Vec<String> = (0..8).map(|n| format!("office-{n}")).collect();
    let offices: Vec<&str> = offices.iter().map(String::as_str).collect();
    for (allocation, groups) in [
        (json!({"method": "simple"}), &[""][..]),
        (json!({"method": "permuted_blocks", "strata": ["district"], "block_multiples": [1, 2]}), &two),
        (json!({"method": "minimisation", "factors": ["district", "owner"], "probability": "0.9"}), &four),
        (json!({"method": "cluster", "roster": offices}), &offices),
    ] {
        let plan = plan(&allocation);
        let mut draw = ChaCha8Rng::seed_from_u64(17);
        let trials = 120;
        let p_values: Vec<f64> = (0..trials)
            .filter_map(|_| analyse(&plan, &people(&plan, groups, &mut draw), "fairtrial-test").redrawn[0].p_value)
            .collect();
        assert!(p_values.len() >= 110, "{allocation}: {} of {trials} can be compared", p_values.len());
        for level in [0.05, 0.1, 0.2, 0.5] {
            let below = p_values.iter().filter(|p| **p <= level + 1e-12).count() as f64;
            let n = p_values.len() as f64;
            let error = (level * (1.0 - level) / n).sqrt();
            assert!(below / n <= level + 3.3 * error, "{allocation}: {below} of {n} at most {level}");
            // Not so careful either that it finds nothing: ties and small numbers cost a little.
            assert!(below / n >= 0.6 * level - 3.3 * error, "{allocation}: {below} of {n} at most {level}");
        }
    }
}

#[test]
fn a_real_difference_is_found_and_the_same_data_give_the_same_p_value() {
    let plan = plan(&json!({"method": "permuted_blocks", "strata": [], "block_multiples": [2]}));
    let mut text = "unit,arm,ease\n".to_owned();
    for n in 0..40 {
        let (arm, value) = if n % 2 == 0 { ("usual", 5 + n % 5) } else { ("norm", 9 + n % 5) };
        text.push_str(&format!("{n},{arm},{value}\n"));
    }
    let report = read(&plan, &text, &ColumnMapping::default()).unwrap();
    let found = &report.redrawn[0];
    assert_eq!(found.p_value, Some(0.01), "no draw of 99 came near: {found:?}");
    assert!(found.statistic.unwrap() > 5.0 && found.seed.as_ref().unwrap().len() == 64);
    assert_eq!(read(&plan, &text, &ColumnMapping::default()).unwrap().redrawn, report.redrawn);
    let other = read(&plan, &text.replace("0,usual,5", "0,usual,6"), &ColumnMapping::default()).unwrap();
    assert_ne!(other.redrawn[0].seed, found.seed, "the seed depends on the data");
}

#[test]
fn without_the_people_the_report_says_why_there_is_no_p_value() {
    let plan = plan(&json!({"method": "simple"}));
    let cells = vec![cell(0, "", 3, values(&[1, 2, 3])), cell(1, "", 3, values(&[2, 3, 5]))];
    let report = analyse(&plan, &locked(&plan, vec![cells]), "fairtrial-test");
    assert_eq!(report.redrawn[0].not_estimable.as_ref().unwrap().code, "not_recorded");
}
