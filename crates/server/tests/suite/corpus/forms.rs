//! W: forms that people send, or that somebody makes their browser send.
//!
//! Forged, stale and doubled forms of every page (W1, W2, W3) are in `rights.rs`, where each row of the route table meets them; the
//! way back after signing in (W7), guessing and the first administrator (W5, W22) are in `screens.rs`. There are no invitations, no
//! one-time codes and no reset by mail (W22 to W24): an administrator hands over a first password, and the command line makes another.

use fairtrial_testkit::{database::TestDatabase, on_both_databases};
use serde_json::{Value, json};

use super::{ASSIGN, alive, state, tells_of_the_inside};
use crate::{
    browser::Browser,
    client::{Response, request, send},
    frontline::call,
    plan,
    running::{PASSWORD, World, start_filled, start_filled_on},
};

/// Sends wrong forms as one person and notes what was not refused as it should.
struct Desk<'a> {
    database: &'a TestDatabase,
    browser: Browser,
    wrong: Vec<String>,
    sent: usize,
}

impl<'a> Desk<'a> {
    fn of(database: &'a TestDatabase, world: &World, email: &str) -> Self {
        Self { database, browser: Browser::signed_in(world.address, email), wrong: Vec::new(), sent: 0 }
    }

    fn judge(&mut self, name: &str, response: &Response, status: u16, says: &str) {
        self.sent += 1;
        let text = response.text();
        let plain = response.header("content-type") == Some("text/html; charset=utf-8") && text.contains("<h1");
        if response.status != status || !text.contains(says) || !plain || tells_of_the_inside(&text) {
            let shown = text.split("<main").nth(1).unwrap_or(&text);
            let shown = shown.split('<').filter_map(|part| part.split_once('>')).map(|(_, words)| words.trim());
            let words = shown
                .filter(|words| !words.is_empty())
                .take(12)
                .map(|words| words.chars().take(100).collect::<String>())
                .collect::<Vec<_>>()
                .join(" | ");
            self.wrong.push(format!("{name}: wanted {status} {says:?}: {} {words}", response.status));
        }
    }

    /// One form with each of these in the place of one field.
    fn refused(&mut self, path: &str, good: &[(&str, &str)], cases: &[(&str, &str, &str, u16, &str)]) {
        let before = state(self.database);
        for (name, field, value, status, says) in cases {
            let others = good.iter().filter(|(other, _)| other != field).copied();
            let fields: Vec<(&str, &str)> = others.chain([(*field, *value)]).collect();
            let response = self.browser.post(path, &fields);
            self.judge(&format!("{name} ({path} {field})"), &response, *status, says);
        }
        if state(self.database) != before {
            self.wrong.push(format!("something changed though all was refused: {path} {cases:?}"));
        }
    }

    /// Documents of a plan, each in the place of the draft's own.
    fn documents(&mut self, path: &str, id: &str, cases: &[(&str, String, &str)]) {
        let before = state(self.database);
        for (name, document, says) in cases {
            let parts = [("protocol_id", id), ("file", ""), ("document", document.as_str())];
            let response = self.browser.post_parts(path, &parts);
            self.judge(&format!("{name} ({path})"), &response, 422, says);
        }
        if state(self.database) != before {
            self.wrong.push(format!("something changed though all was refused: {path}"));
        }
    }

    fn plan_on(&mut self, path: &str) -> String {
        let text = self.browser.get(path).text();
        let rest = text.split("name=\"protocol_id\" value=\"").nth(1).expect("the page names its plan");
        rest.split('"').next().expect("it ends").to_owned()
    }

    fn done(self, world: &World, at_least: usize) {
        assert!(self.wrong.is_empty(), "{} of {}:\n{}", self.wrong.len(), self.sent, self.wrong.join("\n"));
        eprintln!("{} inputs", self.sent);
        assert!(self.sent >= at_least && alive(world.address), "{} were sent", self.sent);
    }
}

fn with(plan: &Value, pointer: &str, value: Value) -> String {
    let mut made = plan.clone();
    *made.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is in the plan")) = value;
    made.to_string()
}

fn steps(desk: &mut Desk<'_>) {
    let long = "x".repeat(201);
    let beginning = [("title", "Does it help?"), ("pattern", "reminder_letter"), ("aim", "better")];
    let new = "/trials/new/steps";
    desk.browser.get(new);
    desk.refused(
        new,
        &beginning,
        &[
            ("W8 none", "title", "", 422, "Write your question"),
            ("W8 blanks", "title", " \t ", 422, "Write your question"),
            ("W8 nothing that can be seen", "title", "\u{200b}\u{2060}\u{feff}", 422, "at most 200 characters"),
            ("W8 201", "title", &long, 422, "at most 200 characters"),
            ("W8 NUL", "title", "a\0b", 400, "escape"),
            ("W8 control character", "title", "a\u{7}b", 400, "escape"),
            ("W8 turned round", "title", "pay \u{202e}yap", 422, "control characters"),
            ("no such pattern", "pattern", "letter", 422, "Choose what you want to change"),
            ("no pattern", "pattern", "", 422, "Choose what you want to change"),
            ("no such aim", "aim", "worse", 422, "Choose what the trial should show"),
            ("W17 agency", "agency_id", "1", 400, "field that its page does not have"),
            ("W17 state", "state", "enrolling", 400, "field that its page does not have"),
            ("W17 approved", "approved_by", "1", 400, "field that its page does not have"),
            ("W17 salt", "salt", "00", 400, "field that its page does not have"),
            ("W17 a list", "title[]", "x", 400, "field that its page does not have"),
        ],
    );
    // What is unusual and right is taken: other scripts, joined emoji, and the longest title.
    for (title, wanted) in [("Does it help?", 303), (&*"x".repeat(200), 303), ("Помогает ли? 👩🏽‍💻 مرحبا", 303)]
    {
        let fields = [("title", title), ("pattern", "reminder_letter"), ("aim", "better")];
        let made = desk.browser.post(new, &fields);
        assert_eq!(made.status, wanted, "{title}: {}", made.text());
    }
    let list = "/trials/does-it-help/steps";
    let id = desk.plan_on(&format!("{list}/question"));
    let id = ("protocol_id", id.as_str());
    let question = [id, ("title", "Does it help?"), ("public_summary", "Some get a letter."), ("owner", "fines")];
    let large = "x".repeat(70_000);
    let lines = "x".repeat(2_001);
    desk.refused(
        &format!("{list}/question"),
        &question,
        &[
            ("W8 none", "title", "", 422, "href=\"#title\""),
            ("W8 two lines", "title", "a\nb", 422, "Write one line"),
            ("W8 201", "title", &long, 422, "href=\"#title\""),
            ("W20 none", "owner", "", 422, "href=\"#owner\""),
            ("W8 2,001", "public_summary", &lines, 422, "href=\"#public_summary\""),
            ("W20 70 kB", "public_summary", &large, 413, "<h1"),
            ("W14 no plan named", "protocol_id", "", 400, "does not name the plan"),
            ("W14 no plan", "protocol_id", "sha256:00", 400, "does not name the plan"),
            ("W14 another plan", "protocol_id", &format!("sha256:{}", "0".repeat(64)), 409, "<h1"),
            ("W17 key", "key", "open-door", 400, "field that its page does not have"),
        ],
    );
    let end = [("ends_on-day", "30"), ("ends_on-month", "6"), ("ends_on-year", "2028")];
    let size = [vec![id, ("max_units", "6000"), ("units_per_day", "")], end.to_vec()].concat();
    desk.refused(
        &format!("{list}/size"),
        &size,
        &[
            ("W18 0", "max_units", "0", 422, "href=\"#max_units\""),
            ("W18 -1", "max_units", "-1", 422, "whole number"),
            ("W18 1e12", "max_units", "1e12", 422, "whole number"),
            ("W18 a thousand billions", "max_units", "1000000000000", 422, "href=\"#max_units\""),
            ("W18 beyond all numbers", "max_units", "99999999999999999999999", 422, "whole number"),
            ("W18 1.5", "max_units", "1.5", 422, "whole number"),
            ("W18 none", "max_units", "", 422, "whole number"),
            ("W18 Arabic digits", "max_units", "\u{661}\u{660}", 422, "whole number"),
            ("W13 31 June", "ends_on-day", "31", 422, "real day"),
            ("W13 day 0", "ends_on-day", "0", 422, "real day"),
            ("W13 month 13", "ends_on-month", "13", 422, "real day"),
            ("W13 no year", "ends_on-year", "", 422, "real day"),
            ("W13 year 99999", "ends_on-year", "99999", 422, "real day"),
            ("W13 minus", "ends_on-year", "-2028", 422, "real day"),
            ("W18 NaN", "units_per_day", "NaN", 422, "href=\"#units_per_day\""),
            ("W18 -1 a day", "units_per_day", "-1", 422, "href=\"#units_per_day\""),
        ],
    );
    desk.refused(
        &format!("{list}/effect"),
        &[id, ("expected", "30"), ("smallest", "3")],
        &[
            ("W11 120", "expected", "120", 422, "href=\"#expected\""),
            ("W11 -1", "expected", "-1", 422, "href=\"#expected\""),
            ("W11 NaN", "expected", "NaN", 422, "href=\"#expected\""),
            ("W11 infinity", "expected", "inf", 422, "href=\"#expected\""),
            ("W11 exponent", "expected", "1e2", 422, "href=\"#expected\""),
            ("W11 comma", "expected", "2,5", 422, "href=\"#expected\""),
            ("W11 none", "smallest", "", 422, "href=\"#smallest\""),
            ("W11 nothing", "smallest", "0", 422, "href=\"#smallest\""),
            ("W11 too fine", "smallest", "0.00001", 422, "href=\"#smallest\""),
        ],
    );
    desk.refused(
        &format!("{list}/versions"),
        &[id, ("usual", "Usual letter"), ("new", "Short letter"), ("usual_cost", "1.10"), ("new_cost", "1.10")],
        &[
            ("W12 none", "new", "", 422, "href=\"#new\""),
            ("W11 -1", "usual_cost", "-1", 422, "href=\"#usual_cost\""),
            ("W11 much", "usual_cost", "1e9999", 422, "href=\"#usual_cost\""),
            ("W11 text", "new_cost", "free", 422, "href=\"#new_cost\""),
        ],
    );
    let many = format!("group: {} (fair)", (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(", "));
    let hundred = (0..100).map(|n| format!("a{n}: x, y (in)")).collect::<Vec<_>>().join("\n");
    desk.refused(
        &format!("{list}/rules"),
        &[id, ("attributes", "age: 0 to 120 (in)"), ("include", ""), ("exclude", "")],
        &[
            ("W19 10,000 groups", "attributes", &many, 413, "<h1"),
            ("W19 100 attributes", "attributes", &hundred, 422, "href=\"#attributes\""),
            ("W19 no kind", "attributes", "age", 422, "href=\"#attributes\""),
            ("W19 from high to low", "attributes", "age: 120 to 0 (in)", 422, "href=\"#attributes\""),
            ("no such attribute", "include", "height at least 18", 422, "href=\"#include\""),
            ("no condition", "include", "'; DROP TABLE trials", 422, "href=\"#include\""),
        ],
    );
    for (step, good, field, value) in [
        ("protection", &[][..], "least_able_to_cope", ""),
        ("people", &[], "who", " "),
        ("risk", &[], "money", "none"),
        ("maori_data", &[], "uses_maori_data", "perhaps"),
        ("outcome", &[("outcome", "a"), ("event", "a.b"), ("better", "increase")], "follow_up_days", "-1"),
        ("outcome", &[("outcome", "a"), ("better", "increase"), ("follow_up_days", "1")], "event", ""),
        ("harm", &[("harm", "a"), ("harm_event", "a.b")], "harm_margin", "101"),
        ("looks", &[("gives_up", "yes")], "looks", "999"),
        ("notice", &[], "notice", "secret"),
        ("data", &[("lawful_basis", "a"), ("sources", "b")], "retain_units_days", "999999999"),
        ("data", &[("lawful_basis", "a"), ("retain_units_days", "365")], "sources", ""),
        ("unit", &[], "leaks", "maybe"),
        ("tags", &[], "technique", "magic"),
    ] {
        let good: Vec<(&str, &str)> = good.iter().copied().chain([id]).collect();
        let path = format!("{list}/{step}");
        desk.refused(&path, &good, &[("W20", field, value, 422, "There is a problem")]);
    }
    // Saved once, the form that was opened before is stale.
    let saved = desk.browser.post(&format!("{list}/question"), &question);
    if saved.status != 303 {
        desk.wrong.push("the draft was changed by what was to be refused".to_owned());
    }
    desk.refused(&format!("{list}/question"), &question, &[("W14 stale", "owner", "others", 409, "<h1")]);
}

fn documents(desk: &mut Desk<'_>) {
    let path = "/trials/fines-letter/document";
    let plan = plan::fines_letter();
    let id = desk.plan_on(path);
    let arm = |key: &str, name: &str, ratio: Value| json!({"key": key, "name": name, "control": key == "usual", "ratio": ratio, "payload": {}});
    let arms = |other: Value| with(&plan, "/arms", json!([arm("usual", "Usual letter", json!(1)), other]));
    let ratio = |ratio: Value| arms(arm("norm", "Another", ratio));
    let many: Vec<Value> = (0..21)
        .map(|n| arm(if n == 0 { "usual".into() } else { format!("v{n}") }.as_str(), &format!("Version {n}"), json!(1)))
        .collect();
    let groups: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    let text = plan.to_string();
    let cases = [
        ("W11 -1", ratio(json!(-1)), "/arms/1/ratio"),
        ("W11 0", ratio(json!(0)), "/arms/1/ratio"),
        ("W11 1.5", ratio(json!(1.5)), "/arms/1/ratio"),
        ("W11 33.333", ratio(json!(33.333)), "/arms/1/ratio"),
        ("W11 text", ratio(json!("1")), "/arms/1/ratio"),
        ("W11 10,001", ratio(json!(10_001)), "/arms/1/ratio"),
        ("W11 none", ratio(Value::Null), "/arms/1/ratio"),
        ("W11 NaN", text.replacen("\"ratio\":1", "\"ratio\":NaN", 1), "line 1"),
        ("W11 one", with(&plan, "/arms", json!([arm("usual", "Usual letter", json!(1))])), "/arms"),
        ("W11 21", with(&plan, "/arms", json!(many)), "/arms"),
        ("W12 the same key", arms(arm("usual", "Another", json!(1))), "/arms"),
        ("W12 capitals in a key", arms(arm("USUAL", "Another", json!(1))), "/arms/1/key"),
        ("W13 no such day", with(&plan, "/monitoring/ends_on", json!("2027-02-30")), "/monitoring/ends_on"),
        ("W13 a time", with(&plan, "/monitoring/ends_on", json!("2027-06-30T00:00:00Z")), "/monitoring/ends_on"),
        ("W13 no such zone", with(&plan, "/time_zone", json!("Mars/X")), "/time_zone"),
        ("W18 0", with(&plan, "/monitoring/max_units", json!(0)), "/monitoring/max_units"),
        ("W18 -1", with(&plan, "/monitoring/max_units", json!(-1)), "/monitoring/max_units"),
        ("W18 1.5", with(&plan, "/monitoring/max_units", json!(1.5)), "/monitoring/max_units"),
        ("W18 1e12", with(&plan, "/monitoring/max_units", json!(1e12)), "/monitoring/max_units"),
        ("W19 nothing", with(&plan, "/outcomes/0/event", json!("")), "/outcomes/0/event"),
        ("W19 10,000 groups", with(&plan, "/attributes/0/values", json!(groups)), "/attributes/0/values"),
        ("W8 nothing to see", with(&plan, "/title", json!("\u{200b}")), "/title"),
        ("W8 turned round", with(&plan, "/title", json!("pay \u{202e}yap")), "/title"),
        ("W20 blank", with(&plan, "/risk/least_able_to_cope", json!(" ")), "/risk/least_able_to_cope"),
        ("W17 agency", with(&plan, "/agency", json!("health")), "/agency"),
        ("W17 state", text.replacen('{', "{\"state\":\"enrolling\",", 1), "/state"),
        ("W17 salt", text.replacen('{', "{\"salt\":\"00\",", 1), "/salt"),
        ("E6 a name twice", text.replacen('{', "{\"title\":\"Another\",", 1), "twice"),
        ("looks out of order", with(&plan, "/monitoring/looks", json!(["0.5", "0.25", "1"])), "/monitoring/looks"),
        ("a rule of nothing", with(&plan, "/decision_rule", json!("superior(nothing)")), "/decision_rule"),
        ("a rule without an end", with(&plan, "/decision_rule", json!("(".repeat(10_000))), "/decision_rule"),
        ("I4 zip", "PK\u{3}\u{4}".into(), "line 1"),
        ("I4 HTML", "<html></html>".into(), "line 1"),
        ("nothing", String::new(), "line 1"),
        ("a list", "[]".into(), "<h1"),
        ("deep", "[".repeat(60_000), "<h1"),
    ];
    desk.documents(path, &id, &cases);
    for (name, id, status) in
        [("W14 stale", format!("sha256:{}", "0".repeat(64)), 409), ("W14 none", String::new(), 400)]
    {
        let response = desk.browser.post_parts(path, &[("protocol_id", &id), ("file", ""), ("document", &text)]);
        desk.judge(name, &response, status, "<h1");
    }
    // W15: whatever was opened before the start, by whatever way.
    let started = plan::simple("open-door", "justice", "front-desk").to_string();
    let parts = [("protocol_id", id.as_str()), ("file", ""), ("document", started.as_str())];
    let response = desk.browser.post_parts("/trials/open-door/document", &parts);
    desk.judge("W15 a document", &response, 409, "<h1");
    let fields = [("title", "a"), ("public_summary", "b"), ("owner", "c")];
    desk.refused("/trials/open-door/steps/question", &fields, &[("W15 a step", "protocol_id", &id, 409, "<h1")]);
}

fn verbs(desk: &mut Desk<'_>) {
    desk.browser.get("/trials/fines-letter");
    let long = "x".repeat(20_000);
    let draft = "/trials/fines-letter";
    desk.refused(&format!("{draft}/approve"), &[], &[("W16 one's own", "reason", "", 403, "<h1")]);
    desk.refused(&format!("{draft}/start"), &[], &[("W16 unsigned", "reason", "", 409, "<h1")]);
    desk.refused(&format!("{draft}/publish"), &[], &[("a draft", "reason", "", 409, "<h1")]);
    desk.refused(&format!("{draft}/explode"), &[], &[("no such verb", "reason", "", 404, "<h1")]);
    let ends = [
        ("W20 without a reason", "reason", "", 422, "Say why"),
        ("W20 blanks", "reason", "  \n ", 422, "Say why"),
        ("W20 20 kB", "reason", long.as_str(), 422, "There is a problem"),
        ("W14 no plan", "protocol_id", "x", 400, "does not name the plan"),
        ("W17 by whom", "approved_by", "1", 400, "field that its page does not have"),
        ("W17 role", "role", "approver", 400, "field that its page does not have"),
    ];
    desk.refused("/trials/open-door/stop", &[], &ends);
    for path in ["/trials/fines-letter/approve", "/trials/open-door/stop"] {
        let response = desk.browser.get(path);
        desk.judge("W16 by an address", &response, 405, "<h1");
    }
    desk.browser.get("/optouts");
    let wish = [("what", "begin"), ("unit", "u-1"), ("kind", "all"), ("trial", ""), ("channel", "phone")];
    desk.refused(
        "/optouts",
        &wish,
        &[
            ("nothing", "what", "", 422, "href=\"#what\""),
            ("no code", "unit", "", 422, "href=\"#unit\""),
            ("an address", "unit", "ana@example.org", 422, "href=\"#unit\""),
            ("a name", "unit", "Ana Silva", 422, "href=\"#unit\""),
            ("no such kind", "kind", "some", 422, "href=\"#kind\""),
            ("no such way", "channel", "pigeon", 422, "href=\"#channel\""),
            ("nothing to take back", "what", "withdraw", 422, "o such wish"),
            ("another agency's trial", "trial", "quit-line", 422, "There is a problem"),
            ("W17 agency", "agency_id", "2", 400, "field that its page does not have"),
        ],
    );
    let noting = "/trials/open-door/notes/harm";
    let page = desk.browser.get(noting).text();
    let id = page.split("name=\"event_id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("its id");
    let note = [("event_id", id), ("unit", "u-1"), ("severity", "1"), ("kind", "complaint")];
    desk.refused(
        noting,
        &note,
        &[
            ("an address", "unit", "ana@example.org", 422, "href=\"#unit\""),
            ("no severity", "severity", "", 422, "href=\"#severity\""),
            ("severity 0", "severity", "0", 422, "href=\"#severity\""),
            ("severity 5", "severity", "5", 422, "href=\"#severity\""),
            ("severity 256", "severity", "256", 422, "href=\"#severity\""),
            ("words for a code", "kind", "it was bad", 422, "href=\"#kind\""),
            ("W13 half a day", "at-day", "1", 422, "real day"),
            ("no id", "event_id", "", 422, "There is a problem"),
            ("an id with blanks", "event_id", "a b", 422, "There is a problem"),
        ],
    );
    let other = "/trials/open-door/notes/override";
    desk.browser.get(other);
    let given = [("event_id", id), ("unit", "nobody-1"), ("to_arm", "usual"), ("reason_code", "care"), ("note", "")];
    desk.refused(
        other,
        &given,
        &[
            ("E38 nobody", "note", "", 422, "obody with this code"),
            ("no such version", "to_arm", "best", 422, "There is a problem"),
            ("no version", "to_arm", "", 422, "href=\"#to_arm\""),
            ("W20 10 kB", "note", &long, 422, "There is a problem"),
        ],
    );
    desk.refused("/trials/open-door/notes/gossip", &note, &[("no such note", "kind", "a", 404, "<h1")]);
    let links = "/trials/open-door/links";
    desk.browser.get(links);
    let until = [("expires_at-day", "24"), ("expires_at-month", "12"), ("expires_at-year", "2026")];
    let terms = [("partner", "health"), ("events", "door.opened"), ("authority", "statute"), ("reference", "Act 1")];
    desk.refused(
        links,
        &[&terms[..], &until[..]].concat(),
        &[
            ("nobody", "partner", "nobody", 422, "href=\"#partner\""),
            ("oneself", "partner", "justice", 422, "href=\"#partner\""),
            ("nothing", "events", "no.such", 422, "href=\"#events\""),
            ("no right", "authority", "king", 422, "href=\"#authority\""),
            ("W20 blank", "reference", " ", 422, "href=\"#reference\""),
            ("W13 in the past", "expires_at-year", "2020", 422, "href=\"#expires_at\""),
            ("W13 day 32", "expires_at-day", "32", 422, "href=\"#expires_at\""),
        ],
    );
}

on_both_databases! {
    fn forms_of_designers_that_are_wrong_change_nothing(database) {
        let world = start_filled_on(database.url());
        let mut desk = Desk::of(database, &world, "designer@justice.example");
        steps(&mut desk);
        documents(&mut desk);
        verbs(&mut desk);
        desk.done(&world, 150);
    }

    fn forms_of_others_that_are_wrong_change_nothing(database) {
        let world = start_filled_on(database.url());
        let mut desk = Desk::of(database, &world, "administrator@justice.example");
        let long = "x".repeat(101);
        let address = format!("{}@justice.example", "x".repeat(250));
        desk.browser.get("/admin/people/new");
        desk.refused("/admin/people", &[("name", "Bo"), ("email", "bo@justice.example"), ("role", "analyst")], &[
            ("W8 no name", "name", "", 422, "href=\"#name\""),
            ("W8 blanks", "name", "  ", 422, "href=\"#name\""),
            ("W8 101", "name", &long, 422, "href=\"#name\""),
            ("W8 control character", "name", "a\u{7}", 400, "escape"),
            ("W8 nothing to see", "name", "\u{200b}\u{200d}", 422, "href=\"#name\""),
            ("W8 turned round", "name", "B\u{202e}o", 422, "href=\"#name\""),
            ("W6 Cyrillic", "email", "\u{430}dministrator@justice.example", 422, "href=\"#email\""),
            ("W6 the same in capitals", "email", " Administrator@Justice.EXAMPLE ", 422, "href=\"#email\""),
            ("W6 taken", "email", "designer@justice.example", 422, "href=\"#email\""),
            ("W6 taken in another agency", "email", "designer@health.example", 422, "href=\"#email\""),
            ("no address", "email", "bo", 422, "href=\"#email\""),
            ("two in one", "email", "bo@a.example,ana@b.example", 422, "href=\"#email\""),
            ("blank within", "email", "b o@justice.example", 422, "href=\"#email\""),
            ("255", "email", &address, 422, "href=\"#email\""),
            ("no such role", "role", "king", 400, "choice that its page does not have"),
            ("W17 agency", "agency_id", "2", 400, "field that its page does not have"),
            ("W17 password", "password", "four words in a row", 400, "field that its page does not have"),
        ]);
        for id in ["0", "-1", "abc", "999999", "9223372036854775808", "1e3"] {
            let response = desk.browser.post(&format!("/admin/people/{id}/close"), &[]);
            desk.judge(&format!("W17 close {id}"), &response, 404, "<h1");
        }
        desk.browser.get("/admin/keys/new");
        desk.refused("/admin/keys", &[("name", "Counter"), ("environment", "live"), ("scope", "assign")], &[
            ("W8 no name", "name", " ", 422, "href=\"#name\""),
            ("W8 long", "name", &"x".repeat(300), 422, "href=\"#name\""),
            ("W8 control character", "name", "a\u{7}", 400, "escape"),
            ("no scope", "scope", "", 400, "choice that its page does not have"),
            ("no such scope", "scope", "root", 400, "choice that its page does not have"),
            ("no such kind", "environment", "prod", 400, "choice that its page does not have"),
            ("W17 owner", "owner_id", "1", 400, "field that its page does not have"),
        ]);
        let response = desk.browser.post("/admin/keys/nosuchky/revoke", &[]);
        desk.judge("no such key", &response, 404, "<h1");
        desk.browser.get("/admin/receivers/new");
        let receiver = [("name", "Pager"), ("address", "https://hooks.example/"), ("kind", "harm")];
        desk.refused("/admin/receivers", &receiver, &[
            ("no name", "name", " ", 422, "href=\"#name\""),
            ("long", "name", &"x".repeat(300), 422, "href=\"#name\""),
            ("no address", "address", "", 422, "href=\"#address\""),
            ("long address", "address", &format!("https://hooks.example/{}", "x".repeat(500)), 422, "href=\"#address\""),
            ("another host", "address", "https://127.0.0.1/", 422, "has not allowed"),
            ("no such kind", "kind", "everything", 400, "choice that its page does not have"),
            ("W17 agency", "agency_id", "2", 400, "field that its page does not have"),
            ("W17 secret", "secret", "x", 400, "field that its page does not have"),
        ]);
        let response = desk.browser.post("/admin/receivers/rc-0/test", &[]);
        desk.judge("no such receiver", &response, 404, "<h1");
        desk.browser.get("/account");
        let current = [("current", PASSWORD), ("new", "five other words in one row")];
        desk.refused("/account/password", &current, &[
            ("W4 11", "new", "elevenchars", 422, "12 to 128"),
            ("W4 129", "new", &"\u{1f41a}".repeat(129), 422, "12 to 128"),
            ("W4 NUL", "new", "four words\0 in a row", 400, "escape"),
            ("W4 one letter", "new", "aaaaaaaaaaaaaaaa", 422, "first that are guessed"),
            ("W4 own name", "new", "I am administrator here", 422, "first that are guessed"),
            ("W4 the word itself", "new", "my Password is long", 422, "first that are guessed"),
        ]);
        desk.browser.get("/names");
        desk.refused("/names", &[("unit", "desk:u-1"), ("same_as", "u-1"), ("reason", "mistake")], &[
            ("no code", "unit", "", 422, "href=\"#unit\""),
            ("an address", "same_as", "ana@example.org", 422, "href=\"#same_as\""),
            ("one name", "same_as", "desk:u-1", 422, "There is a problem"),
            ("words for a code", "reason", "it was wrong", 422, "href=\"#reason\""),
            ("never linked", "reason", "mistake", 422, "There is a problem"),
        ]);
        desk.done(&world, 40);

        let mut desk = Desk::of(database, &world, "analyst@justice.example");
        desk.browser.get("/trials/open-door/review");
        desk.refused("/trials/open-door/data", &[], &[("before the lock", "purpose", "a look", 409, "<h1")]);
        desk.refused("/trials/open-door/decide", &[("decision", "adopt")], &[("no role", "reason", "we like it", 403, "<h1")]);
        desk.refused("/trials/open-door/lock_data", &[], &[("too early", "reason", "all is in", 409, "<h1")]);
        desk.refused("/trials/open-door/report-bundle", &[], &[("too early", "purpose", "a look", 409, "<h1")]);
        desk.refused("/trials/open-door/looks/unmask", &[], &[("no role", "reason", "to see", 403, "<h1")]);
        desk.refused("/trials/quit-line/decide", &[("decision", "adopt")], &[("another agency", "reason", "a", 404, "<h1")]);
        desk.done(&world, 6);
    }

    /// A citizen's question, which needs nobody signed in.
    fn questions_that_are_wrong_change_nothing(database) {
        let world = start_filled_on(database.url());
        let register = send(world.address, &request("GET", "/register.json", &[], b"")).expect("an answer").json();
        let trials = register["trials"].as_array().expect("a list");
        let entry = trials.iter().find(|trial| trial["trial"] == "open-door").expect("it is public");
        let notice = format!("/t/{}", entry["code"].as_str().expect("a code"));
        let mut desk = Desk { database, browser: Browser::new(world.address), wrong: Vec::new(), sent: 0 };
        desk.browser.get(&format!("{notice}/ask"));
        let (long, large) = ("x".repeat(2_001), "x".repeat(70_000));
        desk.refused(&format!("{notice}/ask"), &[("kind", "question"), ("words", "Why did I get this letter?")], &[
            ("none", "words", "", 422, "href=\"#words\""),
            ("blanks", "words", " \n ", 422, "href=\"#words\""),
            ("W8 nothing to see", "words", "\u{200b}", 422, "href=\"#words\""),
            ("W20 2,001", "words", &long, 422, "href=\"#words\""),
            ("W20 70 kB", "words", &large, 413, "<h1"),
            ("E34 an address", "words", "Write to ana@example.org", 422, "href=\"#words\""),
            ("E34 a number", "words", "My NHI is ZZZ0016", 422, "href=\"#words\""),
            ("no such kind", "kind", "praise", 422, "href=\"#kind\""),
            ("W17 trial", "trial", "fines-letter", 400, "field that its page does not have"),
            ("W1 another's text", "csrf", &"a".repeat(43), 403, "<h1"),
        ]);
        desk.refused(&format!("{notice}/answer"), &[], &[
            ("none", "reference", "", 422, "href=\"#reference\""),
            ("no such number", "reference", "AAAA-AAAA-AAAA", 422, "href=\"#reference\""),
            ("E32 quote", "reference", "' OR 1=1 --", 422, "href=\"#reference\""),
            ("long", "reference", &long, 422, "href=\"#reference\""),
        ]);
        desk.refused("/t/0000-0000/ask", &[("kind", "question")], &[("I11 no such letter", "words", "Why?", 404, "<h1")]);
        // W22: the link for the first administrator has done its work.
        let first = [("token", "none"), ("agency", "A"), ("name", "B"), ("email", "b@a.example")];
        desk.refused("/setup", &first, &[("W22 used", "password", PASSWORD, 404, "<h1")]);
        desk.done(&world, 15);
    }

    /// W21: nobody learns from an opt-out whether a person is known.
    fn an_opt_out_of_nobody_looks_like_one_of_somebody(database) {
        let world = start_filled_on(database.url());
        let key = format!("Bearer {}", world.key("justice"));
        let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json")];
        let known = request("POST", ASSIGN, &headers, b"{\"unit\":\"known-1\"}");
        assert_eq!(send(world.address, &known).expect("an answer").status, 200);
        let mut browser = Browser::signed_in(world.address, "designer@justice.example");
        browser.get("/optouts");
        let mut told = |unit: &str| {
            let fields = [("what", "begin"), ("unit", unit), ("kind", "all"), ("trial", ""), ("channel", "phone")];
            let response = browser.post("/optouts", &fields);
            assert_eq!(response.status, 201, "{}", response.text());
            let text = response.text();
            let reference = text.split("Number ").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
            text.replace(reference, "NUMBER")
        };
        assert_eq!(told("known-1"), told("nobody-1"));
    }
}

/// W12: a draft may name its versions alike for a while, and is not sent to anybody who signs.
#[test]
fn two_versions_of_one_name_are_not_sent_for_signatures() {
    let world = start_filled();
    for name in ["Usual letter", " usual  LETTER "] {
        let mut plan = plan::fines_letter();
        plan["arms"][1]["name"] = json!(name);
        let saved = call(&world, "justice", "PUT", "/v1/trials/fines-letter/protocol", Some(&plan));
        assert_eq!(saved.status, 200, "{}", saved.text());
        let sent = call(&world, "justice", "POST", "/v1/trials/fines-letter/submit", Some(&json!({})));
        assert_eq!(sent.status, 422, "{}", sent.text());
        let errors = sent.json()["errors"].as_array().expect("errors").clone();
        let found = errors.iter().find(|error| error["pointer"] == "/arms/1/name").expect("it is among them");
        assert_eq!(found["code"], "not_unique");
    }
}
