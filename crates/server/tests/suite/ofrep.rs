//! What published OpenFeature clients rely on.

use serde_json::{Value, json};

use crate::{
    client::{Response, request, send},
    frontline::call,
    running::{World, start_filled},
};

const ONE: &str = "/ofrep/v1/evaluate/flags/open-door";
const ALL: &str = "/ofrep/v1/evaluate/flags";

fn evaluate(world: &World, path: &str, body: &Value) -> Response {
    call(world, "justice", "POST", path, Some(body))
}

#[test]
fn a_success_has_value_variant_and_reason() {
    let world = start_filled();
    let context = json!({"context": {"targetingKey": "u-1", "browser": "x", "nested": {"a": [1]}}});
    let response = evaluate(&world, ONE, &context);
    assert_eq!(
        (response.status, response.header("content-type")),
        (200, Some("application/json")),
        "{}",
        response.text()
    );
    let flag = response.json();
    let assigned =
        call(&world, "justice", "POST", "/v1/trials/open-door/assignments", Some(&json!({"unit": "u-1"}))).json();
    assert_eq!(
        (&flag["key"], &flag["variant"], &flag["value"]),
        (&json!("open-door"), &assigned["arm"], &assigned["payload"])
    );
    assert_eq!((&flag["reason"], &assigned["outcome"]), (&json!("SPLIT"), &json!("existing")));
    let metadata = flag["metadata"].as_object().unwrap();
    assert!(metadata.values().all(|value| value.is_string() || value.is_boolean() || value.is_number()));
    call(&world, "justice", "POST", "/v1/trials/open-door/suspend", Some(&json!({"reason": "a look"})));
    let flag = evaluate(&world, ONE, &context).json();
    assert_eq!((&flag["reason"], &flag["variant"]), (&json!("DISABLED"), &json!("usual")));
    assert_eq!(flag["value"], json!({"template": "overdue-v3"}));
}

#[test]
fn a_failure_has_key_code_and_details() {
    let world = start_filled();
    for (body, code) in [
        ("{", "PARSE_ERROR"),
        ("[]", "PARSE_ERROR"),
        ("{}", "PARSE_ERROR"),
        ("{\"context\":7}", "INVALID_CONTEXT"),
        ("{\"context\":{}}", "TARGETING_KEY_MISSING"),
        ("{\"context\":{\"targetingKey\":null}}", "TARGETING_KEY_MISSING"),
        ("{\"context\":{\"targetingKey\":7}}", "INVALID_CONTEXT"),
        ("{\"context\":{\"targetingKey\":\"\"}}", "INVALID_CONTEXT"),
        ("{\"context\":{\"targetingKey\":\"ana@example.org\"}}", "INVALID_CONTEXT"),
    ] {
        for path in [ONE, ALL] {
            let headers = [("X-API-Key", world.key("justice")), ("Content-Type", "application/json")];
            let response = send(world.address, &request("POST", path, &headers, body.as_bytes())).expect("an answer");
            assert_eq!(response.status, 400, "{path} {body}");
            assert_eq!(response.header("content-type"), Some("application/json"));
            let failure = response.json();
            assert_eq!(failure["errorCode"], code, "{path} {body}");
            assert!(failure["errorDetails"].as_str().is_some_and(|text| !text.is_empty()));
            assert_eq!(failure["key"].as_str(), (path == ONE).then_some("open-door"));
            assert!(!response.text().contains("ana@"));
        }
    }
    for path in ["/ofrep/v1/evaluate/flags/nothing", "/ofrep/v1/evaluate/flags/quit-line"] {
        let response = evaluate(&world, path, &json!({"context": {"targetingKey": "u-1"}}));
        assert_eq!((response.status, &response.json()["errorCode"]), (404, &json!("FLAG_NOT_FOUND")), "{path}");
        assert_eq!(response.json()["key"], path.rsplit('/').next().unwrap());
        assert!(response.json()["errorDetails"].is_string());
    }
}

#[test]
fn all_flags_come_with_a_tag_that_saves_sending_them_again() {
    let world = start_filled();
    let context = json!({"context": {"targetingKey": "u-1"}});
    let first = evaluate(&world, ALL, &context);
    assert_eq!(first.status, 200, "{}", first.text());
    let keys: Vec<String> =
        first.json()["flags"].as_array().unwrap().iter().map(|flag| flag["key"].to_string()).collect();
    assert_eq!(keys, ["\"open-door\""], "drafts and other agencies' trials are no flags");
    // The second time the unit is known, which is another answer; from then on nothing changes.
    let second = evaluate(&world, ALL, &context);
    let tag = second.header("etag").expect("a tag").to_owned();
    let bearer = format!("Bearer {}", world.key("justice"));
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("If-None-Match", &tag)];
    let body = context.to_string();
    let third = send(world.address, &request("POST", ALL, &headers, body.as_bytes())).expect("an answer");
    assert_eq!((third.status, third.body.len(), third.header("etag")), (304, 0, Some(tag.as_str())));
    let path = format!("{ALL}?flagConfigEtag={}&flagConfigLastModified=1771622898", "x");
    assert_eq!(evaluate(&world, &path, &context).status, 200);
}
