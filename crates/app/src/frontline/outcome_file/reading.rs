//! Rows of a table as events of a trial, each by itself.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use fairtrial_domain::{
    Fault, PseudonymKey, UnitText,
    event::{Catalogue, NewEvent, read_day_first, read_local_time, screen},
    identity::{RealIdentifier, recognise},
    protocol::Protocol,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::{
    error::AppError,
    frontline::{batch::RefusedLine, record::turned_away},
    state::refusals::Refused,
};

/// Most rows of one file. The sentence below says it too.
pub const MOST_ROWS: usize = 20_000;

/// A table as it was sent.
#[derive(Debug, Clone)]
pub struct Table {
    /// Names of its columns.
    pub header: Vec<String>,
    /// Its rows, each with its line in the file and as many cells as the header has.
    pub rows: Vec<(u64, Vec<String>)>,
    /// SHA-256 of the file.
    pub digest: String,
}

/// How days are written in a file. Nobody guesses: 3/4/2026 is a day either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOrder {
    /// 2026-11-23.
    #[default]
    YearFirst,
    /// 23/11/2026.
    DayFirst,
}

impl DayOrder {
    /// Each with its word.
    pub const WORDS: [(Self, &'static str); 2] = [(Self::YearFirst, "year_first"), (Self::DayFirst, "day_first")];

    /// By its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, known)| *known == word).map(|(order, _)| order)
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(order, _)| *order == self).map_or("year_first", |(_, word)| word)
    }
}

/// Which column is read as what; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// The code of the person.
    pub unit: String,
    /// What happened, where all rows say the same: a kind of event.
    pub event: String,
    /// What happened, where each row says it by itself.
    pub event_column: String,
    /// How much.
    pub value: String,
    /// When it happened.
    pub occurred_at: String,
    /// Where the sender knows it from.
    pub source: String,
    /// How days are written.
    #[serde(default)]
    pub days: DayOrder,
    /// The sheet of a workbook, where it is not the first one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sheet: String,
}

/// What a table says.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Events, each with its line.
    pub(super) events: Vec<(u64, NewEvent)>,
    /// Rows that are refused, in their order.
    pub(super) refused: Vec<RefusedLine>,
    /// Whom refused rows are about, where that can be read.
    pub(super) turned_away: Vec<Refused>,
}

/// Where a table has what.
struct Places {
    unit: usize,
    event: Option<usize>,
    value: Option<usize>,
    occurred_at: usize,
    source: Option<usize>,
}

impl Columns {
    fn places(&self, plan: &Protocol, header: &[String]) -> Result<Places, AppError> {
        let mut faults = Vec::new();
        let mut taken = BTreeSet::new();
        let mut place = |field: &str, name: &str, needed: Option<&str>| -> Option<usize> {
            let pointer = format!("/{field}");
            if name.is_empty() {
                faults.extend(needed.map(|why| Fault::new(&pointer, "missing_field", why)));
                return None;
            }
            let exact = header.iter().position(|column| column == name);
            let found = exact.or_else(|| header.iter().position(|column| column.to_lowercase() == name.to_lowercase()));
            match found {
                // What the file has instead is not said: a file without a header has people in its first line.
                None => faults.push(Fault::new(
                    &pointer,
                    "unknown_column",
                    format!(
                        "the first line of the file has no column \u{2018}{name}\u{2019}; write it as it stands there"
                    ),
                )),
                Some(at) if !taken.insert(at) => faults.push(Fault::new(
                    &pointer,
                    "duplicate_column",
                    "this column is read as something else already; each is read once",
                )),
                Some(_) => {}
            }
            found
        };
        let unit = place("unit", &self.unit, Some("say which column has the code of the person"));
        let event = if self.event.is_empty() {
            place(
                "event_column",
                &self.event_column,
                Some("say which column tells what happened, or choose one thing for all rows"),
            )
        } else {
            None
        };
        let value = place("value", &self.value, None);
        let occurred_at = place("occurred_at", &self.occurred_at, Some("say which column tells when it happened"));
        let source = place("source", &self.source, None);
        if !self.event.is_empty() && !listens(plan, &self.event) {
            faults.push(Fault::new("/event", "unknown_event", "no outcome of this trial is made from that"));
        }
        match (unit, occurred_at) {
            (Some(unit), Some(occurred_at)) if faults.is_empty() => {
                Ok(Places { unit, event, value, occurred_at, source })
            }
            _ => Err(AppError::Invalid(faults)),
        }
    }
}

fn listens(plan: &Protocol, kind: &str) -> bool {
    plan.outcomes.iter().any(|outcome| outcome.event == kind)
}

/// Reads every row of a table.
pub(super) fn read(
    plan: &Protocol,
    (catalogue, key): (&Catalogue, &PseudonymKey),
    table: &Table,
    columns: &Columns,
    now: DateTime<Utc>,
) -> Result<Reading, AppError> {
    let places = columns.places(plan, &table.header)?;
    if table.rows.is_empty() {
        return Err(AppError::invalid("/file", "batch_size", "the file has no rows below its header"));
    }
    if table.rows.len() > MOST_ROWS {
        let detail = "a file has at most 20,000 rows: send it in parts";
        return Err(AppError::invalid("/file", "batch_size", detail));
    }
    let (mut reading, mut items, mut lines) = (Reading::default(), Vec::new(), Vec::new());
    for (line, cells) in &table.rows {
        let cell = |at: usize| cells.get(at).map_or("", String::as_str);
        let kind = places.event.map_or(columns.event.as_str(), cell);
        match item(plan, &places, cell, (kind, columns.days), now) {
            Ok(item) => {
                items.push(item);
                lines.push(*line);
            }
            Err((code, detail)) => {
                let about = UnitText::new(cell(places.unit)).ok().map(|unit| key.pseudonym(&unit));
                let kind = Some(kind.to_owned()).filter(|kind| listens(plan, kind));
                reading.turned_away.extend(about.map(|unit| Refused { unit, kind, code }));
                reading.refused.push(RefusedLine { line: *line, code: code.to_owned(), detail });
            }
        }
    }
    let line_of = |index: usize| lines.get(index).copied().unwrap_or_default();
    let screened = screen(&items, catalogue, key, now);
    reading.turned_away.extend(screened.rejections.iter().filter_map(turned_away));
    reading.refused.extend(screened.rejections.into_iter().map(|rejection| RefusedLine {
        line: line_of(rejection.index),
        code: rejection.code.to_owned(),
        detail: rejection.detail,
    }));
    reading.refused.sort_by_key(|refused| refused.line);
    reading.events = screened.events.into_iter().map(|(index, event)| (line_of(index), event)).collect();
    Ok(reading)
}

/// A row in the shape in which programs send events. The id is made from the event later: here it only has to be one.
fn item<'a>(
    plan: &Protocol,
    places: &Places,
    cell: impl Fn(usize) -> &'a str,
    (kind, days): (&str, DayOrder),
    now: DateTime<Utc>,
) -> Result<Value, (&'static str, String)> {
    if !listens(plan, kind) {
        return Err(("unknown_event", "no outcome of this trial is made from what this row says happened".into()));
    }
    let read = match days {
        DayOrder::YearFirst => read_local_time,
        DayOrder::DayFirst => read_day_first,
    };
    let occurred_at = read(cell(places.occurred_at), plan.time_zone, now)?;
    let mut item = Map::new();
    item.insert("event_id".into(), "row".into());
    item.insert("unit".into(), cell(places.unit).into());
    item.insert("event".into(), kind.into());
    item.insert("occurred_at".into(), occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true).into());
    let filled = |place: Option<usize>| place.map(&cell).filter(|text| !text.is_empty());
    if let Some(text) = filled(places.value) {
        let number = serde_json::from_str::<Number>(text);
        item.insert("value".into(), number.map_or_else(|_| text.into(), Value::Number));
    }
    if let Some(text) = filled(places.source) {
        // It is kept as it is written, so that a column of people must not come in by this way.
        let person =
            recognise(text).is_some_and(|it| !matches!(it, RealIdentifier::PersonName | RealIdentifier::ClientNumber));
        if person {
            return Err(("malformed_source", "the source looks like something that names a person".into()));
        }
        item.insert("source".into(), text.into());
    }
    Ok(Value::Object(item))
}

/// The events as the store tells rows apart: by what they say, and by their number among those of the file that say the same.
pub(super) fn prints<'a>(events: impl Iterator<Item = &'a NewEvent>) -> Vec<([u8; 16], u32)> {
    let mut seen: HashMap<[u8; 16], u32> = HashMap::new();
    events
        .map(|event| {
            let print = event.fingerprint();
            let next = seen.entry(print).or_insert(0);
            let nth = *next;
            *next += 1;
            (print, nth)
        })
        .collect()
}
