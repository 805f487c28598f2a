//! The shapes in which a batch of events may come. All become the same list, which is screened item by item.

use fairtrial_app::frontline::{batch::SentUnit, outcome_file::Table};
use fairtrial_domain::{Fault, canonical};
use serde_json::{Map, Value};

use crate::{
    problem::{Code, Problem},
    transport::{Fields, parse_json},
};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const CSV: &str = "text/csv";
const CLOUD_EVENT: &str = "application/cloudevents+json";
const CLOUD_EVENTS: &str = "application/cloudevents-batch+json";

/// The media types that are read.
pub(super) const MEDIA_TYPES: [&str; 5] = [JSON, LINES, CSV, CLOUD_EVENT, CLOUD_EVENTS];

/// The items of a batch.
pub(super) fn items(media_type: &str, bytes: &[u8]) -> Result<Vec<Value>, Problem> {
    match media_type {
        LINES => Ok(lines(bytes)),
        CSV => match rows(bytes)? {
            none if none.is_empty() => Err(unfit("", "batch_size", "the table has no rows")),
            rows => Ok(rows),
        },
        CLOUD_EVENT => Ok(vec![from_cloud_event(parse_json(bytes)?)]),
        CLOUD_EVENTS => match parse_json(bytes)? {
            Value::Array(items) => Ok(items.into_iter().map(from_cloud_event).collect()),
            _ => Err(wrong("", "wrong_type", "a batch of CloudEvents is a list")),
        },
        _ => {
            let mut fields = Fields::new(parse_json(bytes)?)?;
            let events = fields.list("events");
            fields.finish(events)
        }
    }
}

fn wrong(pointer: &str, code: &str, detail: &str) -> Problem {
    Problem::with_errors(Code::InvalidBody, vec![Fault::new(pointer, code, detail)])
}

/// A table that cannot be taken. It is text as was said, so what is wrong is what it says.
fn unfit(pointer: &str, code: &str, detail: &str) -> Problem {
    Problem::with_errors(Code::NotAcceptable, vec![Fault::new(pointer, code, detail)])
}

/// One event a line. A line that is not JSON becomes an item that is no object, and is refused as one.
fn lines(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| fairtrial_domain::json::parse(line).unwrap_or(Value::Null)).collect()
}

/// A table with a header: `event_id, unit, event, value, occurred_at, source, corrects, retracts`, and `attributes.NAME` for each attribute. An
/// empty cell is an absent field.
fn rows(bytes: &[u8]) -> Result<Vec<Value>, Problem> {
    table(bytes, item).map(|(_, rows)| rows)
}

/// A table of people: `unit`, `cluster`, and `attributes.NAME` for each attribute. Lines are those of the file.
pub(crate) fn units(bytes: &[u8]) -> Result<Vec<SentUnit>, Problem> {
    // Without carriage returns the reader's line numbers are those that an editor shows.
    let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\r').collect();
    let (_, units) = table(&bytes, |header, row| {
        let line = row.position().map_or(0, csv::Position::line);
        let mut unit = SentUnit { line, unit: String::new(), cluster: None, attributes: Map::new() };
        for (name, cell) in header.iter().zip(row.iter()).filter(|(_, cell)| !cell.is_empty()) {
            match name.strip_prefix("attributes.") {
                Some(attribute) => drop(unit.attributes.insert(attribute.to_owned(), cell.into())),
                None if name == "unit" => unit.unit = cell.to_owned(),
                None if name == "cluster" => unit.cluster = Some(cell.to_owned()),
                None => return Err(name.to_owned()),
            }
        }
        Ok(unit)
    })?;
    units.into_iter().collect::<Result<_, String>>().map_err(|name| {
        let place = format!("/{}", canonical::escape(&name));
        unfit(&place, "unknown_column", "known columns are unit, cluster and attributes.NAME")
    })
}

/// A table of outcomes with whatever columns it has. Lines are those of the file.
pub(crate) fn outcomes(bytes: &[u8]) -> Result<Table, Problem> {
    // Without carriage returns the reader's line numbers are those that an editor shows.
    let plain: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\r').collect();
    let line = |row: &csv::StringRecord| row.position().map_or(0, csv::Position::line);
    let (header, rows) = table(&plain, |_, row| (line(row), row.iter().map(str::to_owned).collect()))?;
    let header = header.iter().map(str::to_owned).collect();
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::internal())?;
    Ok(Table { header, rows, digest: canonical::sha256_hex(text) })
}

/// The names of a table's columns, and its rows as they are read.
fn table<T>(
    bytes: &[u8],
    read: impl Fn(&csv::StringRecord, &csv::StringRecord) -> T,
) -> Result<(csv::StringRecord, Vec<T>), Problem> {
    // Spreadsheets put a byte order mark before UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| {
        unfit("", "wrong_type", "the table is not UTF-8 text; a spreadsheet saves such a file as ‘CSV UTF-8’")
    })?;
    if text.contains('\0') {
        return Err(unfit("", "out_of_range", "the table holds a NUL character"));
    }
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| malformed(&error))?.clone();
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = header.iter().find(|name| !seen.insert(name.to_owned())) {
        let place = format!("/{}", canonical::escape(twice));
        return Err(unfit(&place, "duplicate_column", "this column stands twice in the header"));
    }
    let rows: Result<Vec<T>, Problem> =
        reader.records().map(|row| row.map(|row| read(&header, &row)).map_err(|error| malformed(&error))).collect();
    Ok((header, rows?))
}

fn malformed(error: &csv::Error) -> Problem {
    let line = error.position().map_or(0, csv::Position::line);
    unfit(
        "",
        "malformed_table",
        &format!("the table cannot be read at line {line}: rows must have as many cells as the header"),
    )
}

fn item(header: &csv::StringRecord, row: &csv::StringRecord) -> Value {
    let (mut item, mut attributes) = (Map::new(), Map::new());
    for (name, cell) in header.iter().zip(row.iter()).filter(|(_, cell)| !cell.is_empty()) {
        match name.strip_prefix("attributes.") {
            Some(attribute) => attributes.insert(attribute.to_owned(), Value::String(cell.to_owned())),
            None if name == "value" => item.insert(name.to_owned(), number(cell)),
            None => item.insert(name.to_owned(), Value::String(cell.to_owned())),
        };
    }
    if !attributes.is_empty() {
        item.insert("attributes".into(), Value::Object(attributes));
    }
    Value::Object(item)
}

/// A cell that is a number; another stays a text, and is refused as one.
fn number(cell: &str) -> Value {
    serde_json::from_str::<serde_json::Number>(cell).map_or_else(|_| Value::String(cell.to_owned()), Value::Number)
}

/// A CloudEvent 1.0: `id` names it, `subject` is the unit, `type` the kind, `time` when; `data` may hold value and
/// attributes; the extension attributes `corrects` and `retracts` name the event whose place it takes. Another version, or data of another shape, becomes an item that is refused.
fn from_cloud_event(event: Value) -> Value {
    let Value::Object(mut event) = event else { return event };
    // Data in another form would be passed over, and with them the value.
    let readable = event.remove("specversion").as_ref().and_then(Value::as_str) == Some("1.0");
    if !readable || event.contains_key("data_base64") {
        return Value::Null;
    }
    let mut item = match event.remove("data") {
        None => Map::new(),
        Some(Value::Object(data)) if data.keys().all(|name| name == "value" || name == "attributes") => data,
        Some(_) => return Value::Null,
    };
    for (theirs, ours) in [
        ("id", "event_id"),
        ("subject", "unit"),
        ("type", "event"),
        ("time", "occurred_at"),
        ("source", "source"),
        // Extension attributes of ours.
        ("corrects", "corrects"),
        ("retracts", "retracts"),
    ] {
        if let Some(value) = event.remove(theirs) {
            item.insert(ours.to_owned(), value);
        }
    }
    Value::Object(item)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({"event_id": "e-1", "unit": "u-1", "event": "fine.paid", "value": 12.5, "occurred_at": "2026-11-23T09:30:00Z"})
    }

    #[test]
    fn all_shapes_say_the_same() {
        let lines = format!("{}\n\n{}\n", event(), event());
        let csv =
            "\u{feff}event_id,unit,event,value,occurred_at,source\r\ne-1,u-1,fine.paid,12.5,2026-11-23T09:30:00Z,\r\n";
        let semicolons = csv.replace(',', ";");
        let cloud = json!({"specversion": "1.0", "id": "e-1", "subject": "u-1", "type": "fine.paid",
            "time": "2026-11-23T09:30:00Z", "datacontenttype": "application/json", "data": {"value": 12.5}});
        let batch = json!([cloud]).to_string();
        let (json, cloud) = (json!({"events": [event()]}).to_string(), cloud.to_string());
        for (media_type, body, count) in [
            (JSON, json.as_str(), 1),
            (LINES, &lines, 2),
            (CSV, csv, 1),
            (CSV, &semicolons, 1),
            (CLOUD_EVENT, &cloud, 1),
            (CLOUD_EVENTS, &batch, 1),
        ] {
            assert_eq!(items(media_type, body.as_bytes()).unwrap(), vec![event(); count], "{media_type}");
        }
    }

    #[test]
    fn a_correction_says_the_same_in_all_shapes() {
        let wanted = json!({"event_id": "c-1", "unit": "u-1", "event": "fine.paid", "value": 9, "occurred_at": "2026-11-23T09:30:00Z",
            "corrects": "e-1"});
        let taken_back = json!({"event_id": "c-2", "unit": "u-1", "event": "fine.paid", "occurred_at": "2026-11-24T09:30:00Z",
            "retracts": "c-1"});
        let csv = "event_id,unit,event,value,occurred_at,corrects,retracts\nc-1,u-1,fine.paid,9,2026-11-23T09:30:00Z,e-1,\n\
                   c-2,u-1,fine.paid,,2026-11-24T09:30:00Z,,c-1\n";
        let cloud = json!([
            {"specversion": "1.0", "id": "c-1", "subject": "u-1", "type": "fine.paid", "time": "2026-11-23T09:30:00Z",
                "corrects": "e-1", "data": {"value": 9}},
            {"specversion": "1.0", "id": "c-2", "subject": "u-1", "type": "fine.paid", "time": "2026-11-24T09:30:00Z",
                "retracts": "c-1"},
        ]);
        let wanted = vec![wanted, taken_back];
        assert_eq!(items(CSV, csv.as_bytes()).unwrap(), wanted);
        assert_eq!(items(CLOUD_EVENTS, cloud.to_string().as_bytes()).unwrap(), wanted);
    }

    #[test]
    fn attributes_are_columns_of_their_own() {
        let read = items(CSV, b"event_id,attributes.channel,value\ne-1,letter,\ne-2,,7").unwrap();
        assert_eq!(read[0], json!({"event_id": "e-1", "attributes": {"channel": "letter"}}));
        assert_eq!(read[1], json!({"event_id": "e-2", "value": 7}));
    }

    #[test]
    fn what_is_no_batch_is_refused_and_a_wrong_item_is_one_item() {
        for (media_type, bad) in [
            (JSON, &b"[]"[..]),
            (JSON, b"{\"events\":{}}"),
            (JSON, b"{\"events\":[],\"more\":1}"),
            (CSV, b"a,a\n1,2"),
            (CSV, b"a,b\n1"),
            (CSV, b"a\n\xff"),
            (CSV, b"a\n\0"),
            (CSV, b"a\n"),
            (CLOUD_EVENTS, b"{}"),
        ] {
            assert!(items(media_type, bad).is_err(), "{media_type} {}", String::from_utf8_lossy(bad));
        }
        assert_eq!(items(LINES, b"{\n{}").unwrap(), [Value::Null, json!({})]);
        assert_eq!(items(CLOUD_EVENT, b"{\"specversion\":\"0.3\"}").unwrap(), [Value::Null]);
        assert_eq!(items(CSV, b"value\n1,5").map_err(|p| p.errors[0].code.clone()), Err("malformed_table".into()));
        assert_eq!(items(CSV, b"value\n007").unwrap(), [json!({"value": "007"})]);
    }
}
