//! I: tables and other shapes in which events and lists come.

use super::{Caller, Case, EVENTS};

const CSV: &str = "text/csv";
const LINES: &str = "application/x-ndjson";
const CLOUD: &str = "application/cloudevents+json";
const CLOUDS: &str = "application/cloudevents-batch+json";
const LISTS: &str = "/v1/trials/open-door/batches";

pub(super) fn cases(caller: &Caller) -> Vec<Case> {
    let mut cases = Vec::new();
    let header = "event_id,unit,event,occurred_at\n";
    let row = "c-1,u-1,door.opened,2026-11-22T12:00:00Z\n";
    let large_cell = format!("event_id,unit\n{},u-1\n", "x".repeat(900_000));
    let wide = format!("{}\n", (0..50_000).map(|n| format!("attributes.a{n}")).collect::<Vec<_>>().join(","));
    let many = format!("unit\n{}", "u-1\n".repeat(100_001));
    for (name, body) in [
        ("I1 UTF-16", &b"\xff\xfee\0v\0"[..]),
        ("I1 unclosed quote", b"event_id,unit\n\"c-1,u-1\n"),
        ("I1 too few cells", b"event_id,unit\nc-1\n"),
        ("I1 too many cells", b"event_id\nc-1,u-1\n"),
        ("I1 no rows", header.as_bytes()),
        ("I1 nothing", b""),
        ("I1 a name twice", b"unit,unit\na,b\n"),
        ("I1 50,000 columns and no row", wide.as_bytes()),
        ("I2 NUL", b"event_id,unit\nc\0,u-1\n"),
        ("I4 zip", b"PK\x03\x04\xff\xfe"),
        ("I1 UTF-16, the other way round", b"\xfe\xff\0e\0v"),
        ("I1 no UTF-8", b"event_id,unit\nc\xff,u-1\n"),
        ("I1 a name twice by a blank", b"unit, unit\na,b\n"),
    ] {
        cases.push(caller.post(name, EVENTS, CSV, body, 422, "not_acceptable"));
        cases.push(caller.post(&format!("list: {name}"), LISTS, CSV, body, 422, "not_acceptable"));
    }
    let formula = format!("{header}\"=cmd|'/c calc'!A1\",u-1,door.opened,2026-11-22T12:00:00Z\n");
    for (name, body, status, code) in [
        ("I1 cell of 900 kB", large_cell.as_str(), 422, "malformed_event_id"),
        ("I2 formula", &formula, 422, "malformed_event_id"),
        ("I2 bidi", &format!("{header}c-1,u\u{202e}1,door.opened,2026-11-22T12:00:00Z\n"), 422, "malformed_unit"),
        ("I4 HTML", "<html><body></body></html>\n<p>\n", 422, "unknown_field"),
        ("I1 unknown column", &format!("weight,{header}1,{row}"), 422, "unknown_field"),
        // A mark of the byte order and the ends of lines of any system change nothing.
        ("I1 byte order mark", &format!("\u{feff}{header}m-1,u-1,door.opened,2026-11-22T12:00:00Z\n"), 200, "-"),
        ("I1 CR and LF", &format!("{header}{row}").replace('\n', "\r\n"), 200, "-"),
        ("I1 CR", &format!("{header}{row}").replace('\n', "\r"), 200, "duplicate"),
        (
            "I1 all in quotes",
            &format!("{header}\"c-1\",\"u-1\",\"door.opened\",\"2026-11-22T12:00:00Z\"\n"),
            200,
            "duplicate",
        ),
        // Spreadsheets of some countries write semicolons, which are read; tabs are not.
        ("I1 semicolons", &format!("{header}{row}").replace(',', ";"), 200, "duplicate"),
        ("I1 tabs", &format!("{header}{row}").replace(',', "\t"), 422, "unknown_field"),
        ("I5 1,001 rows", &format!("{header}{}", row.repeat(1_001)), 413, "body_too_large"),
    ] {
        cases.push(caller.post(name, EVENTS, CSV, body, status, code));
    }
    for (name, body, status, code) in [
        ("I1 unknown column", "unit,weight\nu-1,2\n", 422, "not_acceptable"),
        ("E34 identifiers only", "unit\nana@example.org\n", 422, "not_acceptable"),
        ("I5 100,001 people", many.as_str(), 422, "not_acceptable"),
    ] {
        cases.push(caller.post(&format!("list: {name}"), LISTS, CSV, body, status, code));
    }
    for (name, body) in [
        ("no list", "{\"units\":{}}"),
        ("item is no object", "{\"units\":[7]}"),
        ("E8 unknown field", "{\"units\":[{\"unit\":\"a\",\"arm\":\"norm\"}]}"),
        ("unit is a number", "{\"units\":[{\"unit\":7}]}"),
    ] {
        cases.push(caller.post(&format!("list: {name}"), LISTS, "application/json", body, 400, "invalid_body"));
    }
    for (name, media_type, body, status, code) in [
        ("lines: nothing", LINES, "\n\n", 400, "invalid_body"),
        ("lines: no JSON", LINES, "{\nx\n", 422, "not_an_object"),
        ("lines: a name twice", LINES, "{\"event_id\":\"a\",\"event_id\":\"b\"}\n", 422, "not_an_object"),
        ("lines: deep", LINES, &"[".repeat(60_000), 422, "not_an_object"),
        ("lines: 1,001", LINES, &"{}\n".repeat(1_001), 413, "body_too_large"),
        ("CloudEvent: another version", CLOUD, "{\"specversion\":\"0.3\",\"id\":\"a\"}", 422, "not_an_object"),
        ("CloudEvent: list", CLOUD, "[]", 422, "not_an_object"),
        ("CloudEvent: encoded data", CLOUD, "{\"specversion\":\"1.0\",\"data_base64\":\"AA==\"}", 422, "not_an_object"),
        ("CloudEvents: no list", CLOUDS, "{}", 400, "invalid_body"),
        ("CloudEvents: nothing", CLOUDS, "[]", 400, "invalid_body"),
        ("CloudEvents: cut off", CLOUDS, "[{", 400, "malformed_json"),
    ] {
        cases.push(caller.post(name, EVENTS, media_type, body, status, code));
    }
    cases
}
