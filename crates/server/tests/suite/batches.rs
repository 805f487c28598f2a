//! Lists of people for letters, over HTTP.

use serde_json::{Value, json};

use crate::{
    client::{Response, request, send},
    running::{World, start_filled},
};

fn call(world: &World, method: &str, target: &str, kind: &str, body: &str) -> Response {
    let bearer = format!("Bearer {}", world.key("justice"));
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
    send(world.address, &request(method, target, &headers, body.as_bytes())).expect("an answer")
}

const LISTS: &str = "/v1/trials/open-door/batches";

fn code(response: &Response) -> (u16, Value) {
    (response.status, response.json()["errors"][0]["code"].clone())
}

#[test]
fn a_list_is_read_refused_line_by_line_and_waits_for_a_second_person() {
    let world = start_filled();
    let list = "\u{feff}unit;cluster\r\nu-1;\r\nu-2;\r\nann@example.org;\r\nu-1;\r\nu-3;north\r\n";
    let sent = call(&world, "POST", LISTS, "text/csv", list);
    let batch = sent.json();
    assert_eq!((sent.status, &batch["accepted"], &batch["state"]), (201, &json!(2), &json!("uploaded")), "{batch}");
    let refused: Vec<(u64, &str)> = batch["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| (line["line"].as_u64().expect("a line"), line["code"].as_str().expect("a code")))
        .collect();
    assert_eq!(refused, [(4, "unit_looks_like_identifier"), (5, "duplicate_unit"), (6, "unexpected_cluster")]);
    assert!(!sent.text().contains("ann@"));
    let again = call(&world, "POST", LISTS, "text/csv; charset=utf-8", list);
    assert_eq!((again.status, again.json()), (200, batch.clone()));

    let place = format!("{LISTS}/{}", batch["id"].as_str().expect("an id"));
    assert_eq!(call(&world, "GET", &place, "application/json", "").json(), batch);
    assert_eq!(
        code(&call(&world, "GET", &format!("{place}.csv"), "application/json", "")),
        (409, json!("not_committed"))
    );
    let same_person = call(&world, "POST", &format!("{place}/commit"), "application/json", "");
    assert_eq!(same_person.status, 403, "{}", same_person.text());
    assert_eq!(call(&world, "GET", &format!("{LISTS}/0000"), "application/json", "").status, 404);
}

#[test]
fn lists_that_cannot_be_read_change_nothing() {
    let world = start_filled();
    let json = "application/json";
    for (kind, body, status, said) in [
        ("text/plain", "unit\nu-1\n", 415, "unsupported_media_type"),
        ("text/csv", "unit,name\nu-1,Ann\n", 422, "unknown_column"),
        ("text/csv", "unit,unit\nu-1,u-2\n", 422, "duplicate_column"),
        ("text/csv", "unit\nu-1,2,3\n", 422, "malformed_table"),
        ("text/csv", "unit\n", 422, "batch_size"),
        ("text/csv", "unit\n!\n", 422, "nobody_accepted"),
        (json, "{\"units\": [{\"unit\": 7}]}", 400, "wrong_type"),
        (json, "{\"units\": [{\"unit\": \"u\", \"name\": \"Ann\"}]}", 400, "wrong_type"),
        (json, "{\"units\": []}", 422, "batch_size"),
        (json, "{}", 400, "missing_field"),
    ] {
        let answer = call(&world, "POST", LISTS, kind, body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(answer.text().contains(said), "{body}: {}", answer.text());
    }
    let long = format!("unit\n{}", "u-1\n".repeat(100_001));
    assert_eq!(code(&call(&world, "POST", LISTS, "text/csv", &long)), (422, json!("batch_size")));
    let good = call(&world, "POST", LISTS, json, "{\"units\": [{\"unit\": \"u-1\", \"attributes\": {}}]}");
    assert_eq!((good.status, good.json()["accepted"].as_u64()), (201, Some(1)), "{}", good.text());
}
