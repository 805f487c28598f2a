//! Input that is wrong in every way that was thought of: nothing of it is a fault of ours (no 5xx), nothing of it is kept, and
//! each refusal says so by a stable code. Names such as E17 are those of the list that the rows come from.

mod addresses;
mod bodies;
mod framing;
mod tables;

use std::{collections::BTreeSet, net::SocketAddr};

use fairtrial_server::problem::Code;
use fairtrial_store::backup::{self, Contents};
use serde_json::{Value, json};

use crate::{
    client::{Response, request, send},
    running::{World, start_filled},
};

const JSON: &str = "application/json";
const ASSIGN: &str = "/v1/trials/open-door/assignments";
const EVENTS: &str = "/v1/events";

/// One wrong request.
pub(crate) struct Case {
    name: String,
    bytes: Vec<u8>,
    status: u16,
    code: &'static str,
}

/// A request with the world's best key.
pub(crate) struct Caller(String);

impl Caller {
    fn of(world: &World) -> Self {
        Self(format!("Bearer {}", world.key("justice")))
    }

    fn bytes(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut all = vec![("Authorization", self.0.as_str())];
        all.extend_from_slice(headers);
        request(method, target, &all, body)
    }

    fn post(
        &self,
        name: &str,
        target: &str,
        media_type: &str,
        body: impl AsRef<[u8]>,
        status: u16,
        code: &'static str,
    ) -> Case {
        let mut headers = vec![("Content-Type", media_type)];
        if body.as_ref().is_empty() {
            headers.push(("Content-Length", "0"));
        }
        Case { name: name.into(), bytes: self.bytes("POST", target, &headers, body.as_ref()), status, code }
    }

    fn get(&self, name: &str, target: &str, status: u16, code: &'static str) -> Case {
        Case { name: name.into(), bytes: self.bytes("GET", target, &[], b""), status, code }
    }
}

/// What the database holds, without what tells of refusals: their count, and that an id came with another body.
fn state(world: &World) -> Contents {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", world.folder().join("fairtrial.db").display()).parse().expect("an address");
    let mut contents = backup::copy(&url, &folder.path().join("copy.db")).expect("a copy");
    for refusals in ["receipts", "event_conflicts"] {
        contents.rows.remove(refusals);
    }
    contents
}

/// The code of an answer: of a problem, of the first item of a receipt, or a dash when nothing is wrong.
fn code_of(response: &Response) -> String {
    if response.body.is_empty() {
        return "-".into();
    }
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    let found = body["code"].as_str().or_else(|| body["results"][0]["code"].as_str());
    found.or_else(|| body["errorCode"].as_str()).unwrap_or("-").to_owned()
}

fn check(case: &Case, response: &Response) -> Result<(), String> {
    let (status, text, code) = (response.status, response.text(), code_of(response));
    let told = |what: &str| {
        Err(format!("{}: {what}: {status} {code} {}", case.name, text.chars().take(300).collect::<String>()))
    };
    if (status, code.as_str()) != (case.status, case.code) {
        return told(&format!("wanted {} {}", case.status, case.code));
    }
    if status >= 500 {
        return told("a fault of ours");
    }
    for inside in ["panicked", ".rs:", "diesel", "SELECT ", "INSERT ", "/home", "serde"] {
        if text.contains(inside) {
            return told("something of the inside is told");
        }
    }
    if response.header("content-type") == Some("application/problem+json") {
        let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let problem = response.json();
        let whole =
            ["type", "title", "detail", "what_to_do", "request_id"].iter().all(|name| problem[name].is_string());
        if !known.contains(code.as_str()) || !whole || problem["status"] != json!(status) {
            return told("a problem without its parts");
        }
    } else if status >= 400 && !response.body.is_empty() && response.json()["results"].is_null() {
        return told("a refusal that is no problem");
    }
    Ok(())
}

/// Sends each request to one server and compares what the server keeps.
fn run(cases: impl FnOnce(&Caller, &World) -> Vec<Case>) {
    let world = start_filled();
    let caller = Caller::of(&world);
    let cases = cases(&caller, &world);
    let (mut before, mut wrong) = (state(&world), Vec::new());
    // Looking at the state takes its time, so it is looked at after some refusals, and before and after what may be kept.
    for some in cases.chunk_by(|one, next| one.status >= 400 && next.status >= 400).flat_map(|some| some.chunks(24)) {
        for case in some {
            match send(world.address, &case.bytes) {
                Some(response) => wrong.extend(check(case, &response).err()),
                None => wrong.push(format!("{}: no answer", case.name)),
            }
        }
        let after = state(&world);
        if after != before && some.iter().all(|case| case.status >= 400) {
            let names: Vec<&str> = some.iter().map(|case| case.name.as_str()).collect();
            wrong.push(format!("something changed though all was refused: {names:?}: {before:?} {after:?}"));
        }
        before = after;
    }
    assert!(alive(world.address), "the server is well afterwards");
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn alive(address: SocketAddr) -> bool {
    send(address, &request("GET", "/readyz", &[], b"")).is_some_and(|response| response.status == 200)
}

#[test]
fn bodies_that_are_wrong_change_nothing() {
    run(|caller, _| bodies::cases(caller));
}

#[test]
fn items_of_a_batch_that_are_wrong_change_nothing() {
    run(|caller, _| bodies::items(caller));
}

#[test]
fn framing_that_is_wrong_changes_nothing() {
    run(|caller, _| framing::cases(caller));
}

#[test]
fn addresses_that_are_wrong_change_nothing() {
    run(addresses::cases);
}

#[test]
fn tables_that_are_wrong_change_nothing() {
    run(|caller, _| tables::cases(caller));
}

/// A test that cannot fail would prove nothing: what is kept is seen to be kept.
#[test]
fn what_is_kept_shows_in_the_state() {
    let world = start_filled();
    let caller = Caller::of(&world);
    let before = state(&world);
    let good = caller.post("good", ASSIGN, JSON, "{\"unit\":\"u-1\"}", 200, "-");
    let response = send(world.address, &good.bytes).expect("an answer");
    assert_eq!(check(&good, &response), Ok(()));
    assert_ne!(state(&world), before);
    let wrong = Case { status: 201, ..good };
    assert!(check(&wrong, &response).is_err());
}
