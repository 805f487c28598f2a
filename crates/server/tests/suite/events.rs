//! Outcome events as frontline apps send them.

use std::process::Command;

use fairtrial_testkit::database::{Kind, TestDatabase};
use serde_json::{Value, json};

use crate::{
    client::{Response, request, send},
    frontline::call,
    running::{World, start_filled, start_filled_on},
};

fn event(id: &str) -> Value {
    json!({"event_id": id, "unit": "u-1", "event": "door.opened", "occurred_at": "2026-11-22T12:00:00Z"})
}

fn record(world: &World, events: &[Value]) -> Response {
    call(world, "justice", "POST", "/v1/events", Some(&json!({"events": events})))
}

#[test]
fn the_status_tells_whether_all_some_or_nothing_was_kept() {
    let world = start_filled();
    let all = record(&world, &[event("e-1"), event("e-2")]);
    assert_eq!(all.status, 200, "{}", all.text());
    assert_eq!(all.json(), json!({"accepted": 2, "duplicate": 0, "rejected": 0, "results": []}));
    let repeated = record(&world, &[event("e-1")]);
    assert_eq!((repeated.status, &repeated.json()["duplicate"]), (200, &json!(1)));
    assert_eq!(repeated.json()["results"][0]["code"], "duplicate");
    let mut other = event("e-1");
    other["unit"] = json!("u-2");
    let mut unknown = event("e-3");
    unknown["event"] = json!("no.such.thing");
    let some = record(&world, &[event("e-4"), unknown.clone(), other.clone(), json!(7)]);
    assert_eq!(some.status, 207);
    let receipt = some.json();
    assert_eq!((&receipt["accepted"], &receipt["rejected"]), (&json!(1), &json!(3)));
    let found: Vec<(u64, u64, &str)> = receipt["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["index"].as_u64().unwrap(), item["status"].as_u64().unwrap(), item["code"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [(1, 422, "unknown_event"), (2, 409, "event_id_conflict"), (3, 422, "not_an_object")]);
    let nothing = record(&world, &[unknown, other]);
    assert_eq!((nothing.status, &nothing.json()["accepted"]), (422, &json!(0)));
}

#[test]
fn what_was_sent_can_be_corrected_once_and_again_by_the_correction() {
    let world = start_filled();
    let correct = |id: &str, how: &str, replaced: &str| {
        let mut correction = event(id);
        correction[how] = json!(replaced);
        correction
    };
    let told = |response: &Response| -> Vec<(u64, String)> {
        let results = response.json()["results"].as_array().unwrap().clone();
        let one = |item: &Value| (item["status"].as_u64().unwrap(), item["code"].as_str().unwrap().to_owned());
        results.iter().map(one).collect()
    };
    let refused = |status: u64, code: &str| vec![(status, code.to_owned())];
    assert_eq!(record(&world, &[event("row-1")]).json()["accepted"], 1);
    // A correction and what it corrects may come in one batch, in any order; sent again it is known.
    let batch =
        [correct("row-2-undone", "retracts", "row-2"), event("row-2"), correct("row-1-mended", "corrects", "row-1")];
    let first = record(&world, &batch);
    assert_eq!((first.status, &first.json()["accepted"]), (200, &json!(3)), "{}", first.text());
    assert_eq!(record(&world, &batch).json()["duplicate"], 3);
    let second = record(&world, &[correct("row-1-again", "corrects", "row-1")]);
    assert_eq!((second.status, told(&second)), (422, refused(409, "already_corrected")));
    assert_eq!(record(&world, &[correct("row-1-again", "corrects", "row-1-mended")]).json()["accepted"], 1);

    let mut of_another = correct("other", "corrects", "row-1-again");
    of_another["unit"] = json!("u-2");
    assert_eq!(told(&record(&world, &[of_another])), refused(422, "corrects_other_unit"));
    assert_eq!(told(&record(&world, &[correct("far", "retracts", "never-sent")])), refused(422, "unknown_event_id"));
    assert_eq!(told(&record(&world, &[correct("self", "corrects", "self")])), refused(422, "corrects_itself"));
    let mut both = correct("both", "corrects", "row-1-again");
    both["retracts"] = json!("row-1-again");
    assert_eq!(told(&record(&world, &[both])), refused(422, "corrects_and_retracts"));
    // What another agency sent is not there to be corrected, and nobody learns that it is.
    let theirs = json!({"events": [correct("theirs", "retracts", "row-1-again")]});
    let stranger = call(&world, "health", "POST", "/v1/events", Some(&theirs));
    assert_ne!(stranger.json()["accepted"], 1, "{}", stranger.text());
}

#[test]
fn a_batch_has_1_to_1000_events() {
    let world = start_filled();
    assert_eq!(record(&world, &[]).status, 400);
    let many: Vec<Value> = (0..1001).map(|i| event(&format!("n-{i}"))).collect();
    assert_eq!(record(&world, &many).json()["code"], "body_too_large");
    assert_eq!(record(&world, &many[..1000]).json()["accepted"], 1000);
    for body in
        [json!({}), json!({"events": {}}), json!({"events": [event("x")], "dry_run": true}), json!([event("x")])]
    {
        let response = call(&world, "justice", "POST", "/v1/events", Some(&body));
        assert_eq!(response.status, 400, "{body}");
    }
}

#[test]
fn a_dry_run_keeps_nothing() {
    let world = start_filled();
    let body = json!({"events": [event("d-1")]});
    let dry = call(&world, "justice", "POST", "/v1/events?dry_run=true", Some(&body));
    assert_eq!((dry.status, &dry.json()["accepted"]), (200, &json!(1)));
    assert_eq!(call(&world, "justice-test", "POST", "/v1/events", Some(&body)).json()["accepted"], 1);
    let real = call(&world, "justice", "POST", "/v1/events", Some(&body));
    assert_eq!((&real.json()["accepted"], &real.json()["duplicate"]), (&json!(1), &json!(0)));
    assert_eq!(call(&world, "justice", "POST", "/v1/events?dry_run=perhaps", Some(&body)).status, 400);
}

#[test]
fn every_documented_media_type_is_taken() {
    let world = start_filled();
    let cloud = |id: &str| {
        json!({"specversion": "1.0", "id": id, "source": "doors", "type": "door.opened", "subject": "u-1",
            "time": "2026-11-22T12:00:00Z"})
    };
    for (media_type, body) in [
        ("application/x-ndjson", format!("{}\n{}\n", event("l-1"), event("l-2"))),
        ("text/csv", "event_id,unit,event,occurred_at\nc-1,u-1,door.opened,2026-11-22T12:00:00Z\nc-2,u-2,door.opened,2026-11-22T12:00:00Z\n".into()),
        ("application/cloudevents-batch+json", json!([cloud("ce-1"), cloud("ce-2")]).to_string()),
        ("application/cloudevents+json", cloud("ce-3").to_string()),
    ] {
        let key = world.key("justice");
        let headers = [("X-API-Key", key), ("Content-Type", media_type)];
        let response = send(world.address, &request("POST", "/v1/events", &headers, body.as_bytes())).expect("an answer");
        assert_eq!((response.status, &response.json()["rejected"]), (200, &json!(0)), "{media_type}: {}", response.text());
        assert!(response.json()["accepted"].as_u64().unwrap() > 0);
    }
}

#[test]
fn items_that_are_wrong_never_break_a_batch() {
    let world = start_filled();
    for (name, value) in [
        ("event_id", json!("")),
        ("event_id", json!(7)),
        ("event_id", json!("../../etc/passwd")),
        ("event_id", json!("00000000-0000-0000-0000-000000000000")),
        ("event_id", json!("x".repeat(129))),
        ("unit", json!("ana@example.org")),
        ("unit", json!(null)),
        ("event", json!("fine.settled")),
        ("value", json!("1")),
        ("value", json!(true)),
        ("value", json!(1e300)),
        ("occurred_at", json!("2026-02-30T00:00:00Z")),
        ("occurred_at", json!("2026-11-22 12:00:00Z")),
        ("occurred_at", json!("2026-11-22T24:00:00Z")),
        ("occurred_at", json!("2026-11-22T23:59:60Z")),
        ("occurred_at", json!("2026-11-22T12:00:00")),
        ("occurred_at", json!("2026-11-22T12:00:00z")),
        ("occurred_at", json!("2026-11-22T12:00:00+25:00")),
        ("occurred_at", json!("2027-11-22T12:00:00Z")),
        ("occurred_at", json!("1970-01-01T00:00:00Z")),
        ("occurred_at", json!("-0001-01-01T00:00:00Z")),
        ("occurred_at", json!(1_700_000_000)),
        ("source", json!("")),
        ("attributes", json!([])),
        ("attributes", json!({"a": {"b": 1}})),
        ("agency_id", json!(1)),
    ] {
        let mut bad = event("bad");
        bad[name] = value.clone();
        let response = record(&world, &[bad, event("good")]);
        assert_eq!(response.status, 207, "{name} {value}: {}", response.text());
        let item = &response.json()["results"][0];
        assert_eq!((&item["index"], &item["status"]), (&json!(0), &json!(422)), "{name} {value}");
        assert!(item["code"].is_string() && item["detail"].is_string());
    }
}

#[test]
fn a_sender_can_compare_its_ledger_with_ours() {
    let world = start_filled();
    let reconcile = |key: &str, query: &str| call(&world, key, "GET", &format!("/v1/reconcile{query}"), None);
    assert_eq!(reconcile("justice", "").json(), json!({"day": "2026-11-23", "keys": []}));
    record(&world, &[event("row-17"), event("row-18"), json!(7)]);
    record(&world, &[json!(7)]);
    let mut other = event("row-18");
    other["unit"] = json!("u-2");
    record(&world, &[event("row-17"), other]);
    let dry = json!({"events": [event("row-19")]});
    call(&world, "justice", "POST", "/v1/events?dry_run=true", Some(&dry));
    call(&world, "justice-test", "POST", "/v1/events", Some(&dry));
    let told = reconcile("justice-without-assign", "?day=2026-11-23").json();
    let row = &told["keys"][0];
    let public_id = world.key("justice").split('_').nth(2).unwrap();
    let counts = ["accepted", "duplicate", "conflict", "rejected"].map(|name| row[name].as_u64().unwrap());
    assert_eq!((row["key"].as_str(), counts), (Some(public_id), [2, 1, 1, 2]), "{told}");
    // The same number as in docs/API.md, where another program worked it out.
    let documented = "53cca2f39edb9fa722c51611a42997b73606e1c575e339b54ba04e809987319a";
    assert!(include_str!("../../../../docs/API.md").contains(documented));
    assert_eq!(row["fingerprint"], documented);
    assert_eq!(told["keys"].as_array().map(Vec::len), Some(1));
    assert_eq!(reconcile("health", "").json()["keys"], json!([]), "another agency is not told");
    assert_eq!(reconcile("justice", "?day=2026-11-22").json()["keys"], json!([]));
    for bad in ["", "today", "2026-02-30", "2026-1-1", "+2026-01-1", "20261123", "12026-01-01"] {
        let response = reconcile("justice", &format!("?day={bad}"));
        assert_eq!((response.status, &response.json()["code"]), (400, &json!("malformed_request")), "{bad}");
    }
}

fn named(world: &World, name: &str, target: &str, events: &[Value]) -> Response {
    let headers =
        [("X-API-Key", world.key("justice")), ("Content-Type", "application/json"), ("Idempotency-Key", name)];
    let body = json!({"events": events}).to_string();
    send(world.address, &request("POST", target, &headers, body.as_bytes())).expect("an answer")
}

/// While the database is away a named request is taken in as one without a name is.
#[test]
fn a_request_whose_answer_cannot_be_looked_up_is_answered_all_the_same() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let world = start_filled_on(database.url());
    let away = "ALTER TABLE replies RENAME TO away";
    let moved = Command::new("psql").args(["--no-psqlrc", "--quiet", "--command", away, database.url()]).status();
    assert!(moved.expect("psql runs").success());
    for (accepted, duplicate) in [(1, 0), (0, 1)] {
        let answer = named(&world, "batch-1", "/v1/events", &[event("e-1")]);
        let told = answer.json();
        assert_eq!((&told["accepted"], &told["duplicate"]), (&json!(accepted), &json!(duplicate)), "{told}");
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (200, None));
    }
}

#[test]
fn a_named_request_is_answered_once() {
    let world = start_filled();
    let ask = |name: &str, target: &str, events: &[Value]| named(&world, name, target, events);
    let first = ask("\"batch-1\"", "/v1/events", &[event("e-1"), json!(7)]);
    assert_eq!((first.status, first.header("idempotency-replayed")), (207, None), "{}", first.text());
    for name in ["\"batch-1\"", "batch-1"] {
        let again = ask(name, "/v1/events", &[event("e-1"), json!(7)]);
        assert_eq!((again.status, again.text()), (207, first.text()), "the first answer, not that of a repeat");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
    let reused = ask("batch-1", "/v1/events", &[event("e-2")]);
    assert_eq!((reused.status, &reused.json()["errors"][0]["code"]), (422, &json!("idempotency_key_reused")));
    let other = ask("batch-2", "/v1/events", &[event("e-1")]);
    assert_eq!((other.status, &other.json()["duplicate"]), (200, &json!(1)), "it counts once whatever its name");
    // Nothing is kept of a dry run, so its name stays free.
    ask("batch-3", "/v1/events?dry_run=true", &[event("e-3")]);
    assert_eq!(ask("batch-3", "/v1/events", &[event("e-3"), event("e-4")]).json()["accepted"], 2);
    for name in ["", "\"\"", "a b", "\"a", "caf\u{e9}", &"x".repeat(256)] {
        let response = ask(name, "/v1/events", &[event("e-5")]);
        assert_eq!((response.status, &response.json()["code"]), (400, &json!("malformed_request")), "{name}");
    }
    assert_eq!(ask("batch-4", "/v1/events", &[event("e-5")]).json()["accepted"], 1, "nothing was kept of these");
}
