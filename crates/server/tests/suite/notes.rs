//! Deliveries, overrides, harms and opt-outs over HTTP; and that nothing of a unit's text is ever kept or logged.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    client::Response,
    frontline::call,
    running::{World, start_filled},
};

const AT: &str = "2026-11-22T12:00:00Z";

fn post(world: &World, path: &str, body: &Value) -> Response {
    call(world, "justice", "POST", path, Some(body))
}

fn of_trial(what: &str) -> String {
    format!("/v1/trials/open-door/{what}")
}

#[test]
fn notes_are_idempotent_and_say_so() {
    let world = start_filled();
    let arm = post(&world, &of_trial("assignments"), &json!({"unit": "u-1"})).json()["arm"].clone();
    let other = if arm == "usual" { "norm" } else { "usual" };
    for (what, body, changed) in [
        (
            "delivery",
            json!({"event_id": "d-1", "unit": "u-1", "status": "delivered", "at": AT}),
            json!({"event_id": "d-1", "unit": "u-1", "status": "returned", "at": AT}),
        ),
        (
            "override",
            json!({"event_id": "o-1", "unit": "u-1", "to_arm": other, "reason_code": "hearing", "note": "asked for it"}),
            json!({"event_id": "o-1", "unit": "u-1", "to_arm": other, "reason_code": "language"}),
        ),
        (
            "harms",
            json!({"event_id": "h-1", "unit": "u-1", "severity": 2, "kind": "complaint", "at": AT}),
            json!({"event_id": "h-1", "unit": "u-1", "severity": 1, "kind": "complaint", "at": AT}),
        ),
    ] {
        let wanted = |status: &str| json!({"trial": "open-door", "event_id": body["event_id"], "status": status, "state": "enrolling"});
        let first = post(&world, &of_trial(what), &body);
        assert_eq!((first.status, first.json()), (200, wanted("accepted")), "{what}");
        let again = post(&world, &of_trial(what), &body);
        assert_eq!((again.status, again.json()), (200, wanted("duplicate")), "{what}");
        let conflict = post(&world, &of_trial(what), &changed);
        assert_eq!(
            (conflict.status, &conflict.json()["errors"][0]["code"]),
            (409, &json!("event_id_conflict")),
            "{what}"
        );
        let mut longer = body.clone();
        longer["arm"] = json!("norm");
        assert_eq!(post(&world, &of_trial(what), &longer).status, 400, "{what}: an unknown field");
        let nothing = post(&world, &of_trial(what), &json!({}));
        assert!(nothing.json()["errors"].as_array().unwrap().len() >= 4, "{what}: every missing field is named");
        let mut future = body.clone();
        future["event_id"] = json!("later");
        if future["at"].is_string() {
            future["at"] = json!("2026-11-23T01:00:00Z");
            assert_eq!(post(&world, &of_trial(what), &future).json()["errors"][0]["code"], "time_in_future");
        }
    }
    let now = post(&world, &of_trial("assignments"), &json!({"unit": "u-1"})).json();
    assert_eq!((&now["arm"], &now["delivered_arm"], &now["outcome"]), (&arm, &json!(other), &json!("existing")));
    let flag = json!({"context": {"targetingKey": "u-1"}});
    let evaluated = post(&world, "/ofrep/v1/evaluate/flags/open-door", &flag).json();
    assert_eq!(
        (&evaluated["variant"], &evaluated["value"]),
        (&json!(other), &now["payload"]),
        "variant and value agree"
    );
}

#[test]
fn opting_out_gives_a_number_and_the_usual_service() {
    let world = start_filled();
    let assign = |unit: &str| post(&world, &of_trial("assignments"), &json!({"unit": unit})).json();
    assign("u-1");
    let out = json!({"unit": "u-1", "kind": "trial", "trial": "open-door", "channel": "phone"});
    let first = post(&world, "/v1/optouts", &out).json();
    assert!(first["reference"].as_str().unwrap().len() >= 12 && first.as_object().unwrap().len() == 1);
    assert_eq!(post(&world, "/v1/optouts", &out).json(), first);
    for _ in 0..2 {
        let served = assign("u-1");
        assert_eq!(
            (&served["outcome"], &served["arm"], &served["assignment_id"]),
            (&json!("opted_out"), &Value::Null, &Value::Null)
        );
        assert_eq!(served["payload"], json!({"template": "overdue-v3"}));
    }
    let flag = post(&world, "/ofrep/v1/evaluate/flags/open-door", &json!({"context": {"targetingKey": "u-1"}})).json();
    assert_eq!((&flag["variant"], &flag["metadata"]["outcome"]), (&json!("usual"), &json!("opted_out")));
    assert_eq!(post(&world, "/v1/optouts/withdraw", &out).json(), first);
    assert_eq!(assign("u-1")["outcome"], "existing");
    for (body, status) in [
        (json!({"unit": "u-1", "kind": "trial", "channel": "phone"}), 422),
        (json!({"unit": "u-1", "kind": "all", "trial": "open-door", "channel": "phone"}), 422),
        (json!({"unit": "u-1", "kind": "trial", "trial": "quit-line", "channel": "phone"}), 404),
        (json!({"unit": "u-1", "kind": "none", "channel": "phone"}), 400),
        (json!({"unit": "a@b.example", "kind": "all", "channel": "phone"}), 422),
        (json!({"unit": "u-1", "kind": "all", "channel": "She rang us"}), 400),
        (json!({"unit": "u-1", "kind": "all"}), 400),
    ] {
        let response = post(&world, "/v1/optouts", &body);
        assert_eq!(response.status, status, "{body}: {}", response.text());
    }
    assert_eq!(
        post(&world, "/v1/optouts/withdraw", &json!({"unit": "u-2", "kind": "all", "channel": "web"})).status,
        404
    );
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn no_unit_text_reaches_the_files_the_logs_or_an_error() {
    let lines = Lines::default();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone()).init();
    let world = start_filled();
    let mut sent = 0;
    // A code, one that is refused by its form, and one that is refused for what it looks like.
    for canary in ["CANARY-7f3a9c1e55", "CANARY 7f3a9c1e55", "CANARY7f3a9c1e55@example.org"] {
        let mut bodies = vec![
            (of_trial("assignments"), json!({"unit": canary})),
            (of_trial("assignments"), json!({"unit": canary, "dry_run": true})),
            (of_trial("assignments"), json!({"unit": canary, "attributes": {"a": 1}})),
            (of_trial("assignments/lookup"), json!({"unit": canary})),
            ("/v1/touchpoints/front-desk/assignments".into(), json!({"unit": canary})),
            ("/v1/trials/quit-line/assignments".into(), json!({"unit": canary})),
            ("/ofrep/v1/evaluate/flags/open-door".into(), json!({"context": {"targetingKey": canary}})),
            ("/ofrep/v1/evaluate/flags".into(), json!({"context": {"targetingKey": canary}})),
            ("/v1/optouts".into(), json!({"unit": canary, "kind": "data", "channel": "phone"})),
            ("/v1/optouts".into(), json!({"unit": canary, "kind": "all", "channel": canary})),
            ("/v1/optouts/withdraw".into(), json!({"unit": canary, "kind": "data", "channel": "phone"})),
            ("/v1/identities".into(), json!({"event_id": "s", "unit": canary, "same_as": "u-1", "purpose": "care"})),
            ("/v1/identities".into(), json!({"event_id": "s", "unit": "u-1", "same_as": canary, "purpose": canary})),
            (
                "/v1/identities/withdraw".into(),
                json!({"event_id": "s", "unit": canary, "same_as": "u-1", "reason": "care"}),
            ),
            (
                "/v1/identities/withdraw".into(),
                json!({"event_id": "s", "unit": "u-1", "same_as": "u-2", "reason": canary}),
            ),
            (of_trial("harms"), json!({"event_id": "h", "unit": canary, "severity": 1, "kind": "x", "at": AT})),
            (of_trial("harms"), json!({"event_id": "h", "unit": canary, "severity": 2, "kind": "x", "at": AT})),
            (of_trial("delivery"), json!({"event_id": "d", "unit": canary, "status": "seen", "at": AT})),
            (of_trial("delivery"), json!({"event_id": "d", "unit": canary, "status": canary, "at": canary})),
            (of_trial("override"), json!({"event_id": "o", "unit": canary, "to_arm": "norm", "reason_code": "care"})),
        ];
        for event in ["door.opened", "unknown.kind"] {
            let item = json!({"event_id": format!("e-{sent}"), "unit": canary, "event": event, "occurred_at": AT});
            bodies.push(("/v1/events".into(), json!({"events": [item, 7]})));
        }
        for (path, body) in bodies {
            let response = post(&world, &path, &body);
            assert!(!response.text().contains("CANARY"), "{path} repeats it: {}", response.text());
            sent += 1;
        }
    }
    assert!(sent > 50);
    let mut searched = 0;
    for file in std::fs::read_dir(world.folder()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        searched += bytes.len();
        assert!(!bytes.windows(6).any(|window| window == b"CANARY"), "a unit's text is in a file");
    }
    assert!(searched > 100_000, "the files were there");
    let log = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(log.len() > 1_000 && !log.contains("CANARY"), "a unit's text is in the log");
}
