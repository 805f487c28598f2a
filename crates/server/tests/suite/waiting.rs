//! A server that is started before its database.

use std::path::Path;

use fairtrial_store::condition;
use fairtrial_testkit::database::{Kind, TestDatabase};
use serde_json::json;

use crate::{
    client::{request, send},
    faults::{house::House, proxy::Proxy, stories::address_in},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fairtrial");

/// An installation whose servers reach the database through something that can break.
fn behind_proxy(database: &TestDatabase) -> (House, Proxy) {
    let mut house = House::build(database.url(), Path::new(PROGRAM), 100);
    let address = address_in(database.url());
    let proxy = Proxy::before(address);
    house.served_by = Some(database.url().replace(&address.to_string(), &proxy.address.to_string()));
    (house, proxy)
}

fn it_waits_and_then_answers(away: impl Fn(&Proxy)) {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let (house, proxy) = behind_proxy(&database);
    away(&proxy);
    let mut launched = house.launch(0, "");
    let address = launched.waits().expect("it says where it waits");
    let get = |path: &str| send(address, &request("GET", path, &[], b"")).expect("an answer");
    assert_eq!((get("/healthz").status, get("/readyz").status), (200, 503));
    let page = get("/register");
    assert_eq!((page.status, page.header("retry-after")), (503, Some("2")));
    assert!(page.text().contains("<h1"), "people get a page: {}", page.text());
    let assign = |path: &str, body: serde_json::Value| {
        let key = format!("Bearer {}", house.token);
        let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json")];
        send(address, &request("POST", path, &headers, body.to_string().as_bytes())).expect("an answer")
    };
    let refused = assign("/v1/trials/open/assignments", json!({"unit": "case-1-x"}));
    assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("unavailable")));
    let flag = assign("/ofrep/v1/evaluate/flags/open", json!({"context": {"targetingKey": "case-1-x"}}));
    assert_eq!((flag.status, flag.header("retry-after").is_some()), (503, true), "{}", flag.text());

    proxy.mend();
    let server = launched.answers().unwrap_or_else(|| panic!("it goes on: {}", house.log()));
    assert_eq!(server.address, address, "the address stays");
    assert_eq!(get("/readyz").status, 200);
    assert_eq!(assign("/v1/trials/open/assignments", json!({"unit": "case-1-x"})).json()["outcome"], "assigned");
    assert!(server.stop().success());
    // The databases of tests are quick because they may lose what they have kept: a server says so.
    for fault in condition::examine(&database.url().parse().expect("an address")).expect("it answers").faults {
        assert!(house.log().contains(&fault), "{fault}: {}", house.log());
    }
}

#[test]
fn it_waits_for_a_database_that_is_away() {
    it_waits_and_then_answers(Proxy::cut);
}

#[test]
fn it_waits_for_a_database_that_says_nothing() {
    it_waits_and_then_answers(Proxy::silence);
}

#[test]
fn it_ends_when_it_is_told_to_while_it_waits() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let (house, proxy) = behind_proxy(&database);
    proxy.silence();
    let mut launched = house.launch(0, "");
    assert!(launched.waits().is_some(), "{}", house.log());
    assert!(launched.stop().success(), "{}", house.log());
}

#[test]
fn what_waiting_does_not_mend_ends_it_at_once() {
    let database = TestDatabase::fresh(Kind::Postgres).expect("a database");
    let house = House::build(database.url(), Path::new(PROGRAM), 100);
    let ended = house.launch(0, "export DATABASE_URL=sqlite:/nowhere/at/all.db;").answers();
    assert!(ended.is_none(), "a file that is not there does not come by itself");
    let elsewhere = database.url().rsplit_once('/').expect("a name").0.to_owned() + "/nowhere";
    assert!(house.launch(0, &format!("export DATABASE_URL={elsewhere};")).answers().is_none(), "nor does a database");
    assert!(house.log().contains("\"nowhere\" does not exist"), "{}", house.log());
    fairtrial_store::Store::revert_all_migrations(&database.url().parse().expect("an address")).expect("no tables");
    assert!(house.launch(0, "").answers().is_none(), "nor do tables");
    assert!(house.log().contains("run `fairtrial migrate` first"), "{}", house.log());
}
