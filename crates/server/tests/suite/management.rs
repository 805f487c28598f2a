//! Trials as programs manage them, from the plan to the report.

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    frontline::call,
    plan,
    running::{World, start_filled},
};

fn verb(world: &World, trial: &str, verb: &str, body: &Value) -> (u16, Value) {
    let response = call(world, "justice", "POST", &format!("/v1/trials/{trial}/{verb}"), Some(body));
    (response.status, response.json())
}

#[test]
fn plans_are_written_replaced_while_drafts_and_read() {
    let world = start_filled();
    let document = plan::simple("new-letter", "justice", "letters");
    let made = call(&world, "justice", "POST", "/v1/trials", Some(&document));
    assert_eq!((made.status, made.header("location")), (201, Some("/v1/trials/new-letter")), "{}", made.text());
    assert_eq!(made.json()["state"], "draft");
    let again = call(&world, "justice", "POST", "/v1/trials", Some(&document));
    assert_eq!((again.status, &again.json()["errors"][0]["code"]), (409, &json!("trial_exists")));
    let mut better = document.clone();
    better["title"] = json!("A better title");
    let path = "/v1/trials/new-letter/protocol";
    assert_eq!(call(&world, "justice", "PUT", path, Some(&better)).status, 200);
    let read = call(&world, "justice", "GET", path, None);
    assert_eq!(read.json()["title"], "A better title");
    assert!(read.header("etag").unwrap().contains("sha256:"));
    let mut bad = document.clone();
    bad["arms"][0]["ratio"] = json!(0);
    bad["more"] = json!(1);
    let refused = call(&world, "justice", "PUT", path, Some(&bad));
    assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("not_acceptable")));
    assert!(refused.json()["errors"].as_array().unwrap().len() >= 2);
    assert_eq!(call(&world, "justice", "PUT", "/v1/trials/open-door/protocol", Some(&document)).status, 409);
    let mut foreign = document;
    foreign["agency"] = json!("health");
    foreign["key"] = json!("another");
    assert_eq!(call(&world, "justice", "POST", "/v1/trials", Some(&foreign)).status, 422);
    let list = call(&world, "justice", "GET", "/v1/trials", None).json();
    let keys: Vec<&str> = list["trials"].as_array().unwrap().iter().map(|t| t["trial"].as_str().unwrap()).collect();
    assert_eq!(keys, ["fines-letter", "new-letter", "open-door"]);
}

#[test]
fn verbs_move_a_trial_only_where_its_state_allows() {
    let world = start_filled();
    assert_eq!(
        verb(&world, "open-door", "pause_enrolment", &json!({})),
        (200, json!({"trial": "open-door", "state": "enrolment_paused", "waiting_for": null}))
    );
    let (status, problem) = verb(&world, "open-door", "start", &json!({}));
    assert_eq!(
        (status, &problem["code"], &problem["errors"][0]["code"]),
        (409, &json!("conflict"), &json!("wrong_state"))
    );
    assert_eq!(verb(&world, "open-door", "stop", &json!({})).0, 422, "a reason is needed");
    let (status, problem) =
        verb(&world, "open-door", "resume_enrolment", &json!({"protocol_id": format!("sha256:{}", "0".repeat(64))}));
    assert_eq!((status, &problem["errors"][0]["code"]), (409, &json!("plan_changed")));
    assert_eq!(verb(&world, "open-door", "approve", &json!({})).0, 403, "the designer signs nothing");
    assert_eq!(verb(&world, "open-door", "explode", &json!({})).0, 404);
    assert_eq!(verb(&world, "open-door", "stop", &json!({"reason": "done", "role": "king"})).0, 400);
    let shown = call(&world, "justice", "GET", "/v1/trials/open-door", None).json();
    assert_eq!((&shown["state"], &shown["signatures_missing"]), (&json!("enrolment_paused"), &json!([])));
    assert_eq!(shown["signatures"][0]["role"], "approver");
    assert_eq!(shown["history"][0]["action"], "trial.pause_enrolment");
}

#[test]
fn a_report_says_what_was_learned() {
    let world = start_filled();
    assert_eq!(call(&world, "justice", "GET", "/v1/trials/fines-letter/report", None).status, 409);
    for i in 0..30 {
        let unit = json!({"unit": format!("p-{i}")});
        assert_eq!(call(&world, "justice", "POST", "/v1/trials/open-door/assignments", Some(&unit)).status, 200);
    }
    let report = call(&world, "justice", "GET", "/v1/trials/open-door/report", None);
    assert_eq!(report.status, 200, "{}", report.text());
    let report = report.json();
    for name in [
        "trial",
        "protocol_id",
        "as_of",
        "data_cut",
        "engine",
        "verdict",
        "integrity",
        "arms",
        "outcomes",
        "flow",
        "looks",
        "equity",
        "cost",
    ] {
        assert!(report.get(name).is_some(), "{name}");
    }
    assert_eq!(report["verdict"]["kind"], "undecided");
    let rounded = |arm: &Value| arm["assigned"].as_u64().is_none_or(|count| count.is_multiple_of(3));
    assert!(report["arms"].as_array().unwrap().iter().all(rounded), "{}", report["arms"]);
    assert_eq!(report["view"], "agency", "numbers that leave the analysts are rounded");
}

#[test]
fn a_plan_of_a_started_trial_changes_by_a_new_version() {
    let world = start_filled();
    let versions = || call(&world, "justice", "GET", "/v1/trials/open-door/versions", None).json();
    let first = call(&world, "justice", "GET", "/v1/trials/open-door/protocol", None);
    let mut document = first.json();
    assert_eq!(versions()["versions"][0]["standing"], "in_force");
    document["arms"][0]["ratio"] = json!(7);
    let amend = |document: &Value| {
        verb(&world, "open-door", "amend", &json!({"document": document, "reason": "plainer", "data_seen": "none"}))
    };
    let (status, refused) = amend(&document);
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/arms/0/ratio")), "{refused}");
    document["arms"][0]["ratio"] = json!(1);
    document["data"]["retain_units_days"] = json!(90);
    assert_eq!(amend(&document).0, 200);
    assert_eq!(verb(&world, "open-door", "amend", &json!({"reason": "x", "data_seen": "none"})).0, 422);
    let waiting = versions();
    let amendment = &waiting["versions"][1]["amendment"];
    assert_eq!((&waiting["versions"][1]["standing"], &amendment["class"]), (&json!("waiting"), &json!("major")));
    let change = json!([{"pointer": "/data/retain_units_days", "before": 365, "after": 90}]);
    assert_eq!(amendment["changes"], change);
    let shown = call(&world, "justice", "GET", "/v1/trials/open-door", None).json();
    assert_eq!((&shown["under_review"]["version"], &shown["signatures_missing"]), (&json!(2), &json!(["approver"])));

    let mut approver = Browser::signed_in(world.address, "approver@justice.example");
    assert!(approver.get("/trials/open-door").text().contains("Version 2 of the plan waits"));
    let id = waiting["versions"][1]["protocol_id"].as_str().expect("an id").to_owned();
    assert_eq!(approver.post("/trials/open-door/approve", &[("protocol_id", &id)]).status, 303);
    let page = approver.get("/trials/open-door/versions").text();
    assert!(page.contains("Major: changed after start") && page.contains("/data/retain_units_days"), "{page}");
    assert!(page.contains("Days after the final report until records of single people go"), "in words: {page}");
    let old = call(&world, "justice", "GET", "/v1/trials/open-door/protocol?version=1", None);
    assert_eq!(old.body, first.body, "byte for byte");
    assert_eq!(call(&world, "justice", "GET", "/v1/trials/open-door/protocol?version=3", None).status, 404);
    assert_eq!(call(&world, "justice", "GET", "/v1/trials/open-door/protocol?version=x", None).status, 404);
    let report = call(&world, "justice", "GET", "/v1/trials/open-door/report", None).json();
    assert_eq!(report["changed_after_start"][0]["version"], 2);

    let mut designer = Browser::signed_in(world.address, "designer@justice.example");
    assert_eq!(designer.get("/trials/open-door/amend").status, 200);
    document["title"] = json!("Another title");
    let fields = |document: &Value, seen: &'static str, id: &str| {
        [
            ("protocol_id", id.to_owned()),
            ("document", document.to_string()),
            ("data_seen", seen.into()),
            ("reason", "why".into()),
        ]
    };
    let post = |designer: &mut Browser, fields: [(&str, String); 4]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        designer.post_parts("/trials/open-door/amend", &fields)
    };
    let unseen = post(&mut designer, fields(&document, "", &id));
    assert_eq!(unseen.status, 422, "{}", unseen.text());
    // The key acts as this designer and has read the report above.
    assert_eq!(post(&mut designer, fields(&document, "pooled", &id)).status, 422, "what was seen is on record");
    assert_eq!(post(&mut designer, fields(&document, "by_arm", &id)).status, 303);
    assert_eq!(versions()["versions"].as_array().map(Vec::len), Some(3));
}
