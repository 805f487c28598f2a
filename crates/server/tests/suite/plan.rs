//! Plans for tests.

use serde_json::{Value, json};

/// The committed example, as a document.
pub(crate) fn fines_letter() -> Value {
    serde_json::from_str(include_str!("../../../../docs/examples/fines-letter.protocol.json")).expect("it is JSON")
}

/// A plan without strata, eligibility and guardrails: anybody may enter, one signature is enough.
pub(crate) fn simple(key: &str, agency: &str, touchpoint: &str) -> Value {
    let mut plan = fines_letter();
    let mut set = |name: &str, value: Value| plan[name] = value;
    set("key", json!(key));
    set("agency", json!(agency));
    set("touchpoint", json!(touchpoint));
    set("title", json!(format!("The trial {key}")));
    set("attributes", json!([]));
    set("allocation", json!({"method": "simple"}));
    set(
        "outcomes",
        json!([{"key": "opened", "name": "Door opened", "role": "primary", "event": "door.opened",
        "kind": "binary", "better": "increase", "follow_up_days": 1, "smallest_worthwhile_effect": "0.05",
        "expected_control": "0.30"}]),
    );
    set("decision_rule", json!("superior(opened)"));
    set(
        "hypothesis",
        json!({"change": "open the door", "who": "everybody", "outcome": "opened",
        "direction": "increase", "because": "open doors invite"}),
    );
    plan["analysis"]["adjust_for"] = json!([]);
    plan["risk"]["dignity"] = json!("no");
    let map = plan.as_object_mut().expect("an object");
    map.remove("eligibility");
    map.remove("equity");
    plan
}
