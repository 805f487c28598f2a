//! E: bodies of events and assignments.

use serde_json::{Value, json};

use super::{ASSIGN, Caller, Case, EVENTS, JSON};

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
    for (name, unit, status, code) in [
        ("E29 none", "", 400, "invalid_body"),
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

/// Batches, and items of them.
pub(super) fn items(caller: &Caller) -> Vec<Case> {
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
    cases
}
