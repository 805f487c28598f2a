//! The audit from the command line and over HTTP.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    client::{request, send},
    command::{error, on, said},
    frontline::call,
    running::start_filled,
};

fn verify(data: &Path, anchor: &Path) -> (Option<i32>, Value) {
    let output = on(data, &["audit", "verify", "--json", "--anchor", anchor.to_str().expect("text")]);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

/// The database of a program that does not run, with the file that holds its newest entries.
fn copy_database(from: &Path, to: &Path) {
    for name in ["fairtrial.db", "fairtrial.db-wal", "fairtrial.db-shm"] {
        drop(std::fs::remove_file(to.join(name)));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).expect("a copy");
        }
    }
}

#[test]
fn a_checkpoint_shows_whether_the_audit_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    for number in 0..3 {
        said(&on(data, &["agency", "create", &format!("agency-{number}"), "An agency"]));
    }
    let (file, yesterday) = (data.join("checkpoints.txt"), tempfile::tempdir().expect("a folder"));
    let first = said(&on(data, &["audit", "head"]));
    copy_database(data, yesterday.path());
    said(&on(data, &["agency", "create", "agency-3", "An agency"]));
    std::fs::write(&file, format!("{first}{}", said(&on(data, &["audit", "head"])))).expect("a file");
    assert_eq!(verify(data, &file).0, Some(0));
    let plain = said(&on(data, &["audit", "verify"]));
    assert!(plain.starts_with("4 entries, each as it was written"), "{plain}");

    std::fs::write(&file, std::fs::read_to_string(&file).expect("text").replacen("\n3\n", "\n2\n", 1)).expect("a file");
    let forged = on(data, &["audit", "verify", "--anchor", file.to_str().expect("text")]);
    assert_eq!(forged.status.code(), Some(1));
    assert!(error(&forged).contains("forged"), "{}", error(&forged));

    std::fs::write(&file, said(&on(data, &["audit", "head"]))).expect("a file");
    copy_database(yesterday.path(), data);
    let (code, found) = verify(data, &file);
    assert_eq!((code, &found["ok"], &found["found"]), (Some(1), &json!(false), &json!(1)), "{found}");
    assert_eq!((&found["findings"][0]["damage"], &found["size"]), (&json!("truncated"), &json!(3)));
    assert_eq!(on(data, &["audit", "verify"]).status.code(), Some(0), "the chain alone does not show it");
}

#[test]
fn views_are_entries_and_the_head_is_told() {
    let world = start_filled();
    let head = |name: &str| call(&world, name, "GET", "/v1/audit/head", None).json();
    let before = head("justice");
    assert_eq!(before["root"].as_str().map(str::len), Some(64));
    assert!(before["checkpoint"].as_str().is_some_and(|text| text.starts_with("fairtrial/audit/")), "{before}");
    assert_eq!(head("justice"), before, "looking at the head is no entry");
    assert_eq!(call(&world, "justice", "GET", "/v1/trials/open-door/report", None).status, 200);
    assert_eq!(head("health")["size"], json!(before["size"].as_i64().map(|n| n + 1)), "a program's view is one");
    assert_eq!(call(&world, "health", "GET", "/v1/trials/open-door/report", None).status, 404);
    assert_eq!(head("health")["size"], json!(before["size"].as_i64().map(|n| n + 1)), "a refusal is none");
}

#[test]
fn an_entry_carries_the_name_of_its_request() {
    let world = start_filled();
    let body =
        br#"{"event_id": "h-1", "unit": "u-1", "severity": 1, "kind": "complaint", "at": "2026-11-22T12:00:00Z"}"#;
    let token = format!("Bearer {}", world.key("justice"));
    for (name, kept) in [("NAME-OF-A-REQUEST-17", true), ("NAME OF ANOTHER", false)] {
        let headers = [("authorization", token.as_str()), ("content-type", "application/json"), ("x-request-id", name)];
        let asked = request("POST", "/v1/trials/open-door/harms", &headers, body);
        let answer = send(world.address, &asked).expect("an answer");
        assert_eq!((answer.status, answer.header("x-request-id") == Some(name)), (200, kept));
        let wanted = format!("\"request_id\":\"{name}\"");
        let files = std::fs::read_dir(world.folder())
            .expect("a folder")
            .map(|file| std::fs::read(file.expect("a file").path()));
        let found = files.flatten().any(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes()));
        assert_eq!(found, kept, "{name}");
    }
}
