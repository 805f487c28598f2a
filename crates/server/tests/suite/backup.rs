//! A copy made while the server goes on is whole, comes back as it was, and is refused when it was touched.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use fairtrial_store::{Store, WriterSettings, log};
use fairtrial_testkit::{
    database::{Kind, TestDatabase},
    on_both_databases,
};
use serde_json::{Value, json};

use crate::{
    client::{request, send},
    command::error,
    frontline::call,
    running::{MASTER_KEY, World, start_again_on, start_filled_on},
};

/// A command of the program on a database, with the master key of the world unless it is told another.
fn fairtrial(arguments: &[&str], url: &str, data: &Path, key: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairtrial"));
    command.args(arguments).args(["--database-url", url]).arg("--data").arg(data);
    command.env_clear().envs(std::env::vars().filter(|(name, _)| name == "PATH"));
    if let Some(key) = key {
        command.env("FAIRTRIAL_MASTER_KEY", key);
    }
    command.output().expect("the program runs")
}

fn master_key() -> String {
    MASTER_KEY.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn event(n: u64) -> Value {
    json!({"event_id": format!("e-{n}"), "unit": format!("u-{}", n % 50), "event": "door.opened",
        "occurred_at": "2026-11-22T12:00:00Z"})
}

fn assigned(world: &World, unit: u64) -> Value {
    let body = json!({"unit": format!("u-{unit}")});
    let mut answer = call(world, "justice", "POST", "/v1/trials/open-door/assignments", Some(&body)).json();
    answer["outcome"] = Value::Null;
    answer
}

fn accepted(world: &World) -> u64 {
    let told = call(world, "justice", "GET", "/v1/reconcile?day=2026-11-23", None).json();
    told["keys"].as_array().unwrap().iter().map(|row| row["accepted"].as_u64().unwrap()).sum()
}

/// Why there is a command for it, and that the count of rows tells a copy that is whole from one that is not.
#[test]
fn a_file_that_is_copied_as_it_stands_lacks_what_was_kept() {
    let database = TestDatabase::fresh(Kind::Sqlite).unwrap();
    let world = start_filled_on(database.url());
    // At any one moment the file may just have been brought up to its log; hardly at each of several.
    let mut lacking = 0;
    for n in 1..=30 {
        let answer = call(&world, "justice", "POST", "/v1/events", Some(&json!({"events": [event(n)]})));
        assert_eq!(answer.status, 200, "{}", answer.text());
        if n % 5 == 0 {
            let folder = tempfile::tempdir().unwrap();
            let copy = folder.path().join("copy.db");
            fs::copy(database.url().strip_prefix("sqlite:").unwrap(), &copy).unwrap();
            let url = format!("sqlite:{}", copy.display()).parse().unwrap();
            let there = Store::open(&url, WriterSettings::default())
                .and_then(|store| store.read_blocking(|c| log::events_after(c, 0, 100)))
                .map_or(0, |rows| rows.len() as u64);
            lacking += u64::from(there < n);
        }
    }
    assert!(lacking > 0, "each copy had everything");
}

on_both_databases! {
    fn what_is_copied_under_load_comes_back(database) {
        let world = start_filled_on(database.url());
        let folder = tempfile::tempdir().unwrap();
        let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
        let before: Vec<Value> = (0..50).map(|unit| assigned(&world, unit)).collect();
        // Events keep coming, one a call, and each that was answered is counted.
        let (stop, kept) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (address, bearer) = (world.address, format!("Bearer {}", world.key("justice")));
        let sender = thread::spawn({
            let (stop, kept) = (Arc::clone(&stop), Arc::clone(&kept));
            move || {
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                    let body = json!({"events": [event(n)]}).to_string();
                    let answer = send(address, &request("POST", "/v1/events", &headers, body.as_bytes())).unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    kept.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        while kept.load(Ordering::SeqCst) < 20 {
            thread::yield_now();
        }
        let at_least = kept.load(Ordering::SeqCst);
        let key = master_key();
        let made = fairtrial(&["backup", copy.to_str().unwrap()], database.url(), &data, Some(&key));
        stop.store(true, Ordering::Relaxed);
        sender.join().unwrap();
        assert!(made.status.success(), "{}", error(&made));

        let restored = TestDatabase::fresh(database.kind()).unwrap();
        let done = fairtrial(&["restore", copy.to_str().unwrap()], restored.url(), &data, Some(&key));
        assert!(done.status.success(), "{}", error(&done));
        let manifest: Value = serde_json::from_slice(&fs::read(copy.join("manifest.json")).unwrap()).unwrap();
        let second = start_again_on(restored.url(), &world);
        let (then, now) = (accepted(&second), kept.load(Ordering::SeqCst));
        assert!((at_least..=now).contains(&then), "{at_least} <= {then} <= {now}");
        assert_eq!(manifest["rows"]["events"], json!(then), "the ledger, the rows and the manifest are one moment's");
        let after: Vec<Value> = (0..50).map(|unit| assigned(&second, unit)).collect();
        assert_eq!(after, before, "nobody changes their version");
        // What was sent after the copy is sent again, and what was in it counts once.
        let again: Vec<Value> = (0..now).map(event).collect();
        for part in again.chunks(1_000) {
            let answer = call(&second, "justice", "POST", "/v1/events", Some(&json!({"events": part})));
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        assert_eq!(accepted(&second), now);
    }

    fn a_copy_that_was_touched_or_does_not_belong_is_refused(database) {
        let world = start_filled_on(database.url());
        assigned(&world, 1);
        let folder = tempfile::tempdir().unwrap();
        let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
        let (text, key) = (copy.to_str().unwrap(), master_key());
        let refused = |arguments: &[&str], url: &str, key: Option<&str>, why: &str| {
            let output = fairtrial(arguments, url, &data, key);
            assert_eq!(output.status.code(), Some(1), "{why}: {}", String::from_utf8_lossy(&output.stdout));
            assert!(error(&output).contains(why), "{why}: {}", error(&output));
        };
        refused(&["backup", text], database.url(), None, "master key");
        assert!(fairtrial(&["backup", text], database.url(), &data, Some(&key)).status.success());
        refused(&["backup", text], database.url(), Some(&key), "is there already");
        refused(&["restore", text], database.url(), Some(&key), "already");
        let empty = TestDatabase::fresh(database.kind()).unwrap();
        let other = "11".repeat(32);
        refused(&["restore", text], empty.url(), None, "master key");
        refused(&["restore", text], empty.url(), Some(&other), "another master key");
        let (manifest, name) = (copy.join("manifest.json"), if database.kind() == Kind::Sqlite { "fairtrial.db" } else { "fairtrial.dump" });
        let (said, bytes) = (fs::read_to_string(&manifest).unwrap(), fs::read(copy.join(name)).unwrap());
        for (from, to) in [("\"audit\"", "\"audits\""), ("\"agencies\": 2", "\"agencies\": 3"), ("2026", "2027"), ("}", "")] {
            fs::write(&manifest, said.replacen(from, to, 1)).unwrap();
            refused(&["restore", text], empty.url(), Some(&key), "manifest.json");
        }
        fs::write(&manifest, &said).unwrap();
        let mut flipped = bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for wrong in [&flipped[..], &bytes[..bytes.len() - 1], &[bytes.clone(), vec![0]].concat()] {
            fs::write(copy.join(name), wrong).unwrap();
            refused(&["restore", text], empty.url(), Some(&key), "is not the file");
        }
        fs::write(copy.join(name), &bytes).unwrap();
        let done = fairtrial(&["restore", text], empty.url(), &data, Some(&key));
        assert!(done.status.success(), "what was refused left nothing behind: {}", error(&done));
        let well = fairtrial(&["doctor", "--json"], empty.url(), &data, Some(&key));
        let told: Value = serde_json::from_slice(&well.stdout).unwrap();
        let wrong: Vec<&Value> = told["findings"].as_array().unwrap().iter().filter(|f| f["state"] == "wrong").collect();
        // The server that scripts/postgres runs for tests does not wait for its disk, which the doctor says.
        let only_the_server = wrong.iter().all(|f| f["detail"].as_str().unwrap().contains("and must be on"));
        assert!(only_the_server && (database.kind() == Kind::Postgres || wrong.is_empty()), "{told}");
        let other = fairtrial(&["doctor"], empty.url(), &data, Some(&other));
        assert_eq!(other.status.code(), Some(1));
    }
}

#[test]
fn the_key_goes_along_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let on = |arguments: &[&str], data: &str| {
        let url = format!("sqlite:{}", place(data).join("fairtrial.db").display());
        fairtrial(arguments, &url, &place(data), None)
    };
    assert!(on(&["agency", "create", "tax", "Tax Office"], "first").status.success());
    let copy = place("copy");
    let copy = copy.to_str().unwrap();
    let made = on(&["backup", copy, "--with-key"], "first");
    assert!(made.status.success(), "{}", error(&made));
    let restored = on(&["restore", copy], "second");
    assert!(restored.status.success(), "{}", error(&restored));
    let listed = on(&["agency", "list"], "second");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("Tax Office"), "{}", error(&listed));
    assert!(on(&["doctor"], "second").status.success());
    // Without a database there is nothing to copy or to look at, and none is made.
    for arguments in [&["backup", place("none").to_str().unwrap()][..], &["doctor"]] {
        assert_eq!(on(arguments, "third").status.code(), Some(1));
        assert!(!place("third").join("fairtrial.db").exists() && !place("none").exists());
    }
}
