//! Assignments as frontline apps ask for them.

use serde_json::{Value, json};

use crate::{
    client::{Response, request, send},
    running::{World, start_filled},
};

/// A call of the interface with a key.
pub(crate) fn call(world: &World, key: &str, method: &str, path: &str, body: Option<&Value>) -> Response {
    let bearer = format!("Bearer {}", world.key(key));
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut headers = vec![("Authorization", bearer.as_str())];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json"));
    }
    send(world.address, &request(method, path, &headers, body.as_bytes())).expect("an answer")
}

const ASSIGN: &str = "/v1/trials/open-door/assignments";

fn assign(world: &World, body: &Value) -> Response {
    call(world, "justice", "POST", ASSIGN, Some(body))
}

#[test]
fn a_unit_keeps_its_arm_and_can_be_looked_up() {
    let world = start_filled();
    let lookup = "/v1/trials/open-door/assignments/lookup";
    let unit = json!({"unit": "u-1"});
    assert_eq!(call(&world, "justice", "POST", lookup, Some(&unit)).status, 404);
    let first = assign(&world, &unit);
    assert_eq!(first.status, 200, "{}", first.text());
    // Whoever is known is answered from texts that are ready, and told the same to the byte; however their body is written.
    let known = first.text().replacen("\"outcome\":\"assigned\"", "\"outcome\":\"existing\"", 1);
    for body in [unit.clone(), json!({"unit": "u-1", "attributes": {}}), json!({"unit": "u-1", "dry_run": false})] {
        assert_eq!(assign(&world, &body).text(), known, "{body}");
    }
    let first = first.json();
    assert_eq!((&first["trial"], &first["outcome"]), (&json!("open-door"), &json!("assigned")));
    assert!(["usual", "norm"].contains(&first["arm"].as_str().unwrap()));
    assert!(first["payload"]["template"].is_string() && first["assignment_id"].is_string());
    assert!(first["protocol_id"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(first["assigned_at"], "2026-11-23T00:00:00.000Z");
    assert!(first["notice"].is_string() && first["reason"].is_null());
    let mut again = assign(&world, &unit).json();
    assert_eq!(again["outcome"], "existing");
    again["outcome"] = json!("assigned");
    assert_eq!(again, first);
    assert_eq!(call(&world, "justice", "POST", lookup, Some(&unit)).json()["arm"], first["arm"]);
    let both: std::collections::BTreeSet<String> =
        (0..40).map(|i| assign(&world, &json!({"unit": format!("p-{i}")})).json()["arm"].to_string()).collect();
    assert_eq!(both.len(), 2, "both arms are used");
}

#[test]
fn nobody_learns_an_arm_without_entering() {
    let world = start_filled();
    let dry = assign(&world, &json!({"unit": "u-1", "dry_run": true})).json();
    assert_eq!((&dry["outcome"], &dry["arm"], &dry["assignment_id"]), (&json!("assigned"), &Value::Null, &Value::Null));
    assert_eq!(dry["payload"], json!({"template": "overdue-v3"}), "the current version");
    assert_eq!(call(&world, "justice-test", "POST", ASSIGN, Some(&json!({"unit": "u-1"}))).json()["arm"], Value::Null);
    let lookup = "/v1/trials/open-door/assignments/lookup";
    assert_eq!(call(&world, "justice", "POST", lookup, Some(&json!({"unit": "u-1"}))).status, 404);
}

#[test]
fn a_touchpoint_answers_for_all_its_trials() {
    let world = start_filled();
    let path = "/v1/touchpoints/front-desk/assignments";
    let answer = call(&world, "justice", "POST", path, Some(&json!({"unit": "u-1"}))).json();
    assert_eq!(answer["assignments"][0]["trial"], "open-door");
    assert_eq!(answer["assignments"][0]["outcome"], "assigned");
    assert_eq!(answer["not_enrolled"], json!([]));
    call(&world, "justice", "POST", "/v1/trials/open-door/pause_enrolment", Some(&json!({"reason": "a look"})));
    let answer = call(&world, "justice", "POST", path, Some(&json!({"unit": "u-2"}))).json();
    assert_eq!(answer["assignments"], json!([]));
    assert_eq!(answer["not_enrolled"][0]["outcome"], "enrolment_paused");
    assert!(answer["not_enrolled"][0]["reason"].is_string());
}

#[test]
fn units_that_are_no_codes_are_refused_without_repeating_them() {
    let world = start_filled();
    for unit in [
        "ana.jones@example.org",
        "021 555 123",
        "ZZZ0016",
        "49-091-850",
        "",
        " u",
        "u ",
        "a\tb",
        "é",
        "e\u{301}",
        "a\u{202e}b",
        "a\u{200d}b",
        "\u{ff11}\u{ff12}",
        "' OR 1=1 --",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "John Smith",
        "<script>",
    ] {
        let response = assign(&world, &json!({"unit": unit}));
        assert!([400, 422].contains(&response.status), "{unit:?}: {}", response.status);
        let problem = response.json();
        let code = problem["code"].as_str().unwrap();
        assert!(["invalid_body", "unit_looks_like_identifier"].contains(&code), "{unit:?}: {code}");
        assert_eq!(problem["errors"][0]["pointer"], "/unit");
        assert!(unit.len() < 4 || !response.text().contains(unit), "{unit:?} is repeated");
    }
    assert_eq!(assign(&world, &json!({"unit": "ana.jones@example.org"})).json()["code"], "unit_looks_like_identifier");
    assert_eq!(assign(&world, &json!({"unit": "x".repeat(128)})).status, 200);
    assert_eq!(assign(&world, &json!({"unit": "x".repeat(129)})).status, 400);
}

#[test]
fn callers_cannot_choose_what_chance_decides() {
    let world = start_filled();
    for (name, value) in [
        ("arm", json!("norm")),
        ("weights", json!([1, 0])),
        ("salt", json!("x")),
        ("protocol_id", json!("x")),
        ("agency", json!("health")),
        ("units", json!(["a", "b"])),
    ] {
        let response = assign(&world, &json!({"unit": "u-1", name: value}));
        assert_eq!((response.status, &response.json()["errors"][0]["code"]), (400, &json!("unknown_field")), "{name}");
    }
    let attribute = assign(&world, &json!({"unit": "u-1", "attributes": {"income": 7}}));
    assert_eq!(attribute.status, 422, "{}", attribute.text());
    assert_eq!(attribute.json()["errors"][0]["pointer"], "/attributes/income");
    assert_eq!(assign(&world, &json!({"unit": "u-1", "cluster": "north"})).status, 422);
}

#[test]
fn first_calls_at_once_get_one_arm() {
    let world = start_filled();
    let world = &world;
    std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..40).map(|_| scope.spawn(move || assign(world, &json!({"unit": "same"})).json())).collect();
        let answers: Vec<Value> = calls.into_iter().map(|call| call.join().unwrap()).collect();
        assert!(answers.iter().all(|answer| answer["arm"] == answers[0]["arm"] && answer["arm"].is_string()));
        assert_eq!(answers.iter().filter(|answer| answer["outcome"] == "assigned").count(), 1);
    });
}
