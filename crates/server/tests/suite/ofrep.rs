//! What published OpenFeature clients rely on.

use std::{
    io::{Read, Write},
    time::Duration,
};

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
    // What the door refuses has the same shape.
    for (path, status, code, key) in [
        ("/ofrep/v1/evaluate/flags/a%ff", 400, "PARSE_ERROR", Some("a%ff")),
        ("/ofrep/v1/evaluate/flags/a%00b", 400, "PARSE_ERROR", Some("a%00b")),
        ("/ofrep/v1/evaluate/flags/open-door?x=1", 400, "PARSE_ERROR", Some("open-door")),
        ("/ofrep/v1/evaluate/flags?x=1", 400, "PARSE_ERROR", None),
        ("/ofrep/v1/evaluate/flags/a/b", 404, "FLAG_NOT_FOUND", Some("a/b")),
    ] {
        let response = evaluate(&world, path, &json!({"context": {"targetingKey": "u-1"}}));
        assert_eq!((response.status, response.header("content-type")), (status, Some("application/json")), "{path}");
        assert_eq!((&response.json()["errorCode"], response.json()["key"].as_str()), (&json!(code), key), "{path}");
        assert!(response.json()["errorDetails"].is_string());
    }
    // A context of the right shape whose key cannot be a unit: one flag fails, and of all flags each.
    for unit in ["", "ana@example.org", "caf\u{e9}"] {
        let context = json!({"context": {"targetingKey": unit}});
        let one = evaluate(&world, ONE, &context);
        assert_eq!((one.status, &one.json()["errorCode"]), (400, &json!("INVALID_CONTEXT")), "{unit}");
        let all = evaluate(&world, ALL, &context);
        let flags = all.json()["flags"].clone();
        assert_eq!((all.status, flags.as_array().map(Vec::len)), (200, Some(1)), "{unit}");
        assert_eq!((&flags[0]["key"], &flags[0]["errorCode"]), (&json!("open-door"), &json!("INVALID_CONTEXT")));
        assert!(flags[0]["errorDetails"].is_string() && !all.text().contains("ana@") && !one.text().contains("ana@"));
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
    let tag = first.header("etag").expect("a tag").to_owned();
    let bearer = format!("Bearer {}", world.key("justice"));
    let body = context.to_string();
    let ask = |known: &str| {
        let headers =
            [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("If-None-Match", known)];
        send(world.address, &request("POST", ALL, &headers, body.as_bytes())).expect("an answer")
    };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
        let again = ask(&known);
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())), "{known}");
    }
    assert_eq!(ask("\"x\"").status, 200);
    let path = format!("{ALL}?flagConfigEtag={}&flagConfigLastModified=1771622898", "x");
    assert_eq!(evaluate(&world, &path, &context).status, 200);
    // Another state is another answer.
    call(&world, "justice", "POST", "/v1/trials/open-door/suspend", Some(&json!({"reason": "a look"})));
    let suspended = ask(&tag);
    assert!(suspended.status == 200 && suspended.header("etag") != Some(&tag));
}

#[test]
fn a_flag_is_the_same_alone_and_among_all() {
    let world = start_filled();
    for unit in ["u-1", "u-2", "u-3", "u-4"] {
        let context = json!({"context": {"targetingKey": unit}});
        let new = evaluate(&world, ALL, &context).json();
        let known = evaluate(&world, ALL, &context).json();
        assert_eq!(new["flags"], known["flags"], "{unit}");
        assert_eq!(known["flags"][0], evaluate(&world, ONE, &context).json(), "{unit}");
        let more = json!({"context": {"targetingKey": unit, "browser": "x"}});
        assert_eq!(known["flags"][0], evaluate(&world, ONE, &more).json(), "{unit}");
        assert!(known["flags"][0]["metadata"]["contextId"].is_string());
        // Somebody gives them the other version: it is what both show, under the same place.
        let variant = if known["flags"][0]["variant"] == "norm" { "usual" } else { "norm" };
        let other = json!({"event_id": format!("o-{unit}"), "unit": unit, "to_arm": variant, "reason_code": "care"});
        assert_eq!(call(&world, "justice", "POST", "/v1/trials/open-door/override", Some(&other)).status, 200);
        let given = evaluate(&world, ALL, &context).json();
        assert_eq!(given["flags"][0], evaluate(&world, ONE, &context).json(), "{unit}");
        assert_eq!(given["flags"][0]["variant"], variant);
        assert_eq!(given["flags"][0]["metadata"], known["flags"][0]["metadata"]);
        assert_ne!(given["flags"][0]["value"], known["flags"][0]["value"]);
    }
}

#[test]
fn pages_of_other_sites_may_ask_for_flags_and_nothing_else() {
    let world = start_filled();
    let origin = ("Origin", "https://app.example");
    let allows = |response: &Response| response.header("access-control-allow-origin").map(str::to_owned);
    let beforehand = send(world.address, &request("OPTIONS", ALL, &[origin], b"")).expect("an answer");
    assert_eq!((beforehand.status, allows(&beforehand).as_deref()), (204, Some("*")));
    assert!(beforehand.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
    let named = beforehand.header("access-control-allow-headers").expect("headers");
    assert!(["Authorization", "X-API-Key", "Content-Type", "If-None-Match"].iter().all(|name| named.contains(name)));
    // Refusals too: otherwise an app sees a network failure instead of what is wrong.
    for (method, path) in [("POST", ONE), ("POST", ALL), ("PUT", ALL), ("POST", "/ofrep/v1/nothing")] {
        let refused = send(world.address, &request(method, path, &[origin], b"")).expect("an answer");
        assert!(refused.status >= 400 && allows(&refused).as_deref() == Some("*"), "{method} {path}");
        assert!(refused.header("access-control-expose-headers").is_some_and(|names| names.contains("Retry-After")));
        assert_eq!(refused.header("access-control-allow-credentials"), None);
    }
    for path in ["/v1/events", "/v1/trials", "/", "/healthz", "/ofrepx"] {
        let other = send(world.address, &request("OPTIONS", path, &[origin], b"")).expect("an answer");
        assert_eq!(allows(&other), None, "{path}");
    }
}

/// Reads a stream until what has come contains a text.
fn read_until(stream: &mut std::net::TcpStream, wanted: &str) -> String {
    let (mut all, mut buffer) = (String::new(), [0; 4096]);
    while !all.contains(wanted) {
        let read = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{wanted} did not come ({error}): {all}"));
        assert!(read > 0, "the stream ended before {wanted}: {all}");
        all.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    all
}

#[test]
fn who_listens_hears_that_a_trial_moved() {
    let world = start_filled();
    let flags = evaluate(&world, ALL, &json!({"context": {"targetingKey": "u-1"}})).json();
    assert_eq!(flags["eventStreams"][0]["type"], "sse");
    let path = flags["eventStreams"][0]["endpoint"]["requestUri"].as_str().unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(world.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(&request("GET", &path, &[], b"")).unwrap();
    let head = read_until(&mut stream, ": listening\n\n");
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-type: text/event-stream"), "{head}");
    // What another agency does is not heard; what this one does is.
    call(&world, "health", "POST", "/v1/trials/quit-line/pause_enrolment", Some(&json!({})));
    call(&world, "justice", "POST", "/v1/trials/open-door/suspend", Some(&json!({"reason": "a look"})));
    let heard = read_until(&mut stream, "\"refetchEvaluation\"");
    assert!(heard.contains("event: message\n") && heard.matches("data: ").count() == 1, "{heard}");
    for wrong in ["", "?pass=", "?pass=x", "?pass=1.2.3", &path[..path.len() - 1].replace("/ofrep/v1/stream", "")] {
        let response = call(&world, "justice", "GET", &format!("/ofrep/v1/stream{wrong}"), None);
        assert_eq!((response.status, &response.json()["code"]), (401, &json!("unauthenticated")), "{wrong}");
    }
}
