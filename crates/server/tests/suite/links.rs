//! Outcomes of one agency for a trial of another.

use serde_json::{Value, json};

use crate::{
    client::{request, send as send_plain},
    frontline::call,
    running::start_filled,
};

/// What stands in a list of a page beside a name.
fn entry_of<'a>(page: &'a str, name: &str) -> &'a str {
    let after = page.split_once(name).expect("the name").1;
    after.split_once("</dd>").expect("its end").0
}

fn terms() -> Value {
    json!({"partner": "health", "events": ["door.opened"], "authority": "statute", "reference": "Made-up Act 2020, section 7",
        "expires_at": "2026-12-24T00:00:00Z"})
}

#[test]
fn two_agencies_agree_and_outcomes_come_through() {
    let world = start_filled();
    let proposed = call(&world, "justice", "POST", "/v1/trials/open-door/links", Some(&terms()));
    assert_eq!((proposed.status, &proposed.json()["standing"]), (201, &json!("proposed")), "{}", proposed.text());
    let id = proposed.json()["link"].as_str().unwrap().to_owned();
    let path = |step: &str| format!("/v1/links/{id}/{step}");
    let event = json!({"events": [{"event_id": "h-1", "unit": "u-1", "event": "door.opened", "occurred_at": "2026-11-22T12:00:00Z"}]});
    let send = || call(&world, "health", "POST", &path("events"), Some(&event));
    let early = send();
    assert_eq!((early.status, &early.json()["errors"][0]["code"]), (409, &json!("link_not_in_force")));
    assert_eq!(
        call(&world, "health", "POST", &path("accept"), None).status,
        403,
        "a designer does not answer for data"
    );
    let accepted = call(&world, "health-administrator", "POST", &path("accept"), None);
    assert_eq!((accepted.status, &accepted.json()["standing"]), (200, &json!("in_force")), "{}", accepted.text());
    // Whoever has the letter in hand reads who else takes part, the same for everybody.
    let plain = |path: &str| send_plain(world.address, &request("GET", path, &[], &[])).expect("an answer");
    let register = plain("/register.json").json();
    let entry = register["trials"].as_array().unwrap().iter().find(|trial| trial["trial"] == "open-door").unwrap();
    let notice = plain(&format!("/t/{}", entry["code"].as_str().unwrap())).text();
    let partner = entry_of(&notice, "Other agencies that take part");
    assert!(partner.contains("health") || partner.contains("Health"), "{notice}");
    let receipt = send();
    assert_eq!(
        (receipt.status, receipt.json()),
        (200, json!({"accepted": 1, "duplicate": 0, "rejected": 0, "results": []}))
    );
    assert_eq!(send().json()["results"][0]["event_id"], "h-1");
    for agency in ["justice", "health"] {
        let links = call(&world, agency, "GET", "/v1/links", None).json();
        assert_eq!((&links["links"][0]["link"], &links["links"][0]["partner"]), (&json!(id), &json!("health")));
    }
    let ended = call(&world, "justice", "POST", &path("end"), None);
    assert_eq!((ended.status, &ended.json()["standing"]), (200, &json!("ended")));
    assert_eq!(send().status, 409);

    // Whoever sent says how much, of the link or, at home, of one trial.
    let today = call(&world, "health", "GET", "/v1/reconcile", None).json()["day"].clone();
    let declare = |key: &str, more: &Value| {
        let mut body = json!({"from": today, "to": today, "sent": 1});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(&world, key, "POST", "/v1/reconcile", Some(&body))
    };
    let told = declare("health", &json!({"link": id}));
    let wanted =
        json!({"from": today, "to": today, "sent": 1, "kept": 1, "same_ids": null, "agrees": true, "link": id});
    assert_eq!((told.status, told.json()), (200, wanted));
    let told = declare("justice", &json!({"trial": "open-door"})).json();
    assert_eq!((&told["trial"], &told["kept"], &told["agrees"]), (&json!("open-door"), &json!(0), &json!(false)));
    let both = declare("health", &json!({"link": id, "trial": "open-door"}));
    assert_eq!((both.status, &both.json()["errors"][0]["code"]), (422, &json!("trial_and_link")));
    for (key, more, status) in [
        ("justice", json!({"link": id}), 403),
        ("health", json!({"link": "link-0000000000000000"}), 404),
        ("health", json!({"trial": "open-door"}), 404),
        ("health", json!({"link": 7}), 400),
    ] {
        assert_eq!(declare(key, &more).status, status, "{more}");
    }
}

#[test]
fn terms_are_read_strictly() {
    let world = start_filled();
    let propose = |body: &Value| call(&world, "justice", "POST", "/v1/trials/open-door/links", Some(body));
    let wrong = propose(&json!({"partner": 7, "events": [1], "authority": "because", "expires_at": "soon", "more": 1}));
    let pointers: Vec<Value> =
        wrong.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(wrong.status, 400);
    assert_eq!(json!(pointers), json!(["/partner", "/reference", "/events", "/authority", "/expires_at", "/more"]));
    let mut unfit = terms();
    unfit["partner"] = json!("no-such");
    unfit["events"] = json!([]);
    let unfit = propose(&unfit);
    assert_eq!((unfit.status, unfit.json()["errors"].as_array().unwrap().len()), (422, 2), "{}", unfit.text());
}
