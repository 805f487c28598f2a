//! Input that is wrong in every way that was thought of: nothing of it is a fault of ours (no 5xx), nothing of it is kept, and
//! each refusal says so by a stable code. Names such as E17 are those of the list that the rows come from: E bodies, N transport,
//! Q addresses, I tables and files, W forms, O operations.

mod accounts;
mod addresses;
mod bodies;
mod connections;
mod forms;
mod framing;
mod hostile;
mod operations;
mod tables;
mod uploads;

use std::{collections::BTreeSet, net::SocketAddr};

use fairtrial_server::problem::Code;
use fairtrial_store::{DatabaseUrl, DbConnection, backup::Contents};
use fairtrial_testkit::{database::TestDatabase, on_both_databases};
use serde_json::{Value, json};

use crate::{
    client::{Response, request, send},
    running::{World, start_filled_on},
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

/// Requests with one of the world's keys.
pub(crate) struct Caller(String);

impl Caller {
    fn of(world: &World, key: &str) -> Self {
        Self(format!("Bearer {}", world.key(key)))
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

/// What the database holds, without what tells of refusals (their count, and that an id came with another body) and the count of
/// those who asked again, which a server writes when it has time.
fn state(database: &TestDatabase) -> Contents {
    let url: DatabaseUrl = database.url().parse().expect("an address");
    let mut connection = DbConnection::open(&url).expect("the database");
    let mut contents = connection.write_transaction(Contents::of).expect("its contents");
    for beside in ["receipts", "event_conflicts", "touches"] {
        contents.rows.remove(beside);
    }
    contents
}

/// The code of an answer: of a problem, of the first item of a receipt, `page` where a person is told, or a dash when nothing is
/// wrong.
fn code_of(response: &Response) -> String {
    if response.body.is_empty() {
        return "-".into();
    }
    if response.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        return "page".into();
    }
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    let found = body["code"].as_str().or_else(|| body["results"][0]["code"].as_str());
    found.or_else(|| body["errorCode"].as_str()).unwrap_or("-").to_owned()
}

fn tells_of_the_inside(text: &str) -> bool {
    ["panicked", ".rs:", "diesel", "SELECT ", "INSERT ", "/home", "serde"].iter().any(|inside| text.contains(inside))
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
    if tells_of_the_inside(&text) {
        return told("something of the inside is told");
    }
    if response.header("content-type") == Some("application/problem+json") {
        let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let problem = response.json();
        let whole =
            ["type", "title", "detail", "what_to_do", "request_id"].iter().all(|name| problem[name].is_string());
        if !known.contains(code.as_str()) || !whole || problem["status"] != json!(status) {
            return told("a problem without its parts");
        }
    } else if code == "page" {
        if !text.contains("<h1") || !text.contains("</html>") {
            return told("a page without its parts");
        }
    } else if status >= 400 && !response.body.is_empty() && response.json()["results"].is_null() {
        return told("a refusal that is no problem");
    }
    Ok(())
}

/// Sends each request to one server and compares what the server keeps.
fn run(database: &TestDatabase, cases: impl FnOnce(&Caller, &World) -> Vec<Case>) {
    let world = start_filled_on(database.url());
    let caller = Caller::of(&world, "justice");
    let cases = cases(&caller, &world);
    let (mut before, mut wrong) = (state(database), Vec::new());
    // Looking at the state takes its time, so it is looked at after some refusals, and before and after what may be kept.
    for some in cases.chunk_by(|one, next| one.status >= 400 && next.status >= 400).flat_map(|some| some.chunks(8)) {
        for case in some {
            match send(world.address, &case.bytes) {
                Some(response) => wrong.extend(check(case, &response).err()),
                None => wrong.push(format!("{}: no answer", case.name)),
            }
        }
        let after = state(database);
        if after != before && some.iter().all(|case| case.status >= 400) {
            let names: Vec<&str> = some.iter().map(|case| case.name.as_str()).collect();
            wrong.push(format!("something changed though all was refused: {names:?}: {before:?} {after:?}"));
        }
        before = after;
    }
    eprintln!("{} inputs", cases.len());
    assert!(alive(world.address), "the server is well afterwards");
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn alive(address: SocketAddr) -> bool {
    send(address, &request("GET", "/readyz", &[], b"")).is_some_and(|response| response.status == 200)
}

on_both_databases! {
    fn bodies_that_are_wrong_change_nothing(database) {
        run(database, |caller, _| bodies::cases(caller));
    }

    fn notes_that_are_wrong_change_nothing(database) {
        run(database, |caller, _| bodies::notes(caller));
    }

    fn items_of_a_batch_that_are_wrong_change_nothing(database) {
        run(database, bodies::items);
    }

    fn framing_that_is_wrong_changes_nothing(database) {
        run(database, |caller, _| framing::cases(caller));
    }

    fn addresses_that_are_wrong_change_nothing(database) {
        run(database, addresses::cases);
    }

    fn tables_that_are_wrong_change_nothing(database) {
        run(database, |caller, _| tables::cases(caller));
    }

    /// A test that cannot fail would prove nothing: what is kept is seen to be kept.
    fn what_is_kept_shows_in_the_state(database) {
        let world = start_filled_on(database.url());
        let caller = Caller::of(&world, "justice");
        let before = state(database);
        let good = caller.post("good", ASSIGN, JSON, "{\"unit\":\"u-1\"}", 200, "-");
        let response = send(world.address, &good.bytes).expect("an answer");
        assert_eq!(check(&good, &response), Ok(()));
        assert_ne!(state(database), before);
        let wrong = Case { status: 201, ..good };
        assert!(check(&wrong, &response).is_err());
    }
}
