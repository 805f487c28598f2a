//! Events at the door: what is taken, and why the rest is not.

use chrono::{DateTime, Duration, Utc};
use fairtrial_domain::{
    LockedProtocol, PseudonymKey,
    event::{Catalogue, screen},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn now() -> DateTime<Utc> {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn catalogue() -> Catalogue {
    let plan = include_bytes!("../../../../docs/examples/fines-letter.protocol.json");
    Catalogue::of([LockedProtocol::from_json(plan).unwrap().protocol()])
}

fn key() -> PseudonymKey {
    PseudonymKey::new(&[5; 32])
}

/// A good event with some fields put in its place; null takes one away.
fn event(change: &Value) -> Value {
    let mut event = json!({"event_id": "e-1", "unit": "case-17", "event": "fine.settled",
        "occurred_at": "2026-11-23T09:30:00Z"});
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            event.as_object_mut().unwrap().remove(name);
        } else {
            event[name] = value.clone();
        }
    }
    event
}

/// The code of the refusal; `ok` for an event that is taken.
fn verdict(item: &Value) -> String {
    let screened = screen(std::slice::from_ref(item), &catalogue(), &key(), now());
    match (screened.events.as_slice(), screened.rejections.as_slice()) {
        ([(0, _)], []) => "ok".to_owned(),
        ([], [refused]) => {
            assert_eq!((refused.index, refused.status), (0, 422));
            assert!(!refused.detail.is_empty() && !refused.detail.contains("021 123 4567"), "{}", refused.detail);
            refused.code.to_owned()
        }
        _ => panic!("{item} stands in both lists, or in none"),
    }
}

#[test]
fn each_event_is_taken_or_refused_for_its_own_reason() {
    let long = "x".repeat(129);
    let table = [
        (json!({}), "ok"),
        (json!({"value": 1}), "ok"),
        (json!({"value": 0}), "ok"),
        (json!({"value": 2}), "value_out_of_range"),
        (json!({"value": 0.5}), "value_out_of_range"),
        (json!({"value": "1"}), "wrong_type"),
        (json!({"value": 1e300}), "value_out_of_range"),
        (json!({"event": "payment.received", "value": 12.34}), "ok"),
        (json!({"event": "payment.received", "value": 12.345}), "value_out_of_range"),
        (json!({"event": "payment.received"}), "value_out_of_range"),
        (json!({"event": "call.received", "value": 3}), "ok"),
        (json!({"event": "call.received", "value": -1}), "value_out_of_range"),
        (json!({"event": "call.dropped"}), "unknown_event"),
        (json!({"event": null}), "missing_field"),
        (json!({"event": 7}), "wrong_type"),
        (json!({"event_id": null}), "missing_field"),
        (json!({"event_id": ""}), "malformed_event_id"),
        (json!({"event_id": "a b"}), "malformed_event_id"),
        (json!({"event_id": long}), "malformed_event_id"),
        (json!({"event_id": "00000000-0000-0000-0000-000000000000"}), "malformed_event_id"),
        (json!({"unit": null}), "missing_field"),
        (json!({"unit": "māori"}), "malformed_unit"),
        (json!({"unit": "a\u{0}b"}), "malformed_unit"),
        (json!({"unit": "ana@example.org"}), "unit_looks_like_identifier"),
        (json!({"unit": "021 123 4567"}), "unit_looks_like_identifier"),
        (json!({"occurred_at": null}), "missing_field"),
        (json!({"occurred_at": "2026-11-23"}), "malformed_time"),
        (json!({"occurred_at": "2026-11-23 09:30:00Z"}), "malformed_time"),
        (json!({"occurred_at": "2026-11-23T09:30:00"}), "malformed_time"),
        (json!({"occurred_at": "2026-11-23T09:30:60Z"}), "malformed_time"),
        (json!({"occurred_at": "2026-02-30T09:30:00Z"}), "malformed_time"),
        (json!({"occurred_at": "2026-11-23T22:30:00+13:00"}), "ok"),
        (json!({"occurred_at": "2026-11-23T10:04:59Z"}), "ok"),
        (json!({"occurred_at": "2026-11-23T10:05:01Z"}), "time_in_future"),
        (json!({"occurred_at": "1999-12-31T23:59:59Z"}), "time_out_of_range"),
        (json!({"source": "contact centre"}), "ok"),
        (json!({"source": "a\nb"}), "malformed_source"),
        (json!({"source": 4}), "malformed_source"),
        (json!({"attributes": {"channel": "web", "attempt": 2}}), "ok"),
        (json!({"attributes": {"deep": {"er": 1}}}), "malformed_attributes"),
        (json!({"attributes": {"mail": "ana@example.org"}}), "malformed_attributes"),
        (json!({"attributes": [1]}), "malformed_attributes"),
        (json!({"surprise": 1}), "unknown_field"),
        (json!({"corrects": "e-0"}), "ok"),
        (json!({"retracts": "e-0"}), "ok"),
        (json!({"corrects": "a b"}), "malformed_event_id"),
        (json!({"retracts": 7}), "wrong_type"),
        (json!({"corrects": "e-1"}), "corrects_itself"),
        (json!({"corrects": "e-0", "retracts": "e-0"}), "corrects_and_retracts"),
        (json!({"retracts": "e-0", "value": 1}), "retraction_with_value"),
        // What did not happen needs no value; what happened otherwise does.
        (json!({"event": "payment.received", "retracts": "e-0"}), "ok"),
        (json!({"event": "payment.received", "corrects": "e-0"}), "value_out_of_range"),
    ];
    for (change, expected) in table {
        assert_eq!(verdict(&event(&change)), expected, "{change}");
    }
    for item in [json!(null), json!(7), json!("x"), json!([])] {
        assert_eq!(verdict(&item), "not_an_object");
    }
}

#[test]
fn a_bad_event_never_costs_a_good_one() {
    let bad = [json!(null), event(&json!({"event": "unknown"})), event(&json!({"unit": ""}))];
    let items: Vec<Value> = (0..30)
        .map(|n| if n % 3 == 0 { bad[n / 3 % 3].clone() } else { event(&json!({"event_id": format!("e-{n}")})) })
        .collect();
    let screened = screen(&items, &catalogue(), &key(), now());
    let places: Vec<usize> = screened.events.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, (0..30).filter(|n| n % 3 != 0).collect::<Vec<_>>());
    assert_eq!(
        screened.rejections.iter().map(|refused| refused.index).collect::<Vec<_>>(),
        [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]
    );
}

#[test]
fn an_event_is_the_same_when_id_and_fingerprint_are() {
    let read = |change: Value| {
        let screened = screen(&[event(&change)], &catalogue(), &key(), now());
        screened.events.into_iter().next().unwrap().1
    };
    let first = read(json!({}));
    // The same moment written in another zone is the same event.
    assert_eq!(first.fingerprint(), read(json!({"occurred_at": "2026-11-23T22:30:00+13:00"})).fingerprint());
    for other in [
        json!({"unit": "case-18"}),
        json!({"value": 1}),
        json!({"occurred_at": "2026-11-23T09:30:01Z"}),
        json!({"source": "web"}),
        json!({"attributes": {"a": "b"}}),
        json!({"corrects": "e-0"}),
        json!({"retracts": "e-0"}),
    ] {
        assert_ne!(first.fingerprint(), read(other.clone()).fingerprint(), "{other}");
    }
}

/// Any JSON at all, with the known names among its own.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("fine.settled")),
        Just(json!("2026-11-23T09:30:00Z")),
    ];
    leaf.prop_recursive(3, 20, 6, |inner| {
        let name = prop_oneof![
            prop::sample::select(vec![
                "event_id",
                "unit",
                "event",
                "value",
                "occurred_at",
                "source",
                "attributes",
                "corrects",
                "retracts",
            ])
            .prop_map(str::to_owned),
            "[a-z]{1,4}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..7).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_item_stands_in_exactly_one_list(items in prop::collection::vec(anything(), 0..12), hours in -48_i64..48) {
        let screened = screen(&items, &catalogue(), &key(), now() + Duration::hours(hours));
        let mut places: Vec<usize> = screened.events.iter().map(|(place, _)| *place).collect();
        places.extend(screened.rejections.iter().map(|refused| refused.index));
        places.sort_unstable();
        prop_assert_eq!(places, (0..items.len()).collect::<Vec<_>>());
    }
}
