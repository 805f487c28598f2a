//! What an amendment may change, place by place.

use chrono::NaiveDate;
use fairtrial_domain::{
    LockedProtocol, Pseudonym,
    allocation::{AllocationSecret, Allocator, Progress, Subject},
    trial::{AmendmentClass, classify, differences},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn fines_letter() -> Value {
    serde_json::from_str(include_str!("../../../../docs/examples/fines-letter.protocol.json")).unwrap()
}

fn changed(changes: &[(&str, Value)]) -> LockedProtocol {
    let mut plan = fines_letter();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match plan.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            other => other[name] = value.clone(),
        }
    }
    LockedProtocol::from_value(&plan).unwrap_or_else(|faults| panic!("{changes:?}: {faults:?}"))
}

fn class(changes: &[(&str, Value)]) -> Result<AmendmentClass, Vec<String>> {
    let faults = classify(&changed(&[]), &changed(changes));
    faults.map_err(|faults| faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect())
}

#[test]
fn the_class_follows_from_what_differs() {
    use AmendmentClass::{Major, Minor};
    assert_eq!(class(&[]), Err(vec![" nothing_changed".into()]));
    for (pointer, value, wanted) in [
        ("/title", json!("Another title"), Minor),
        ("/owner", json!("somebody-else"), Minor),
        ("/public_summary", json!("In plainer words."), Minor),
        ("/data/notice_text", json!("You are in a trial."), Minor),
        ("/risk/watch", json!("calls to the centre"), Minor),
        ("/data/notice", json!("general"), Major),
        ("/data/retain_units_days", json!(30), Major),
        ("/data/sources", json!(["fines register"]), Major),
        ("/risk/time", json!("some"), Major),
        ("/monitoring/ends_on", json!("2027-08-30"), Major),
        ("/eligibility/include/all/0/less_than", json!(900), Major),
    ] {
        assert_eq!(class(&[(pointer, value)]), Ok(wanted), "{pointer}");
    }
    let both = [("/title", json!("x")), ("/data/notice", json!("general"))];
    assert_eq!(class(&both), Ok(Major), "the greater of the two");
}

#[test]
fn what_is_fixed_from_the_start_is_refused_by_its_place() {
    for (pointer, value) in [
        ("/key", json!("other")),
        ("/layer", json!("letters")),
        ("/agency", json!("health")),
        ("/aim", json!("not_worse")),
        ("/time_zone", json!("Europe/Zurich")),
        ("/hypothesis/direction", json!("decrease")),
        ("/arms/0/ratio", json!(2)),
        ("/arms/1/payload", json!({"template": "other"})),
        ("/arms/1/name", json!("Other")),
        ("/arms/1/key", json!("other")),
        ("/allocation/block_multiples", json!([2, 3])),
        ("/outcomes/0/smallest_worthwhile_effect", json!("0.02")),
        ("/outcomes/0/follow_up_days", json!(7)),
        ("/outcomes/1/margin", json!("0.03")),
        ("/outcomes/1/role", json!("secondary")),
        ("/outcomes/2/harm_alpha", json!("0.2")),
        ("/equity/margin", json!("0.1")),
        ("/monitoring/alpha", json!("0.05")),
        ("/monitoring/power", json!("0.9")),
        ("/monitoring/sides", json!("two")),
        ("/monitoring/max_units", json!(7000)),
        ("/monitoring/looks", json!(["0.5", "0.6", "0.75", "1"])),
        ("/monitoring/efficacy/spending", json!("pocock")),
        ("/monitoring/futility/gamma", json!("-4")),
        ("/decision_rule", json!("superior(paid-28d)")),
        ("/analysis/missing", json!("left_out")),
        ("/analysis/multiplicity", json!("none")),
        ("/attributes/2/maximum", json!(5000)),
    ] {
        let refused = class(&[(pointer, value)]).unwrap_err();
        assert!(refused.iter().all(|fault| fault.ends_with(" fixed_after_start")), "{pointer}: {refused:?}");
        assert!(refused.iter().all(|fault| fault.starts_with(pointer)), "{pointer}: {refused:?}");
    }
    let many = [("/title", json!("x")), ("/arms/0/ratio", json!(2)), ("/decision_rule", json!("superior(paid-28d)"))];
    assert_eq!(class(&many).unwrap_err().len(), 2, "all at once");
    let units = [("/unit", json!("household")), ("/analysis_unit", json!("household"))];
    assert_eq!(class(&units).unwrap_err(), ["/analysis_unit fixed_after_start", "/unit fixed_after_start"]);
}

proptest! {
    // 256 chains, or as many as PROPTEST_CASES says.
    /// However long a chain of amendments is, what decides about arms and verdicts is what the trial started with.
    #[test]
    fn chains_of_amendments_keep_what_is_fixed(steps in proptest::collection::vec((0usize..10, 0u8..4), 1..20)) {
        let first = changed(&[]);
        let drawn = |plan: &LockedProtocol| -> Vec<Option<usize>> {
            let (allocator, mut progress) = (Allocator::of(plan.protocol(), AllocationSecret::new([7; 32])), Progress::default());
            let place = |n: u8| {
                let unit = Pseudonym::from_bytes(&[n; 16]).unwrap();
                allocator.assign(&mut progress, &Subject { unit: &unit, group: "north", day: NaiveDate::default() })
            };
            (0..16).map(place).collect()
        };
        let arms = drawn(&first);
        prop_assert!(arms.iter().all(Option::is_some));
        let mut now = first.clone();
        for (place, value) in steps {
            let mut document: Value = serde_json::from_str(now.canonical()).unwrap();
            let (pointer, value) = match place {
                0 => ("/title", json!(format!("title {value}"))),
                1 => ("/data/retain_units_days", json!(value)),
                2 => ("/monitoring/ends_on", json!(format!("2027-0{}-01", value + 1))),
                3 => ("/arms/0/ratio", json!(u32::from(value) + 1)),
                4 => ("/arms/1/ratio", json!(u32::from(value) + 1)),
                5 => ("/monitoring/max_units", json!(1_000 + u32::from(value))),
                6 => ("/eligibility/include/all/0/less_than", json!(u32::from(value) + 100)),
                9 => ("/layer", json!(format!("layer-{value}"))),
                7 => ("/outcomes/0/follow_up_days", json!(u32::from(value) + 1)),
                _ => ("/decision_rule", json!(if value > 1 { "superior(paid-28d)" } else { "superior(paid-28d) and not_worse(calls-28d)" })),
            };
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            match document.pointer_mut(parent).unwrap() {
                Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
                other => other[name] = value,
            }
            let next = LockedProtocol::from_value(&document).unwrap();
            if classify(&now, &next).is_ok() {
                now = next;
                prop_assert_eq!(&drawn(&now), &arms, "nobody's arm is another");
            }
        }
        let (a, b) = (first.protocol(), now.protocol());
        prop_assert_eq!(&a.arms, &b.arms);
        prop_assert_eq!(&a.allocation, &b.allocation);
        prop_assert_eq!(&a.outcomes, &b.outcomes);
        prop_assert_eq!(&a.decision_rule, &b.decision_rule);
        prop_assert_eq!(&a.monitoring.looks, &b.monitoring.looks);
        prop_assert_eq!(a.monitoring.max_units, b.monitoring.max_units);
        prop_assert_eq!(&a.analysis, &b.analysis);
        prop_assert_eq!(&a.layer, &b.layer);
    }
}

#[test]
fn differences_name_each_place_once() {
    let before = json!({"a": 1, "b": {"c": [1, 2], "~/": 1}, "d": 1});
    let after = json!({"a": 2, "b": {"c": [1], "~/": 2}, "e": null});
    let found: Vec<String> = differences(&before, &after).into_iter().map(|found| found.pointer).collect();
    assert_eq!(found, ["/a", "/b/c", "/b/~0~1", "/d", "/e"]);
}
