//! Nobody can know the next arm: before the data are locked neither the secret nor the list leaves the server.

use std::{fs, path::Path, process::Command};

use actix_web::http::Method;
use fairtrial_domain::allocation::AllocationSecret;
use fairtrial_server::{
    routes,
    transport::{Audience, Needs},
};
use serde_json::json;

use crate::{
    browser::Browser,
    client::{Response, request, send},
    running::{World, start_filled},
};

fn call(world: &World, method: &str, target: &str, body: &serde_json::Value) -> Response {
    let bearer = format!("Bearer {}", world.key("justice"));
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if method == "GET" { String::new() } else { body.to_string() };
    send(world.address, &request(method, target, &headers, body.as_bytes())).expect("an answer")
}

/// Whether a text holds 32 bytes, in hexadecimal, whose SHA-256 is the commitment: that is, the secret.
fn tells_the_secret(text: &str, commitment: &str) -> bool {
    let digits: Vec<char> = text.chars().collect();
    digits.windows(64).any(|window| {
        let bytes: Option<Vec<u8>> =
            window.chunks(2).map(|pair| Some((pair[0].to_digit(16)? * 16 + pair[1].to_digit(16)?) as u8)).collect();
        let secret = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(AllocationSecret::new);
        secret.is_some_and(|secret| secret.commitment() == commitment)
    })
}

#[test]
fn no_answer_tells_the_secret_before_the_data_are_locked() {
    let world = start_filled();
    for n in 0..20 {
        let answer = call(&world, "POST", "/v1/trials/open-door/assignments", &json!({"unit": format!("u-{n}")}));
        assert_eq!(answer.status, 200);
    }
    let shown = call(&world, "GET", "/v1/trials/open-door", &json!({})).json();
    let commitment = shown["secret_commitment"].as_str().expect("a commitment").to_owned();
    let early = call(&world, "GET", "/v1/trials/open-door/allocation-bundle", &json!({}));
    assert_eq!((early.status, early.json()["errors"][0]["code"].as_str()), (409, Some("not_locked")));

    let mut analyst = Browser::signed_in(world.address, "analyst@justice.example");
    let mut read = 0;
    for row in routes::table().into_iter().filter(|row| row.method == Method::GET && !row.path.contains("{token}")) {
        let target = row.path.replace("{trial}", "open-door").replace("{name}", "app.css").replace("{key}", "x");
        let text = match (row.audience, row.needs) {
            (Audience::Program, Needs::Nothing | Needs::Scope(_)) => call(&world, "GET", &target, &json!({})).text(),
            _ => analyst.get(&target).text(),
        };
        assert!(!tells_the_secret(&text, &commitment), "{row:?}");
        read += usize::from(text.contains(&commitment));
    }
    assert!(read >= 3, "the commitment itself is read in {read} places");

    // The same search finds the secret once it is published.
    for verb in ["stop", "lock_data"] {
        let moved = call(&world, "POST", &format!("/v1/trials/open-door/{verb}"), &json!({"reason": "over"}));
        assert_eq!(moved.status, 200, "{}", moved.text());
    }
    let bundle = call(&world, "GET", "/v1/trials/open-door/allocation-bundle", &json!({}));
    assert_eq!(bundle.status, 200);
    assert!(tells_the_secret(&bundle.text(), &commitment));
    assert_eq!(bundle.json()["list"].as_array().map(Vec::len), Some(20));
    let page = analyst.get("/trials/open-door/allocation-bundle");
    assert_eq!((page.status, page.json()), (200, bundle.json()));
    anybody_can_verify(&bundle.text(), &commitment);
    anybody_can_compute_again(&mut analyst);
}

/// The program computes the report of the bundle again without a server, and says so when somebody changed a byte.
fn anybody_can_compute_again(analyst: &mut Browser) {
    assert!(analyst.get("/trials/open-door/report").text().contains("action=\"/trials/open-door/report-bundle\""));
    assert_eq!(analyst.post("/trials/open-door/report-bundle", &[]).status, 422, "without saying what for");
    let answer = analyst.post("/trials/open-door/report-bundle", &[("purpose", "a check")]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-tar")));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("open-door-report-bundle.tar");
    let analyse = |bundle: &[u8], more: &[&str]| {
        fs::write(&file, bundle).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fairtrial"));
        let output = command.args(["analyse", "--bundle"]).arg(&file).args(more).env_clear().output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, said, why) = analyse(&answer.body, &["--check"]);
    assert!(
        code == Some(0) && said.contains("open-door: the same report comes out, byte for byte: sha256:"),
        "{said}{why}"
    );
    let (code, said, _) = analyse(&answer.body, &["--check", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &said["same"], &said["frozen"]), (Some(0), &json!(true), &said["recomputed"]));
    let (code, said, _) = analyse(&answer.body, &["--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &said["trial"], &said["locked"]), (Some(0), &json!("open-door"), &json!(true)));
    // One digit of the evidence.
    let mut changed = answer.body.clone();
    let marker = b"\"assigned\":";
    let at = changed.windows(marker.len()).position(|window| window == marker).expect("people") + marker.len();
    changed[at] ^= 1;
    let (code, _, why) = analyse(&changed, &["--check"]);
    assert!(code == Some(1) && why.contains("evidence.json was changed after the bundle was made"), "{why}");
    assert_eq!(analyse(b"nothing", &["--check"]).0, Some(1));
    assert_eq!(analyse(&answer.body, &["--check", "--as-of", "2026-11-23T00:00:00Z"]).0, Some(2));
}

/// The program draws the published list again, and names the first row that somebody changed.
fn anybody_can_verify(bundle: &str, commitment: &str) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("open-door-bundle.json");
    let verify = |bundle: &str, more: &[&str]| {
        fs::write(&file, bundle).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fairtrial"));
        let output = command.arg("verify-allocation").arg(&file).args(more).env_clear().output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, said, _) = verify(bundle, &["--json", "--commitment", commitment]);
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &said["verified"], &said["people"]), (Some(0), &json!(true), &json!(20)));
    assert!(verify(bundle, &[]).1.contains("all 20 assignments are those that the secret draws"));
    let (code, _, why) = verify(bundle, &["--commitment", &"0".repeat(64)]);
    assert!(code == Some(1) && why.contains("is not the one committed to"), "{why}");

    let mut changed: serde_json::Value = serde_json::from_str(bundle).expect("JSON");
    let arm = changed["list"][6][4].clone();
    let arms = changed["arms"].as_array().expect("arms").clone();
    changed["list"][6][4] = arms.iter().map(|other| other["key"].clone()).find(|key| *key != arm).expect("another");
    let (code, said, why) = verify(&changed.to_string(), &["--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &said["verified"], &said["row"]), (Some(1), &json!(false), &json!(7)), "{why}");
    assert!(why.contains("row 7: the list says"), "{why}");
}

#[test]
fn a_trial_without_steps_has_no_calendar() {
    let world = start_filled();
    assert_eq!(call(&world, "GET", "/v1/trials/open-door/calendar", &json!({})).status, 404);
    assert_eq!(call(&world, "GET", "/v1/trials/open-door/calendar?format=pdf", &json!({})).status, 404);
}
