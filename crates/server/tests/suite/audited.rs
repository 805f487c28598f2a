//! Every route and every command that changes something leaves exactly one entry in the audit, in the transaction of the change.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use actix_web::http::Method;
use fairtrial_app::Clock;
use fairtrial_server::{routes, server::SystemClock};
use fairtrial_store::{DatabaseUrl, DbConnection, backup::Contents};
use fairtrial_testkit::{
    database::{Kind, TestDatabase},
    on_both_databases,
};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    client::Response,
    command::{on, said},
    frontline, guide, outcome_files, plan,
    running::{PASSWORD, World, start_filled_on},
};

/// What is its own record, or changes nothing: assignments, events and deliveries are kept in logs that only grow, and each row says
/// when and by which key it came.
const OWN_RECORD: [(&str, &str); 12] = [
    ("POST", "/v1/trials/{trial}/assignments"),
    ("POST", "/v1/trials/{trial}/assignments/lookup"),
    ("POST", "/v1/touchpoints/{touchpoint}/assignments"),
    ("POST", "/v1/trials/{trial}/delivery"),
    ("POST", "/v1/events"),
    ("POST", "/v1/links/{link}/events"),
    ("POST", "/ofrep/v1/evaluate/flags/{key}"),
    ("POST", "/ofrep/v1/evaluate/flags"),
    ("POST", "/t/{code}/answer"),
    ("POST", "/trials/{trial}/rules"),
    ("POST", "/trials/{trial}/rehearsal"),
    ("POST", "/trials/{trial}/outcome-files"),
];

/// Tables that a server writes by itself beside what it is asked: counters, answers kept for repeats, and the reports that follow from
/// locked data, computed once and kept.
const BESIDE: [&str; 5] = ["touches", "receipts", "replies", "logs", "frozen_reports"];

fn contents(url: &DatabaseUrl) -> Contents {
    let mut connection = DbConnection::open(url).expect("the database");
    let mut found = connection.write_transaction(Contents::of).expect("its contents");
    found.rows.retain(|table, _| !BESIDE.contains(&table.as_str()));
    found
}

/// Looks on while things are done.
pub(crate) struct Watch<'a> {
    world: &'a World,
    pub(crate) url: DatabaseUrl,
    /// On SQLite, where a look keeps writers out, also what stands between before and after is seen.
    between: bool,
    covered: BTreeSet<(String, String)>,
}

impl Watch<'_> {
    /// Does something that the route stands for, and counts entries: one, or none where the route is its own record.
    pub(crate) fn route<T>(&mut self, method: &str, path: &str, act: impl FnOnce() -> T) -> T {
        let wanted = i64::from(!OWN_RECORD.contains(&(method, path)));
        self.covered.insert((method.to_owned(), path.to_owned()));
        let before = contents(&self.url);
        let stop = Arc::new(AtomicBool::new(false));
        let looking = self.between.then(|| {
            let (url, stop) = (self.url.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                let mut seen = vec![contents(&url)];
                while !stop.load(Ordering::Relaxed) {
                    let now = contents(&url);
                    if seen.last() != Some(&now) {
                        seen.push(now);
                    }
                    thread::yield_now();
                }
                seen
            })
        });
        let done = act();
        stop.store(true, Ordering::Relaxed);
        let after = contents(&self.url);
        assert_eq!(after.audit.size - before.audit.size, wanted, "entries of {method} {path}");
        for seen in looking.into_iter().flat_map(|looking| looking.join().expect("it looked")) {
            assert!(
                seen == before || seen == after,
                "{method} {path}: a change without its entry, or an entry without its change: {:?} between {:?} and {:?}",
                seen.rows,
                before.rows,
                after.rows
            );
        }
        done
    }

    fn call(&mut self, key: &str, method: &str, path: &str, target: &str, body: Option<&Value>, status: u16) -> Value {
        let world = self.world;
        let answer: Response = self.route(method, path, || frontline::call(world, key, method, target, body));
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.text());
        if answer.text().starts_with('{') { answer.json() } else { Value::Null }
    }

    pub(crate) fn form(
        &mut self,
        browser: &mut Browser,
        from: &str,
        path: &str,
        target: &str,
        fields: &[(&str, &str)],
    ) -> Response {
        // Some pages are looked at on the record, so the page is opened before.
        browser.get(from);
        let answer = self.route("POST", path, || browser.post(target, fields));
        assert!([200, 201, 303].contains(&answer.status), "{target}: {} {}", answer.status, answer.text());
        answer
    }
}

const AT: &str = "2026-11-22T12:00:00Z";

/// What frontline apps do.
fn apps(watch: &mut Watch<'_>) {
    let unit = json!({"unit": "u-1"});
    let of_trial = |rest: &str| (format!("/v1/trials/{{trial}}/{rest}"), format!("/v1/trials/open-door/{rest}"));
    for (rest, body) in [
        ("assignments", unit.clone()),
        ("assignments/lookup", unit.clone()),
        ("delivery", json!({"event_id": "d-1", "unit": "u-1", "status": "seen", "at": AT})),
        ("override", json!({"event_id": "o-1", "unit": "u-1", "to_arm": "norm", "reason_code": "care"})),
        ("harms", json!({"event_id": "h-1", "unit": "u-1", "severity": 1, "kind": "complaint", "at": AT})),
    ] {
        let (path, target) = of_trial(rest);
        watch.call("justice", "POST", &path, &target, Some(&body), 200);
    }
    let touchpoint = "/v1/touchpoints/{touchpoint}/assignments";
    watch.call(
        "justice",
        "POST",
        touchpoint,
        "/v1/touchpoints/front-desk/assignments",
        Some(&json!({"unit": "u-2"})),
        200,
    );
    let event = json!({"event_id": "e-1", "unit": "u-1", "event": "door.opened", "occurred_at": AT});
    let link = json!({"event_id": "s-1", "unit": "desk:u-1", "same_as": "u-1", "purpose": "sign-in"});
    let apart = json!({"event_id": "a-1", "unit": "desk:u-1", "same_as": "u-1", "reason": "mistake"});
    let opt_out = json!({"unit": "u-8", "kind": "all", "channel": "phone"});
    let context = json!({"context": {"targetingKey": "u-3"}});
    for (path, body) in [
        ("/v1/events", &json!({"events": [event]})),
        ("/v1/optouts", &opt_out),
        ("/v1/optouts/withdraw", &opt_out),
        ("/v1/identities", &link),
        ("/v1/identities/withdraw", &apart),
        ("/ofrep/v1/evaluate/flags", &context),
    ] {
        watch.call("justice", "POST", path, path, Some(body), 200);
    }
    let declared = json!({"from": "2026-11-22", "to": "2026-11-22", "sent": 0});
    watch.call("justice", "POST", "/v1/reconcile", "/v1/reconcile", Some(&declared), 200);
    let flag = "/ofrep/v1/evaluate/flags/{key}";
    watch.call("justice", "POST", flag, "/ofrep/v1/evaluate/flags/open-door", Some(&context), 200);
}

/// What programs do that manage trials.
fn programs(watch: &mut Watch<'_>) {
    let cap = json!({"trials": 9, "days": 90});
    watch.call("justice-administrator", "PUT", "/v1/burden-cap", "/v1/burden-cap", Some(&cap), 200);
    let mut draft = plan::simple("another", "justice", "desk");
    watch.call("justice", "POST", "/v1/trials", "/v1/trials", Some(&draft), 201);
    draft["title"] = json!("Another title");
    watch.call("justice", "PUT", "/v1/trials/{trial}/protocol", "/v1/trials/another/protocol", Some(&draft), 200);
    watch.call("justice", "POST", "/v1/trials/{trial}/{verb}", "/v1/trials/another/submit", Some(&json!({})), 200);

    let terms = json!({"partner": "health", "events": ["door.opened"], "authority": "statute", "reference": "Made-up Act 2020, section 7",
        "expires_at": "2026-12-24T00:00:00Z"});
    let links = "/v1/trials/{trial}/links";
    let proposed = watch.call("justice", "POST", links, "/v1/trials/open-door/links", Some(&terms), 201);
    let link = proposed["link"].as_str().expect("its name").to_owned();
    let event = json!({"events": [{"event_id": "l-1", "unit": "u-1", "event": "door.opened", "occurred_at": AT}]});
    for (key, step, body) in
        [("health-administrator", "accept", None), ("health", "events", Some(&event)), ("justice", "end", None)]
    {
        let path = format!("/v1/links/{{link}}/{step}");
        watch.call(key, "POST", &path, &format!("/v1/links/{link}/{step}"), body, 200);
    }
    let declared = json!({"from": "2026-11-22", "to": "2026-11-22", "sent": 0, "link": link});
    watch.call("health", "POST", "/v1/reconcile", "/v1/reconcile", Some(&declared), 200);
}

struct Staff {
    designer: Browser,
    approver: Browser,
    analyst: Browser,
    administrator: Browser,
    manager: Browser,
    monitor: Browser,
    partner: Browser,
}

/// Accounts, keys and sessions; the people who do the rest.
fn accounts(watch: &mut Watch<'_>) -> Staff {
    let address = watch.world.address;
    let sign_in =
        |watch: &mut Watch<'_>, email: &str| watch.route("POST", "/sign-in", || Browser::signed_in(address, email));
    let mut administrator = sign_in(watch, "administrator@justice.example");
    let mut newcomer = |watch: &mut Watch<'_>, name: &str, email: &str, role: &str| {
        let fields = [("name", name), ("email", email), ("role", role)];
        let made =
            watch.form(&mut administrator, "/admin/people/new", "/admin/people", "/admin/people", &fields).text();
        let password = made.split("class=\"ft-token\">").nth(1).and_then(|rest| rest.split('<').next());
        let fields = [("email", email), ("password", password.expect("it is shown once")), ("next", "")];
        let mut browser = Browser::new(address);
        watch.form(&mut browser, "/sign-in", "/sign-in", "/sign-in", &fields);
        browser
    };
    let manager = newcomer(watch, "Ari", "ari@justice.example", "manager");
    let monitor = newcomer(watch, "Mo", "mo@justice.example", "monitor");
    let fields = [("name", "Bo"), ("email", "bo@justice.example"), ("role", "analyst")];
    watch.form(&mut administrator, "/admin/people/new", "/admin/people", "/admin/people", &fields);
    let list = administrator.get("/admin/people").text();
    let ids = list.split("/admin/people/").filter_map(|rest| rest.split_once("/close")?.0.parse::<u64>().ok());
    let last = ids.max().expect("somebody");
    let close = format!("/admin/people/{last}/close");
    watch.form(&mut administrator, "/admin/people", "/admin/people/{person}/close", &close, &[]);
    let fields = [("name", "Counter"), ("environment", "live"), ("scope", "assign")];
    let made = watch.form(&mut administrator, "/admin/keys/new", "/admin/keys", "/admin/keys", &fields).text();
    let key =
        made.split("ft_live_").nth(1).and_then(|rest| rest.split('_').next()).expect("it is shown once").to_owned();
    let revoke = format!("/admin/keys/{key}/revoke");
    crate::alerts::walk(watch, &mut administrator, &revoke);
    let mut leaving = sign_in(watch, "approver@health.example");
    let change = [("current", PASSWORD), ("new", "five other words in one row")];
    watch.form(&mut leaving, "/account", "/account/password", "/account/password", &change);
    let mut leaving = sign_in(watch, "analyst@health.example");
    watch.form(&mut leaving, "/account", "/sign-out", "/sign-out", &[]);
    Staff {
        designer: sign_in(watch, "designer@justice.example"),
        approver: sign_in(watch, "approver@justice.example"),
        analyst: sign_in(watch, "analyst@justice.example"),
        partner: sign_in(watch, "administrator@health.example"),
        administrator,
        manager,
        monitor,
    }
}

/// What people do beside the life of a trial.
fn people(watch: &mut Watch<'_>, staff: &mut Staff) {
    let fields = [("what", "begin"), ("unit", "u-9"), ("kind", "all"), ("trial", ""), ("channel", "phone")];
    watch.form(&mut staff.designer, "/optouts", "/optouts", "/optouts", &fields);
    let link = json!({"event_id": "s-2", "unit": "desk:u-2", "same_as": "u-2", "purpose": "sign-in"});
    watch.call("justice", "POST", "/v1/identities", "/v1/identities", Some(&link), 200);
    let fields = [("unit", "desk:u-2"), ("same_as", "u-2"), ("reason", "shared-device")];
    watch.form(&mut staff.administrator, "/names", "/names", "/names", &fields);

    // A citizen asks and is answered; the contact centre notes what it was told.
    let register = frontline::call(watch.world, "justice", "GET", "/register.json", None).json();
    let trials = register["trials"].as_array().expect("a list");
    let entry = trials.iter().find(|trial| trial["trial"] == "open-door").expect("it is public");
    let notice = format!("/t/{}", entry["code"].as_str().expect("a code"));
    let mut citizen = Browser::new(watch.world.address);
    let ask = format!("{notice}/ask");
    let fields = [("kind", "question"), ("words", "Why did I get this letter?")];
    let sent = watch.form(&mut citizen, &ask, "/t/{code}/ask", &ask, &fields).text();
    let reference = sent.split("Number ").nth(1).and_then(|rest| rest.split('<').next()).expect("a number").to_owned();
    let answer = format!("{notice}/answer");
    watch.form(&mut citizen, &ask, "/t/{code}/answer", &answer, &[("reference", &reference)]);
    let message = "/trials/open-door/messages/1";
    let words = [("words", "Because a fine is overdue.")];
    watch.form(&mut staff.designer, message, "/trials/{trial}/messages/{number}", message, &words);
    let noting = "/trials/open-door/notes/harm";
    let page = staff.designer.get(noting).text();
    let id = page.split("name=\"event_id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("its id");
    let fields = [("event_id", id), ("unit", "u-1"), ("severity", "1"), ("kind", "complaint")];
    watch.form(&mut staff.designer, noting, "/trials/{trial}/notes/{what}", noting, &fields);

    // One list each way: sent by a program and committed by a person, and the other way round.
    let (lists, commit) = ("/trials/{trial}/batches", "/trials/{trial}/batches/{batch}/commit");
    let units = json!({"units": [{"unit": "v-1"}, {"unit": "v-2"}]});
    let (api_lists, api_commit) = (format!("/v1{lists}"), format!("/v1{commit}"));
    let sent = watch.call("justice", "POST", &api_lists, "/v1/trials/open-door/batches", Some(&units), 201);
    let list = format!("/trials/open-door/batches/{}", sent["id"].as_str().expect("its name"));
    watch.form(&mut staff.approver, &list, commit, &format!("{list}/commit"), &[]);
    let (approver, list) = (&mut staff.approver, [("file", "unit\nv-3\n")]);
    approver.get("/trials/open-door/batches");
    let sent = watch.route("POST", lists, || approver.post_parts("/trials/open-door/batches", &list));
    assert_eq!(sent.status, 303, "{}", sent.text());
    let committed = format!("/v1{}/commit", sent.header("location").expect("where it is"));
    watch.call("justice", "POST", &api_commit, &committed, None, 200);

    outcome_files::on_record(watch, &mut staff.designer);
    // Links, on pages.
    let fields = [
        ("partner", "health"),
        ("events", "door.opened"),
        ("authority", "statute"),
        ("reference", "Made-up Act 2020, section 7"),
        ("expires_at-day", "24"),
        ("expires_at-month", "12"),
        ("expires_at-year", "2026"),
    ];
    let of_trial = "/trials/open-door/links";
    watch.form(&mut staff.designer, of_trial, "/trials/{trial}/links", of_trial, &fields);
    let page = staff.partner.get("/links").text();
    let link =
        page.split("/links/").find_map(|rest| rest.split_once("/accept")).expect("it can be accepted").0.to_owned();
    watch.form(&mut staff.partner, "/links", "/links/{link}/accept", &format!("/links/{link}/accept"), &[]);
    watch.form(&mut staff.designer, "/links", "/links/{link}/end", &format!("/links/{link}/end"), &[]);

    // Drafts.
    let designer = &mut staff.designer;
    designer.get("/trials/new");
    let document = plan::simple("third", "justice", "letters").to_string();
    let made =
        watch.route("POST", "/trials", || designer.post_parts("/trials", &[("file", ""), ("document", &document)]));
    assert_eq!(made.status, 303, "{}", made.text());
    let changed = document.replace("Third", "Another");
    let id = guide::plan_on(&designer.get("/trials/third/document").text());
    let parts = [("protocol_id", &*id), ("file", ""), ("document", &changed)];
    let made =
        watch.route("POST", "/trials/{trial}/document", || designer.post_parts("/trials/third/document", &parts));
    assert_eq!(made.status, 303, "{}", made.text());
    let (steps, step) = ("/trials/new/steps", "/trials/short-letters/steps/question");
    let fields = [("title", "Short letters?"), ("pattern", "reminder_letter"), ("aim", "better")];
    watch.form(&mut staff.designer, steps, steps, steps, &fields);
    let id = guide::plan_on(&staff.designer.get(step).text());
    let fields = [
        ("title", "Do short letters help?"),
        ("public_summary", "Some get a short letter."),
        ("owner", "fines"),
        ("protocol_id", &*id),
    ];
    watch.form(&mut staff.designer, step, "/trials/{trial}/steps/{step}", step, &fields);
}

/// A trial from its signature to the archive, on pages; `another` waits for its signature.
fn life(watch: &mut Watch<'_>, staff: &mut Staff) {
    let of = |rest: &str| format!("/trials/another/{rest}");
    let verb = "/trials/{trial}/{verb}";
    let remark = [("place", "idea"), ("remark", "Why letters?")];
    watch.form(&mut staff.approver, &of("review"), "/trials/{trial}/review", &of("review"), &remark);
    for (browser, reply) in [(&mut staff.designer, "answer"), (&mut staff.approver, "resolve")] {
        let fields = [("reply", reply), ("remark", "Because they arrive.")];
        watch.form(browser, &of("review"), "/trials/{trial}/review/{number}", &of("review/1"), &fields);
    }
    watch.form(&mut staff.designer, &of("rules"), "/trials/{trial}/rules", &of("rules"), &[]);
    watch.form(&mut staff.approver, "/trials/another", verb, &of("approve"), &[]);
    watch.form(&mut staff.designer, "/trials/another", verb, &of("start"), &[]);
    let id = guide::plan_on(&staff.designer.get(&of("amend")).text());
    let mut changed = plan::simple("another", "justice", "desk");
    changed["title"] = json!("A plainer title");
    let (designer, changed) = (&mut staff.designer, changed.to_string());
    let parts =
        [("protocol_id", &*id), ("document", changed.as_str()), ("data_seen", "none"), ("reason", "to be plain")];
    let amended = watch.route("POST", "/trials/{trial}/amend", || designer.post_parts("/trials/another/amend", &parts));
    assert_eq!(amended.status, 303, "{}", amended.text());
    watch.form(&mut staff.approver, "/trials/another", verb, &of("approve"), &[]);
    for step in ["pause_enrolment", "resume_enrolment", "suspend"] {
        watch.form(&mut staff.designer, "/trials/another", verb, &of(step), &[]);
    }
    let looks = of("looks");
    let go_on = of("looks/continue");
    watch.form(&mut staff.monitor, &looks, "/trials/{trial}/looks/continue", &go_on, &[]);
    let why = [("reason", "one version seems to do harm")];
    watch.form(&mut staff.monitor, &looks, "/trials/{trial}/looks/unmask", &of("looks/unmask"), &why);
    watch.form(&mut staff.designer, "/trials/another", verb, &of("stop"), &[("reason", "enough")]);
    watch.form(&mut staff.analyst, "/trials/another", verb, &of("lock_data"), &[("reason", "all is in")]);
    let purpose = [("purpose", "to look at it once more")];
    watch.form(&mut staff.analyst, &of("data"), "/trials/{trial}/data", &of("data"), &purpose);
    let bundle = of("report-bundle");
    watch.form(&mut staff.analyst, &of("report"), "/trials/{trial}/report-bundle", &bundle, &purpose);
    // Nobody was in it, so to adopt goes against the rule: the first asks, and the second agrees.
    let adopt = [
        ("decision", "adopt"),
        ("reason", "we like it"),
        ("owner", "letters team"),
        ("due_on-day", "31"),
        ("due_on-month", "12"),
        ("due_on-year", "2027"),
    ];
    for browser in [&mut staff.manager, &mut staff.approver] {
        watch.form(browser, &of("decision"), "/trials/{trial}/decide", &of("decide"), &adopt);
    }
    watch.form(&mut staff.analyst, &of("explore"), "/trials/{trial}/explore", &of("explore"), &purpose);
    watch.form(&mut staff.designer, "/trials/another", verb, &of("publish"), &[]);
    let became = [("status", "adopted"), ("reason", "in use everywhere")];
    watch.form(&mut staff.manager, &of("decision"), "/trials/{trial}/adoption", &of("adoption"), &became);
    watch.form(&mut staff.designer, "/library", "/library/{trial}/use", "/library/another/use", &[]);
}

on_both_databases! {
    fn every_route_that_changes_something_leaves_one_entry(database) {
        let world = start_filled_on(database.url());
        let url: DatabaseUrl = database.url().parse().expect("an address");
        let between = matches!(url, DatabaseUrl::Sqlite(_));
        let mut watch = Watch { world: &world, url, between, covered: BTreeSet::new() };
        apps(&mut watch);
        programs(&mut watch);
        let mut staff = accounts(&mut watch);
        people(&mut watch, &mut staff);
        life(&mut watch, &mut staff);
        for trial in ["open-door", "another"] {
            let page = staff.designer.get(&format!("/trials/{trial}")).text();
            let history = page.split("What has happened").nth(1).expect("a history");
            for text in history.split(['<', '>']).map(str::trim) {
                let code = text.contains('.') && text.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c));
                assert!(!code, "{trial}: its history says {text:?} where people read");
            }
        }
        watch.form(&mut staff.designer, "/trials/open-door/rehearsal", "/trials/{trial}/rehearsal", "/trials/open-door/rehearsal", &[]);

        // The first administrator is made once, before there is anybody: see below.
        watch.covered.insert(("POST".into(), "/setup".into()));
        let changing = routes::table().into_iter().filter(|row| row.method != Method::GET);
        let all: BTreeSet<(String, String)> = changing.map(|row| (row.method.to_string(), row.path.to_owned())).collect();
        assert_eq!(watch.covered, all, "every route of the table, and no other");
        let said = frontline::call(&world, "justice", "GET", "/v1/audit/head", None);
        assert_eq!(said.status, 200, "{}", said.text());
    }
}

#[test]
fn a_change_without_its_entry_would_be_seen() {
    // The negative control: the same watch on a work that writes twice, first the entry and then the change.
    let database = TestDatabase::fresh(Kind::Sqlite).expect("a file");
    let world = start_filled_on(database.url());
    let url: DatabaseUrl = database.url().parse().expect("an address");
    let mut watch = Watch { world: &world, url, between: false, covered: BTreeSet::new() };
    let blind = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // An assignment is no entry.
        watch.route("POST", "/v1/optouts", || {
            frontline::call(
                &world,
                "justice",
                "POST",
                "/v1/trials/open-door/assignments",
                Some(&json!({"unit": "u-5"})),
            )
        });
    }));
    assert!(blind.is_err(), "a change that is nobody's entry is noticed");
}

#[test]
fn the_first_administrator_is_one_entry() {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("a file");
    let settings = crate::running::settings(None);
    let world = crate::running::begin_on(database.url(), settings, routes::table(), false);
    let token =
        world.setup.as_deref().and_then(|told| told.rsplit('/').next()).expect("nobody is there yet").to_owned();
    let url: DatabaseUrl = database.url().parse().expect("an address");
    let before = contents(&url);
    let mut browser = Browser::new(world.address);
    browser.get(&format!("/setup/{token}"));
    let fields = [
        ("token", token.as_str()),
        ("agency", "Justice"),
        ("name", "Ann"),
        ("email", "ann@justice.example"),
        ("password", PASSWORD),
    ];
    let made = browser.post("/setup", &fields);
    assert!([201, 303].contains(&made.status), "{}", made.text());
    let after = contents(&url);
    let grown = after.audit.size - before.audit.size;
    // The agency and the account are two changes, and whoever made them is signed in or not.
    let made = |table: &str| after.rows[table] - before.rows[table];
    assert_eq!((made("agencies"), made("people")), (1, 1));
    assert!((1..=2).contains(&grown), "{grown} entries for one agency and one account");
}

/// The subcommands that a command names in its help.
fn commands_of(command: &str) -> BTreeSet<String> {
    let help = said(&crate::command::run(&[command, "--help"]));
    let list =
        help.split("Commands:").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("its commands").to_owned();
    list.lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next().map(str::to_owned))
        .filter(|word| word != "help")
        .collect()
}

#[test]
fn every_command_that_changes_something_leaves_one_entry() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let size = || -> i64 {
        let head: Value = serde_json::from_str(&said(&on(data, &["audit", "head", "--json"]))).expect("JSON");
        head["size"].as_i64().expect("a number")
    };
    let mut covered: BTreeSet<(String, String)> = BTreeSet::new();
    let mut does = |arguments: &[&str], wanted: i64| -> String {
        let before = size();
        let told = said(&on(data, arguments));
        assert_eq!(size() - before, wanted, "entries of {arguments:?}");
        covered.insert((arguments[0].to_owned(), arguments[1].to_owned()));
        told
    };
    does(&["agency", "create", "justice", "Justice"], 1);
    does(&["agency", "burden-cap", "justice", "--trials", "3", "--days", "90"], 1);
    does(&["agency", "least-tier", "justice", "0"], 1);
    for role in ["designer", "approver", "monitor", "manager", "analyst", "privacy"] {
        let email = format!("{role}@justice.example");
        does(&["user", "create", &email, "--name", role, "--agency", "justice", "--role", role], 1);
    }
    does(&["user", "reset-password", "analyst@justice.example"], 1);
    let token = does(&["key", "create", "counter", "--agency", "justice", "--scope", "assign"], 1);
    let id = token.trim().split('_').nth(2).expect("its name").to_owned();
    does(&["key", "revoke", &id, "--agency", "justice"], 1);
    for (what, rest) in
        [("agency", &[][..]), ("user", &["--agency", "justice"]), ("key", &["--agency", "justice"]), ("trial", &[])]
    {
        does(&[&[what, "list"], rest].concat(), 0);
    }

    let names = data.join("names");
    std::fs::write(&names, "web:7f3a\ncustomer:0198f1c2\n").expect("a file");
    for (command, why) in [("link", ["--purpose", "sign-in"]), ("withdraw", ["--reason", "shared-device"])] {
        let who = ["identity", command, names.to_str().expect("text"), "--as", "privacy@justice.example"];
        does(&[&who[..], &why].concat(), 1);
    }

    let (file, amended) = (data.join("plan.json"), data.join("amended.json"));
    let mut document = plan::simple("door", "justice", "desk");
    std::fs::write(&file, document.to_string()).expect("a file");
    document["public_summary"] = json!("In plainer words.");
    std::fs::write(&amended, document.to_string()).expect("a file");
    let (file, amended) = (file.to_str().expect("text"), amended.to_str().expect("text"));
    does(&["trial", "import", file, "--as", "designer@justice.example"], 1);
    let mut act = |verb: &str, who: &str, more: &[&str]| {
        let email = format!("{who}@justice.example");
        let mut arguments = vec!["trial", verb, "door", "--as", &email, "--reason", "as planned"];
        arguments.extend(more);
        does(&arguments, 1);
    };
    for (verb, who) in [
        ("submit", "designer"),
        ("approve", "approver"),
        ("return", "approver"),
        ("submit", "designer"),
        ("approve", "approver"),
        ("start", "designer"),
        ("pause-enrolment", "designer"),
        ("resume-enrolment", "designer"),
    ] {
        act(verb, who, &[]);
    }
    act("amend", "designer", &[amended, "--data-seen", "none"]);
    for (verb, who) in [
        ("approve", "approver"),
        ("suspend", "analyst"),
        ("resume", "designer"),
        ("resume", "monitor"),
        ("stop", "designer"),
        ("lock-data", "analyst"),
    ] {
        act(verb, who, &[]);
    }
    act("decide", "manager", &["--decision", "run_again"]);
    act("publish", "manager", &[]);
    let bundle = data.join("bundle.tar");
    let bundle = bundle.to_str().expect("text");
    let purpose = ["--purpose", "to look at it once more", "--output", bundle];
    does(&[&["trial", "bundle", "door", "--as", "analyst@justice.example"], &purpose[..]].concat(), 1);
    let zone: chrono_tz::Tz = document["time_zone"].as_str().expect("a zone").parse().expect("a zone");
    let today = SystemClock.now().with_timezone(&zone).date_naive().to_string();
    does(&["trial", "report-as-at", "door", "--as-at", &today, "--as", "analyst@justice.example"], 1);
    for looking in [&["show", "door"][..], &["versions", "door"], &["export", "door"]] {
        does(&[&["trial"], looking].concat(), 0);
    }
    let before = size();
    said(&on(data, &["trial", "recompute", "door", "--as", "analyst@justice.example"]));
    assert!((0..=1).contains(&(size() - before)), "a look at a result by arm may be on record; it changes nothing");
    document["key"] = json!("given-up");
    std::fs::write(file, document.to_string()).expect("a file");
    does(&["trial", "import", file, "--as", "designer@justice.example"], 1);
    does(&["trial", "withdraw", "given-up", "--as", "designer@justice.example", "--reason", "no"], 1);
    document["key"] = json!("refused");
    std::fs::write(file, document.to_string()).expect("a file");
    does(&["trial", "import", file, "--as", "designer@justice.example"], 1);
    does(&["trial", "submit", "refused", "--as", "designer@justice.example"], 1);
    does(&["trial", "refuse", "refused", "--as", "approver@justice.example", "--reason", "no"], 1);

    covered.insert(("trial".into(), "recompute".into()));
    let all: BTreeSet<(String, String)> = ["agency", "user", "key", "identity", "trial"]
        .into_iter()
        .flat_map(|group| commands_of(group).into_iter().map(move |command| (group.to_owned(), command)))
        .collect();
    assert_eq!(covered, all, "every command that keeps something, and no other");
    assert_eq!(on(data, &["audit", "verify"]).status.code(), Some(0));
}
