//! The committed description of the interface and the route table say the same, and answers are as described.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_server::{
    routes,
    transport::{Audience, Needs, Row},
};
use serde_json::{Value, json};

use crate::{
    frontline::call,
    running::{World, start_filled},
};

fn document() -> Value {
    serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("it is JSON")
}

/// Method and path of every operation, with the operation.
fn operations(document: &Value) -> BTreeMap<(String, String), Value> {
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item").iter().filter(|(name, _)| *name != "parameters") {
            found.insert((method.to_uppercase(), path.clone()), operation.clone());
        }
    }
    found
}

fn rows() -> Vec<Row> {
    routes::table().into_iter().filter(|row| row.audience == Audience::Program).collect()
}

#[test]
fn every_row_for_programs_is_described_and_nothing_else() {
    let described: BTreeSet<(String, String)> = operations(&document()).into_keys().collect();
    let routed: BTreeSet<(String, String)> =
        rows().iter().map(|row| (row.method.to_string(), row.path.to_owned())).collect();
    assert_eq!(described, routed);
    let guide = include_str!("../../../../docs/API.md");
    for (method, path) in routed {
        assert!(guide.contains(&format!("{method} {path}")), "docs/API.md does not speak of {method} {path}");
    }
}

#[test]
fn rights_and_queries_are_described_as_they_are() {
    let operations = operations(&document());
    for row in rows() {
        let operation = &operations[&(row.method.to_string(), row.path.to_owned())];
        let wanted = match row.needs {
            Needs::Scope(scope) => json!([{"bearer": [scope.as_str()]}, {"header": [scope.as_str()]}]),
            _ => json!([]),
        };
        assert_eq!(operation["security"], wanted, "{row:?}");
        let named = |parameter: &Value| parameter["name"].as_str().expect("a name").to_owned();
        let in_query = |parameter: &&Value| parameter["in"] == "query";
        let query: Vec<String> =
            operation["parameters"].as_array().into_iter().flatten().filter(in_query).map(named).collect();
        assert_eq!(query, row.query, "{row:?}");
        let responses = operation["responses"].as_object().expect("responses");
        let refusals: &[&str] = if matches!(row.needs, Needs::Scope(_)) { &["401", "403"] } else { &[] };
        let reading: &[&str] = if operation.get("requestBody").is_some() { &["400", "408", "413", "415"] } else { &[] };
        for status in refusals.iter().chain(reading) {
            assert!(responses.contains_key(*status), "{row:?} does not describe {status}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("within this document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

/// The fields of an answer are those that the document names: all that it calls required, and no others unless it says so.
fn assert_described(document: &Value, schema: &Value, answer: &Value, what: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(&reference[1..]).expect("it leads somewhere");
        return assert_described(document, schema, answer, what);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        assert_described(document, part, answer, what);
    }
    if let (Some(properties), Some(fields)) = (schema["properties"].as_object(), answer.as_object()) {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(fields.contains_key(name.as_str().expect("a name")), "{what}: {name} is missing in {answer}");
        }
        if schema["additionalProperties"] == false {
            let strange: Vec<&String> = fields.keys().filter(|name| !properties.contains_key(*name)).collect();
            assert!(strange.is_empty(), "{what}: {strange:?} are not described");
        }
        for (name, value) in fields.iter().filter(|(name, _)| properties.contains_key(*name)) {
            assert_described(document, &properties[name], value, &format!("{what}/{name}"));
        }
    }
    for item in answer.as_array().into_iter().flatten() {
        assert_described(document, &schema["items"], item, &format!("{what}/items"));
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(answer), "{what}: {answer} is not among {words:?}");
    }
    if let Some(kind) = schema["type"].as_str().filter(|kind| *kind != "integer") {
        let found = match answer {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        assert_eq!(found, kind, "{what}: {answer}");
    }
}

#[test]
fn answers_are_as_described() {
    let (world, document) = (start_filled(), document());
    let operations = operations(&document);
    let ask = |world: &World, method: &str, route: &str, path: &str, body: Option<Value>| {
        let response = call(world, "justice", method, path, body.as_ref());
        let operation = &operations[&(method.to_owned(), route.to_owned())];
        let status = response.status.to_string();
        let mut described = &operation["responses"][&status];
        assert!(described.is_object(), "{method} {path} answers {status}, which is not described: {}", response.text());
        if let Some(reference) = described["$ref"].as_str() {
            described = document.pointer(&reference[1..]).expect("it leads somewhere");
        }
        let media_type = response.header("content-type").expect("a type");
        let schema = &described["content"][media_type]["schema"];
        assert!(schema.is_object(), "{method} {path} answers with {media_type}");
        assert_described(&document, schema, &response.json(), &format!("{method} {path} {status}"));
    };
    let unit = || Some(json!({"unit": "u-1"}));
    let context = || Some(json!({"context": {"targetingKey": "u-1"}}));
    let event =
        json!({"event_id": "e-1", "unit": "u-1", "event": "door.opened", "occurred_at": "2026-11-22T12:00:00Z"});
    let batch = |items: Value| Some(json!({"events": items}));
    let assignments = "/v1/trials/{trial}/assignments";
    let lookup = "/v1/trials/{trial}/assignments/lookup";
    let (verb, plan) = ("/v1/trials/{trial}/{verb}", "/v1/trials/{trial}/protocol");
    let (flag, flags) = ("/ofrep/v1/evaluate/flags/{key}", "/ofrep/v1/evaluate/flags");
    let (noted, over) = ("/v1/trials/{trial}/delivery", "/v1/trials/{trial}/override");
    let harms = "/v1/trials/{trial}/harms";
    let at = "2026-11-22T12:00:00Z";
    let delivery = |id: &str, status: &str| Some(json!({"event_id": id, "unit": "u-1", "status": status, "at": at}));
    let harm = json!({"event_id": "h-1", "unit": "u-1", "severity": 1, "kind": "complaint", "at": at});
    let opt_out = || Some(json!({"unit": "u-8", "kind": "all", "channel": "phone"}));
    let same_person =
        |same_as: &str| Some(json!({"event_id": "s-1", "unit": "desk:u-1", "same_as": same_as, "purpose": "sign-in"}));
    let apart =
        |same_as: &str| Some(json!({"event_id": "a-1", "unit": "desk:u-1", "same_as": same_as, "reason": "mistake"}));
    let parting = "/v1/identities/withdraw";
    let draft = crate::plan::simple("another", "justice", "desk");
    for (method, route, path, body) in [
        ("GET", "/healthz", "/healthz", None),
        ("GET", "/readyz", "/readyz", None),
        ("GET", "/openapi.json", "/openapi.json", None),
        ("POST", lookup, "/v1/trials/open-door/assignments/lookup", unit()),
        ("POST", assignments, "/v1/trials/open-door/assignments", unit()),
        ("POST", assignments, "/v1/trials/open-door/assignments", Some(json!({"unit": 7}))),
        ("POST", assignments, "/v1/trials/open-door/assignments", Some(json!({"unit": "a@b.example"}))),
        ("POST", assignments, "/v1/trials/quit-line/assignments", unit()),
        ("POST", lookup, "/v1/trials/open-door/assignments/lookup", unit()),
        ("POST", "/v1/touchpoints/{touchpoint}/assignments", "/v1/touchpoints/front-desk/assignments", unit()),
        ("POST", noted, "/v1/trials/open-door/delivery", delivery("d-1", "seen")),
        ("POST", noted, "/v1/trials/open-door/delivery", delivery("d-1", "failed")),
        ("POST", noted, "/v1/trials/open-door/delivery", delivery("d-1", "lost")),
        ("POST", over, "/v1/trials/open-door/override", unit()),
        ("POST", harms, "/v1/trials/open-door/harms", Some(harm)),
        ("POST", "/v1/optouts", "/v1/optouts", opt_out()),
        ("POST", "/v1/optouts/withdraw", "/v1/optouts/withdraw", opt_out()),
        ("POST", "/v1/identities", "/v1/identities", same_person("web:u-1")),
        ("POST", "/v1/identities", "/v1/identities", same_person("web:u-2")),
        ("POST", "/v1/identities", "/v1/identities", same_person("desk:u-1")),
        ("POST", parting, parting, apart("web:u-1")),
        ("POST", parting, parting, apart("web:u-2")),
        ("POST", parting, parting, apart("desk:u-1")),
        ("PUT", "/v1/burden-cap", "/v1/burden-cap", Some(json!({"trials": 2, "days": 90}))),
        ("POST", assignments, "/v1/trials/open-door/assignments", Some(json!({"unit": "u-9", "dry_run": true}))),
        ("POST", "/v1/events", "/v1/events", batch(json!([event]))),
        ("POST", "/v1/events", "/v1/events", batch(json!([event, 7]))),
        ("POST", "/v1/events", "/v1/events", batch(json!([7]))),
        ("POST", "/v1/events", "/v1/events", batch(json!([]))),
        ("GET", "/v1/reconcile", "/v1/reconcile", None),
        ("GET", "/v1/reconcile", "/v1/reconcile?day=never", None),
        ("POST", flag, "/ofrep/v1/evaluate/flags/open-door", context()),
        ("POST", flag, "/ofrep/v1/evaluate/flags/open-door", Some(json!({}))),
        ("POST", flag, "/ofrep/v1/evaluate/flags/no-such", context()),
        ("POST", flags, flags, context()),
        ("POST", flags, flags, Some(json!({}))),
        ("GET", "/v1/trials", "/v1/trials", None),
        ("POST", "/v1/trials", "/v1/trials", Some(draft.clone())),
        ("POST", "/v1/trials", "/v1/trials", Some(draft.clone())),
        ("POST", "/v1/trials", "/v1/trials", Some(json!({}))),
        ("GET", "/v1/trials/{trial}", "/v1/trials/open-door", None),
        ("GET", plan, "/v1/trials/open-door/protocol", None),
        ("GET", "/v1/trials/{trial}/versions", "/v1/trials/open-door/versions", None),
        ("GET", "/v1/audit/head", "/v1/audit/head", None),
        ("PUT", plan, "/v1/trials/another/protocol", Some(draft.clone())),
        ("PUT", plan, "/v1/trials/open-door/protocol", Some(draft)),
        ("GET", "/v1/trials/{trial}/report", "/v1/trials/open-door/report", None),
        ("GET", "/v1/trials/{trial}/report", "/v1/trials/another/report", None),
        ("POST", verb, "/v1/trials/open-door/pause_enrolment", Some(json!({}))),
        ("POST", verb, "/v1/trials/open-door/start", Some(json!({}))),
        ("POST", verb, "/v1/trials/open-door/stop", Some(json!({}))),
    ] {
        ask(&world, method, route, path, body);
    }
}
