//! E: bodies of events and assignments.

use serde_json::{Value, json};

use super::{ASSIGN, Caller, Case, EVENTS, JSON};
use crate::running::World;

const UTF_16: &[u8] = b"\xff\xfe{\0\"\0u\0n\0i\0t\0\"\0:\0\"\0a\0\"\0}\0";

/// Whole bodies.
pub(super) fn cases(caller: &Caller) -> Vec<Case> {
    let mut cases = Vec::new();
    let deep = |levels: usize| {
        format!("{{\"unit\":\"u-1\",\"attributes\":{{\"a\":{}1{}}}}}", "[".repeat(levels), "]".repeat(levels))
    };
    let (e17, e18, deepest) = (deep(15), deep(128), "[".repeat(60_000));
    // The same in both doors.
    for (name, body, code) in [
        ("E1 empty", &b""[..], "malformed_json"),
        ("E2 no fields", b"{}", "invalid_body"),
        ("E3 null", b"null", "invalid_body"),
        ("E3 list", b"[]", "invalid_body"),
        ("E3 text", b"\"x\"", "invalid_body"),
        ("E3 number", b"1", "invalid_body"),
        ("E5 cut off", b"{\"unit\":\"a", "malformed_json"),
        ("E11 NaN", b"{\"unit\":NaN}", "malformed_json"),
        ("E11 Infinity", b"{\"unit\":Infinity}", "malformed_json"),
        ("E11 -Infinity", b"{\"unit\":-Infinity}", "malformed_json"),
        ("E10 1e400", b"{\"unit\":1e400}", "malformed_json"),
        ("E20 lone surrogate", b"{\"unit\":\"\\ud800\"}", "malformed_json"),
        ("E20 reversed surrogates", b"{\"unit\":\"\\udc00\\ud800\"}", "malformed_json"),
        ("E21 no UTF-8", b"{\"unit\":\"\xff\"}", "malformed_json"),
        ("E22 overlong", b"{\"unit\":\"\xc0\xaf\"}", "malformed_json"),
        ("E22 encoded surrogate", b"{\"unit\":\"\xed\xa0\x80\"}", "malformed_json"),
        ("E23 byte order mark", b"\xef\xbb\xbf{\"unit\":\"a\"}", "malformed_json"),
        ("E24 UTF-16", UTF_16, "malformed_json"),
        ("E19 NUL", b"{\"unit\":\"a\\u0000b\"}", "malformed_json"),
        ("E19 NUL in a name", b"{\"un\\u0000it\":\"a\"}", "malformed_json"),
        ("E59 comment", b"{\"unit\":\"a\"/*c*/}", "malformed_json"),
        ("E59 single quotes", b"{'unit':'a'}", "malformed_json"),
        ("E59 trailing comma", b"{\"unit\":\"a\",}", "malformed_json"),
        ("E59 bare name", b"{unit:\"a\"}", "malformed_json"),
        ("E58 hexadecimal", b"{\"unit\":0x10}", "malformed_json"),
        ("E58 leading zeros", b"{\"unit\":007}", "malformed_json"),
        ("E58 plus", b"{\"unit\":+1}", "malformed_json"),
        ("E58 no whole part", b"{\"unit\":.5}", "malformed_json"),
        ("E58 no fraction", b"{\"unit\":5.}", "malformed_json"),
        ("E58 no exponent", b"{\"unit\":1e}", "malformed_json"),
        ("E58 two points", b"{\"unit\":1.2.3}", "malformed_json"),
        ("E58 minus alone", b"{\"unit\":-}", "malformed_json"),
        ("E58 groups of digits", b"{\"unit\":1_000}", "malformed_json"),
        ("E5 cut off in an escape", b"{\"unit\":\"\\u00", "malformed_json"),
        ("E5 cut off in a character", b"{\"unit\":\"\xe2\x82", "malformed_json"),
        ("E59 wrong escape", b"{\"unit\":\"\\x41\"}", "malformed_json"),
        ("E59 True", b"{\"dry_run\":True}", "malformed_json"),
        ("E18 60,000 levels", deepest.as_bytes(), "malformed_json"),
        ("control character", b"{\"unit\":\"a\nb\"}", "malformed_json"),
    ] {
        for (door, target) in [("assign", ASSIGN), ("events", EVENTS)] {
            cases.push(caller.post(&format!("{name} ({door})"), target, JSON, body, 400, code));
        }
    }
    let long = format!("{{\"unit\":\"{}\"}}", "\\u0041".repeat(10_000));
    let wide = format!(
        "{{\"unit\":\"u-1\",\"attributes\":{{{}}}}}",
        (0..3_000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(",")
    );
    for (name, body, status, code) in [
        ("E4 text after the end", "{\"unit\":\"a\"}x", 400, "malformed_json"),
        ("E4 two documents", "{\"unit\":\"a\"}{\"unit\":\"b\"}", 400, "malformed_json"),
        ("E6 a name twice", "{\"unit\":\"a\",\"unit\":\"b\"}", 400, "malformed_json"),
        ("E6 a name twice by an escape", "{\"unit\":\"a\",\"\\u0075nit\":\"b\"}", 400, "malformed_json"),
        ("E7 a name twice within", "{\"unit\":\"a\",\"attributes\":{\"b\":1,\"b\":2}}", 400, "malformed_json"),
        ("E8 unknown field", "{\"unit\":\"a\",\"colour\":\"red\"}", 400, "invalid_body"),
        ("E9 wrong case", "{\"UNIT\":\"a\"}", 400, "invalid_body"),
        ("E14 400 digits", &format!("{{\"unit\":{}}}", "9".repeat(400)), 400, "malformed_json"),
        ("E16 number for a text", "{\"unit\":1}", 400, "invalid_body"),
        ("E16 text for a flag", "{\"unit\":\"a\",\"dry_run\":\"true\"}", 400, "invalid_body"),
        ("E16 number for a flag", "{\"unit\":\"a\",\"dry_run\":1}", 400, "invalid_body"),
        ("E17 17 levels", &e17, 400, "malformed_json"),
        ("E18 128 levels", &e18, 400, "malformed_json"),
        ("E54 arm", "{\"unit\":\"a\",\"arm\":\"norm\"}", 400, "invalid_body"),
        ("E54 weights", "{\"unit\":\"a\",\"weights\":[1,0]}", 400, "invalid_body"),
        ("E54 salt", "{\"unit\":\"a\",\"salt\":\"00\"}", 400, "invalid_body"),
        ("E54 protocol", "{\"unit\":\"a\",\"protocol_id\":\"x\"}", 400, "invalid_body"),
        ("E54 agency", "{\"unit\":\"a\",\"agency_id\":1}", 400, "invalid_body"),
        ("E55 many units", "{\"units\":[\"a\",\"b\"]}", 400, "invalid_body"),
        ("E60 60 kB of escapes", &long, 400, "invalid_body"),
        ("3,000 attributes", &wide, 422, "not_acceptable"),
        ("unknown attribute", "{\"unit\":\"a\",\"attributes\":{\"x\":1}}", 422, "not_acceptable"),
        ("attribute named __proto__", "{\"unit\":\"a\",\"attributes\":{\"__proto__\":1}}", 422, "not_acceptable"),
        ("cluster where there are none", "{\"unit\":\"a\",\"cluster\":\"c\"}", 422, "not_acceptable"),
    ] {
        cases.push(caller.post(name, ASSIGN, JSON, body, status, code));
    }
    // Shorter units than the list's 16 characters are taken: an agency's own numbers of cases are often short.
    for (name, unit, status, code) in [
        ("E29 none", "", 400, "invalid_body"),
        ("E29 1", "u", 200, "-"),
        ("E29 128", &*"x".repeat(128), 200, "-"),
        ("E29 50 kB", &*"x".repeat(50_000), 400, "invalid_body"),
        ("E29 1 MB", &*"x".repeat(1_000_000), 413, "body_too_large"),
        ("E25 isolate", "a\u{2066}b", 400, "invalid_body"),
        ("E25 mark", "a\u{200f}b", 400, "invalid_body"),
        ("E26 word joiner", "a\u{2060}b", 400, "invalid_body"),
        ("E26 byte order mark", "\u{feff}a", 400, "invalid_body"),
        // Numbers of cases have slashes and dots in them. Only a keyed hash of a unit is kept, and it is part of no path.
        ("E31 path", "../../etc/passwd", 200, "-"),
        ("E33 JSON", "{\"a\":1}", 400, "invalid_body"),
        ("E33 line of a log", "a\r\nlevel=error", 400, "invalid_body"),
        ("E34 day of birth", "1984-05-17", 422, "unit_looks_like_identifier"),
        ("E34 day of birth in words", "17 May 1984", 422, "unit_looks_like_identifier"),
        ("E34 licence", "AB123456", 422, "unit_looks_like_identifier"),
        ("E34 passport", "N1234567", 422, "unit_looks_like_identifier"),
        ("E34 client number", "123-456-789", 422, "unit_looks_like_identifier"),
        ("E34 with its label", "IRD 49-091-850", 422, "unit_looks_like_identifier"),
        ("E34 telephone at home", "021-123-4567", 422, "unit_looks_like_identifier"),
        ("E29 129", &*"x".repeat(129), 400, "invalid_body"),
        ("E25 bidi", "a\u{202e}b", 400, "invalid_body"),
        ("E26 zero width", "a\u{200d}b", 400, "invalid_body"),
        ("E26 no-break space", "a\u{a0}b", 400, "invalid_body"),
        ("E26 soft hyphen", "a\u{ad}b", 400, "invalid_body"),
        ("E27 composed", "caf\u{e9}", 400, "invalid_body"),
        ("E27 decomposed", "cafe\u{301}", 400, "invalid_body"),
        ("E28 full-width digits", "\u{ff11}\u{ff12}", 400, "invalid_body"),
        ("E30 blank before", " a", 400, "invalid_body"),
        ("E30 blank after", "a ", 400, "invalid_body"),
        ("E30 tab", "a\tb", 400, "invalid_body"),
        ("E30 line", "a\n", 400, "invalid_body"),
        ("E31 escape", "%2e%2e", 400, "invalid_body"),
        ("E31 Windows", "C:\\x", 400, "invalid_body"),
        ("E32 quote", "' OR 1=1 --", 400, "invalid_body"),
        ("E32 drop", "\"; DROP TABLE events", 400, "invalid_body"),
        ("E33 jndi", "${jndi:ldap://x}", 400, "invalid_body"),
        ("E33 template", "{{7*7}}", 400, "invalid_body"),
        ("E33 tag", "<%= 1 %>", 400, "invalid_body"),
        ("E34 e-mail", "ana@example.org", 422, "unit_looks_like_identifier"),
        ("E34 NHI", "ZZZ0016", 422, "unit_looks_like_identifier"),
        ("E34 new NHI", "ZZZ00AX", 422, "unit_looks_like_identifier"),
        ("E34 tax number", "49-091-850", 422, "unit_looks_like_identifier"),
        ("E34 telephone", "+64211234567", 422, "unit_looks_like_identifier"),
        ("E34 name", "John Smith", 422, "unit_looks_like_identifier"),
    ] {
        let body = json!({"unit": unit}).to_string();
        cases.push(caller.post(&format!("unit: {name}"), ASSIGN, JSON, body, status, code));
    }
    for (name, target, status, code) in [
        ("E35 no such trial", "/v1/trials/no-such/assignments", 404, "not_found"),
        ("E35 another agency's", "/v1/trials/quit-line/assignments", 404, "not_found"),
        ("E36 a draft", "/v1/trials/fines-letter/assignments", 200, "-"),
        ("no such touchpoint", "/v1/touchpoints/no-such/assignments", 404, "not_found"),
        ("E35 another agency's touchpoint", "/v1/touchpoints/phone/assignments", 404, "not_found"),
        ("E35 looked up at no such trial", "/v1/trials/no-such/assignments/lookup", 404, "not_found"),
        ("E35 looked up at another agency's", "/v1/trials/quit-line/assignments/lookup", 404, "not_found"),
        ("looked up and not in it", "/v1/trials/open-door/assignments/lookup", 404, "not_found"),
    ] {
        cases.push(caller.post(name, target, JSON, "{\"unit\":\"u-1\"}", status, code));
    }
    cases
}

fn event() -> Value {
    json!({"event_id": "e-1", "unit": "u-1", "event": "door.opened", "occurred_at": "2026-11-22T12:00:00Z"})
}

fn batch(items: Vec<Value>) -> String {
    json!({"events": items}).to_string()
}

/// Other bodies of frontline apps: what was noted of people, and what they want.
pub(super) fn notes(caller: &Caller) -> Vec<Case> {
    let mut cases = Vec::new();
    let at = "2026-11-22T12:00:00Z";
    let delivery = json!({"event_id": "d-1", "unit": "u-1", "status": "delivered", "at": at});
    let harm = json!({"event_id": "h-1", "unit": "u-1", "severity": 1, "kind": "complaint", "at": at});
    let other = json!({"event_id": "o-1", "unit": "u-1", "to_arm": "usual", "reason_code": "care"});
    let opt_out = json!({"unit": "u-1", "kind": "all", "channel": "phone"});
    let link = json!({"event_id": "s-1", "unit": "desk:u-1", "same_as": "u-1", "purpose": "sign-in"});
    let declared = json!({"from": "2026-11-22", "to": "2026-11-22", "sent": 0});
    let (delivery, harm, other) = (("delivery", delivery), ("harms", harm), ("override", other));
    let of_trial = [&delivery, &harm, &other].map(|(what, body)| (format!("/v1/trials/open-door/{what}"), body));
    let elsewhere = [("/v1/optouts", &opt_out), ("/v1/identities", &link), ("/v1/reconcile", &declared)];
    let elsewhere = elsewhere.map(|(target, body)| (target.to_owned(), body));
    for (target, body) in of_trial.into_iter().chain(elsewhere) {
        let mut more = body.clone();
        more["agency_id"] = json!(1);
        cases.push(caller.post(&format!("E54 {target}"), &target, JSON, more.to_string(), 400, "invalid_body"));
        for name in body.as_object().expect("an object").keys() {
            let mut less = body.clone();
            less.as_object_mut().expect("an object").remove(name);
            let case = format!("E2 {target} without {name}");
            cases.push(caller.post(&case, &target, JSON, less.to_string(), 400, "invalid_body"));
            let mut odd = body.clone();
            odd[name] = json!({"a": [1]});
            let case = format!("E16 {target}: {name} is an object");
            cases.push(caller.post(&case, &target, JSON, odd.to_string(), 400, "invalid_body"));
        }
    }
    let with = |body: &Value, field: &str, value: Value| {
        let mut made = body.clone();
        made[field] = value;
        made.to_string()
    };
    let (deliveries, harms) = ("/v1/trials/open-door/delivery", "/v1/trials/open-door/harms");
    for (name, target, body, status, code) in [
        ("E40 severity 0", harms, with(&harm.1, "severity", json!(0)), 400, "invalid_body"),
        ("E40 severity 5", harms, with(&harm.1, "severity", json!(5)), 400, "invalid_body"),
        ("E40 severity 1.5", harms, with(&harm.1, "severity", json!(1.5)), 400, "invalid_body"),
        ("E40 no such word", deliveries, with(&delivery.1, "status", json!("lost")), 400, "invalid_body"),
        ("E41 a year ahead", deliveries, with(&delivery.1, "at", json!("2027-11-22T12:00:00Z")), 400, "invalid_body"),
        ("E43 no zone", deliveries, with(&delivery.1, "at", json!("2026-11-22T12:00:00")), 400, "invalid_body"),
        ("E30 code with blanks", harms, with(&harm.1, "kind", json!("a b")), 400, "invalid_body"),
        ("E34 name", deliveries, with(&delivery.1, "unit", json!("John Smith")), 422, "unit_looks_like_identifier"),
        ("E38 nobody's", deliveries, delivery.1.to_string(), 404, "not_found"),
        // A harm is kept whoever it is of: it may be told before anybody knows how the person is called.
        ("E38 nobody's harm", harms, harm.1.to_string(), 200, "-"),
        ("E38 nobody's version", "/v1/trials/open-door/override", other.1.to_string(), 404, "not_found"),
        ("E35 of another agency", "/v1/trials/quit-line/delivery", delivery.1.to_string(), 404, "not_found"),
        ("an opt-out of no trial", "/v1/optouts", with(&opt_out, "kind", json!("trial")), 422, "not_acceptable"),
        ("no such kind", "/v1/optouts", with(&opt_out, "kind", json!("some")), 400, "invalid_body"),
        ("nothing to take back", "/v1/optouts/withdraw", opt_out.to_string(), 404, "not_found"),
        (
            "E34 a name's person",
            "/v1/identities",
            with(&link, "same_as", json!("Ana Silva")),
            422,
            "unit_looks_like_identifier",
        ),
        ("one name", "/v1/identities", with(&link, "unit", json!("u-1")), 422, "not_acceptable"),
        ("Q14 from after to", "/v1/reconcile", with(&declared, "from", json!("2026-11-23")), 422, "not_acceptable"),
        ("Q14 a hundred years", "/v1/reconcile", with(&declared, "from", json!("1926-11-22")), 422, "not_acceptable"),
        ("Q14 no such day", "/v1/reconcile", with(&declared, "to", json!("2026-02-30")), 400, "invalid_body"),
        ("E58 minus", "/v1/reconcile", with(&declared, "sent", json!(-1)), 400, "invalid_body"),
        ("E37 another agency's trial", "/v1/reconcile", with(&declared, "trial", json!("quit-line")), 404, "not_found"),
    ] {
        cases.push(caller.post(&format!("{target}: {name}"), target, JSON, body, status, code));
    }
    cases
}

/// Batches, and items of them.
pub(super) fn items(caller: &Caller, world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let item = |text: &str| format!("{{\"events\":[{text}]}}");
    let with = |field: &str, text: &str| {
        let mut made = event();
        made[field] = json!("PLACE");
        item(&made.to_string().replace("\"PLACE\"", text))
    };
    for (name, body, status, code) in [
        ("E50 none", item(""), 400, "invalid_body"),
        ("E50 1,001", batch((0..1_001).map(|n| json!(n)).collect()), 413, "body_too_large"),
        ("E50 a list of millions", format!("{{\"events\":[{}1]}}", "1,".repeat(400_000)), 413, "body_too_large"),
        ("E8 beside the list", "{\"events\":[{}],\"more\":1}".into(), 400, "invalid_body"),
        ("no list", "{\"events\":{}}".into(), 400, "invalid_body"),
        ("item is a number", item("7"), 422, "not_an_object"),
        ("item is empty", item("{}"), 422, "missing_field"),
        ("E7 a name twice in an item", item("{\"event_id\":\"a\",\"event_id\":\"b\"}"), 400, "malformed_json"),
    ] {
        cases.push(caller.post(name, EVENTS, JSON, body, status, code));
    }
    for (field, name, text, code) in [
        ("event_id", "E29 none", "\"\"", "malformed_event_id"),
        ("event_id", "number", "7", "wrong_type"),
        ("event_id", "129", &*format!("\"{}\"", "x".repeat(129)), "malformed_event_id"),
        ("event_id", "E31 path", "\"../../etc/passwd\"", "malformed_event_id"),
        ("event_id", "E32 quote", "\"' OR 1=1 --\"", "malformed_event_id"),
        ("event_id", "E49 nil", "\"00000000-0000-0000-0000-000000000000\"", "malformed_event_id"),
        ("event_id", "E49 max", "\"ffffffff-ffff-ffff-ffff-ffffffffffff\"", "malformed_event_id"),
        ("event_id", "E28 full-width", "\"\u{ff11}\"", "malformed_event_id"),
        ("event_id", "E30 line", "\"a\\n\"", "malformed_event_id"),
        ("unit", "null", "null", "wrong_type"),
        ("unit", "E34 e-mail", "\"ana@example.org\"", "unit_looks_like_identifier"),
        ("unit", "E25 bidi", "\"a\u{202e}\"", "malformed_unit"),
        ("event", "E37 unknown", "\"no.such.thing\"", "unknown_event"),
        ("event", "E37 of a draft", "\"fine.settled\"", "unknown_event"),
        ("event", "number", "7", "wrong_type"),
        ("value", "E16 text", "\"1\"", "wrong_type"),
        ("value", "E16 flag", "true", "wrong_type"),
        ("value", "E13 beyond 2^53", "9007199254740993", "value_out_of_range"),
        ("value", "E14 large", "1e300", "value_out_of_range"),
        ("value", "list", "[1]", "wrong_type"),
        ("value", "E58 exponent in a text", "\"1e3\"", "wrong_type"),
        ("value", "E13 more places than are kept", "0.30000000000000004", "value_out_of_range"),
        ("value", "E40 minus", "-1", "value_out_of_range"),
        ("value", "E40 beyond yes and no", "2", "value_out_of_range"),
        ("value", "E40 half", "0.5", "value_out_of_range"),
        ("value", "E40 101", "101", "value_out_of_range"),
        ("occurred_at", "E41 an hour ahead", "\"2026-11-23T01:00:00Z\"", "time_in_future"),
        ("occurred_at", "E41 a year ahead", "\"2027-11-23T00:00:00Z\"", "time_in_future"),
        ("occurred_at", "E42 1970", "\"1970-01-01T00:00:00Z\"", "time_out_of_range"),
        ("occurred_at", "E42 year 0", "\"0000-01-01T00:00:00Z\"", "time_out_of_range"),
        ("occurred_at", "E42 year 10000", "\"10000-01-01T00:00:00Z\"", "malformed_time"),
        ("occurred_at", "E42 before all time", "\"-0001-01-01T00:00:00Z\"", "malformed_time"),
        ("occurred_at", "E43 30 February", "\"2026-02-30T00:00:00Z\"", "malformed_time"),
        ("occurred_at", "E43 24 o'clock", "\"2026-11-22T24:00:00Z\"", "malformed_time"),
        ("occurred_at", "E43 leap second", "\"2026-11-22T23:59:60Z\"", "malformed_time"),
        ("occurred_at", "E43 no zone", "\"2026-11-22T12:00:00\"", "malformed_time"),
        ("occurred_at", "E43 small z", "\"2026-11-22T12:00:00z\"", "malformed_time"),
        ("occurred_at", "E43 25 hours", "\"2026-11-22T12:00:00+25:00\"", "malformed_time"),
        ("occurred_at", "E43 blank for T", "\"2026-11-22 12:00:00Z\"", "malformed_time"),
        ("occurred_at", "E43 small t", "\"2026-11-22t12:00:00Z\"", "malformed_time"),
        ("occurred_at", "E43 no seconds", "\"2026-11-22T12:00Z\"", "malformed_time"),
        ("occurred_at", "E43 comma", "\"2026-11-22T12:00:00,5Z\"", "malformed_time"),
        ("occurred_at", "E43 week", "\"2026-W47-7T12:00:00Z\"", "malformed_time"),
        ("occurred_at", "E43 without signs", "\"20261122T120000Z\"", "malformed_time"),
        ("occurred_at", "E43 blank before", "\" 2026-11-22T12:00:00Z\"", "malformed_time"),
        ("occurred_at", "E43 month 13", "\"2026-13-01T12:00:00Z\"", "malformed_time"),
        ("occurred_at", "E41 more than five minutes ahead", "\"2026-11-23T00:05:01Z\"", "time_in_future"),
        ("occurred_at", "number", "1700000000", "wrong_type"),
        ("source", "empty", "\"\"", "malformed_source"),
        ("source", "number", "1", "malformed_source"),
        ("attributes", "list", "[]", "malformed_attributes"),
        ("attributes", "nested", "{\"a\":{\"b\":1}}", "malformed_attributes"),
        ("agency_id", "E54", "1", "unknown_field"),
        ("arm", "E54", "\"norm\"", "unknown_field"),
    ] {
        cases.push(caller.post(&format!("item {field}: {name}"), EVENTS, JSON, with(field, text), 422, code));
    }
    // What is right, and what it means to send it again.
    let other = with("unit", "\"u-2\"");
    for (name, body, status, code) in [
        ("E38 somebody who is in no trial", with("event_id", "\"e-1\""), 200, "-"),
        ("E44 the same again", with("event_id", "\"e-1\""), 200, "duplicate"),
        (
            "E46 the same in another order",
            item(
                "{\"occurred_at\":\"2026-11-22T12:00:00.000+00:00\", \"unit\":\"u-1\",\"event\":\"door.opened\" ,\"event_id\":\"e-1\"}",
            ),
            200,
            "duplicate",
        ),
        ("E45 the same id, another body", other, 422, "event_id_conflict"),
        ("E48 UUID", with("event_id", "\"0198f1c2-7d3e-7000-8000-0123456789ab\""), 200, "-"),
        ("E48 UUID in capitals", with("event_id", "\"0198F1C2-7D3E-7000-8000-0123456789AB\""), 200, "duplicate"),
        ("E41 a second ahead", with("occurred_at", "\"2026-11-23T00:00:01Z\"").replace("e-1", "e-2"), 200, "-"),
        (
            "E52 twice in one batch",
            batch(vec![
                json!({"event_id": "e-3", "unit": "u-1", "event": "door.opened", "occurred_at": "2026-11-22T12:00:00Z"});
                2
            ]),
            200,
            "duplicate",
        ),
    ] {
        cases.push(caller.post(name, EVENTS, JSON, body, status, code));
    }
    let named = |id: &str, field: &str, text: &str| with(field, text).replace("e-1", id);
    let bad = json!({"event_id": "b-1", "unit": "u-1"});
    let good = |id: &str| json!({"event_id": id, "unit": "u-1", "event": "door.opened", "occurred_at": "2026-11-22T12:00:00Z"});
    let mut another = good("e-4");
    another["unit"] = json!("u-2");
    for (name, body, status, code) in [
        // -0 is 0, and 1 is 1 however it is written.
        ("E12 minus nothing", named("z-1", "value", "-0"), 200, "-"),
        ("E12 nothing", named("z-1", "value", "0"), 200, "duplicate"),
        ("E12 minus nothing with a point", named("z-1", "value", "-0.0"), 200, "duplicate"),
        ("E15 one with a point", named("o-1", "value", "1.0"), 200, "-"),
        ("E15 one", named("o-1", "value", "1"), 200, "duplicate"),
        ("E15 one with an exponent", named("o-1", "value", "1e0"), 200, "duplicate"),
        ("E15 ten tenths", named("o-1", "value", "10E-1"), 200, "duplicate"),
        ("E45 the same id, another value", named("o-1", "value", "0"), 422, "event_id_conflict"),
        // What happened before the trial or the person's assignment is kept and left out of what is counted.
        ("E42 before the trial", named("t-1", "occurred_at", "\"2020-01-01T00:00:00Z\""), 200, "-"),
        ("E43 an hour that clocks left out", named("t-2", "occurred_at", "\"2026-09-27T02:30:00+12:00\""), 200, "-"),
        ("E43 an unknown offset", named("t-3", "occurred_at", "\"2026-11-22T12:00:00-00:00\""), 200, "-"),
        ("E41 five minutes ahead", named("t-4", "occurred_at", "\"2026-11-23T00:05:00Z\""), 200, "-"),
        // A sender's own name for an event need not be a UUID, so that of version 1 is one name as any other.
        ("E49 version 1", with("event_id", "\"c232ab00-9414-11ec-b3c8-9f6bdeced846\""), 200, "-"),
        ("E44 a hundred times in one batch", batch(vec![good("e-1"); 100]), 200, "duplicate"),
        ("E51 one of two", batch(vec![bad, good("e-4")]), 207, "missing_field"),
        ("E52 twice in one batch, with another body", batch(vec![another, good("e-4")]), 207, "event_id_conflict"),
    ] {
        cases.push(caller.post(name, EVENTS, JSON, body, status, code));
    }
    // Two agencies may use one id for two things; a batch is its key's agency's, so that none is of two (E53).
    let other = Caller::of(world, "health");
    cases.push(other.post("E47 another agency's", EVENTS, JSON, with("event_id", "\"e-1\""), 200, "-"));
    // Whoever opted out is in no trial any more; what an agency's systems say of them is kept as of everybody and counts for none.
    let opt_out = json!({"unit": "u-9", "kind": "all", "channel": "phone"}).to_string();
    cases.push(caller.post("E39 opted out", "/v1/optouts", JSON, opt_out, 200, "-"));
    cases.push(caller.post("E39 an event of theirs", EVENTS, JSON, named("w-1", "unit", "\"u-9\""), 200, "-"));
    for (name, header) in
        [("none", ""), ("256", &*"x".repeat(256)), ("no ASCII", "caf\u{e9}"), ("half a quote", "\"a"), ("blank", "a b")]
    {
        let headers = [("Content-Type", JSON), ("Idempotency-Key", header)];
        let bytes = caller.bytes("POST", EVENTS, &headers, with("event_id", "\"i-1\"").as_bytes());
        cases.push(Case { name: format!("E57 {name}"), bytes, status: 400, code: "malformed_request" });
    }
    cases
}
