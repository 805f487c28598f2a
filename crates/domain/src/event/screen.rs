//! Screening a batch: each item is read by itself, so that a bad one never costs a good one.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, SubsecRound, TimeZone, Utc};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Catalogue, EventId};
use crate::{
    Decimal, Pseudonym, PseudonymKey, UnitText,
    identity::{RealIdentifier, UnitTextError as UnitError},
};

/// Most items in one batch.
pub const MAX_BATCH: usize = 1_000;

/// How far a sender's clock may be ahead.
const CLOCK_SKEW: Duration = Duration::minutes(5);

/// An event that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The sender's name for it.
    pub event_id: EventId,
    /// Whom it is about.
    pub unit: Pseudonym,
    /// What kind of thing happened.
    pub kind: String,
    /// How much, where the kind has a size.
    pub value: Option<Decimal>,
    /// When it happened, to the microsecond.
    pub occurred_at: DateTime<Utc>,
    /// Where the sender knows it from.
    pub source: Option<String>,
    /// Further facts, as text.
    pub attributes: BTreeMap<String, String>,
    /// Which event it takes the place of; none where it stands for itself.
    pub replaces: Option<Replaces>,
}

/// That an event takes the place of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// The event that stood until now: one that nothing has replaced yet.
    pub event_id: EventId,
    /// Whether nothing happened after all. Otherwise its value and its time count instead.
    pub retracts: bool,
}

impl NewEvent {
    /// A digest of everything but the id: two events are the same exactly when id and fingerprint are.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 16] {
        let replaces = self.replaces.as_ref();
        let content = Content {
            unit: self.unit.bytes(),
            kind: &self.kind,
            millionths: self.value.map(Decimal::millionths),
            micros: self.occurred_at.timestamp_micros(),
            source: self.source.as_deref(),
            attributes: &self.attributes,
            replaces: replaces.map(|Replaces { event_id, retracts }| (event_id.as_str(), *retracts)),
        };
        content.fingerprint()
    }
}

/// What an event says, as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Whom it is about, as pseudonym bytes.
    pub unit: &'a [u8],
    /// What kind of thing happened.
    pub kind: &'a str,
    /// How much, in millionths.
    pub millionths: Option<i64>,
    /// When it happened, in microseconds.
    pub micros: i64,
    /// Where the sender knows it from.
    pub source: Option<&'a str>,
    /// Further facts.
    pub attributes: &'a BTreeMap<String, String>,
    /// Name of the event that it takes the place of, and whether nothing happened after all.
    pub replaces: Option<(&'a str, bool)>,
}

impl Content<'_> {
    /// See [`NewEvent::fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(self.unit);
        part(self.kind.as_bytes());
        part(&self.millionths.map(|value| value.to_be_bytes().to_vec()).unwrap_or_default());
        part(&self.micros.to_be_bytes());
        part(self.source.unwrap_or("").as_bytes());
        for (name, value) in self.attributes {
            part(name.as_bytes());
            part(value.as_bytes());
        }
        if let Some((event_id, retracts)) = self.replaces {
            // No attribute can have such a name.
            part(if retracts { b"\0retracts" } else { b"\0corrects" });
            part(event_id.as_bytes());
        }
        let digest = hash.finalize();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        short
    }
}

/// Why one item of a batch was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Position in the batch, from 0.
    pub index: usize,
    /// The sender's name for it, where it could be read.
    pub event_id: Option<EventId>,
    /// Whom it is about and what kind of thing it says happened, where that could be read: for counting, never for keeping.
    pub about: Option<(Pseudonym, Option<String>)>,
    /// HTTP status of this item.
    pub status: u16,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

/// A screened batch: every item stands in exactly one of the two lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screened {
    /// Items to store, with their positions.
    pub events: Vec<(usize, NewEvent)>,
    /// Items refused.
    pub rejections: Vec<Rejection>,
}

/// Screens a batch of items. Never fails as a whole.
#[must_use]
pub fn screen(items: &[Value], catalogue: &Catalogue, key: &PseudonymKey, now: DateTime<Utc>) -> Screened {
    let mut screened = Screened::default();
    for (index, item) in items.iter().enumerate() {
        match read(item, catalogue, key, now) {
            Ok(event) => screened.events.push((index, event)),
            Err((code, detail)) => {
                let event_id = item.get("event_id").and_then(Value::as_str).and_then(EventId::new);
                let about = about(item, key);
                screened.rejections.push(Rejection { index, event_id, about, status: 422, code, detail });
            }
        }
    }
    screened
}

/// Whom a refused item is about, and its kind, where they can be read all the same.
fn about(item: &Value, key: &PseudonymKey) -> Option<(Pseudonym, Option<String>)> {
    let unit = UnitText::new(item.get("unit")?.as_str()?).ok()?;
    Some((key.pseudonym(&unit), item.get("event").and_then(Value::as_str).map(str::to_owned)))
}

type Refusal = (&'static str, String);

fn read(item: &Value, catalogue: &Catalogue, key: &PseudonymKey, now: DateTime<Utc>) -> Result<NewEvent, Refusal> {
    const NAMES: [&str; 9] =
        ["event_id", "unit", "event", "value", "occurred_at", "source", "attributes", "corrects", "retracts"];
    let Value::Object(map) = item else {
        return Err(("not_an_object", "each event is an object".into()));
    };
    if map.keys().any(|name| !NAMES.contains(&name.as_str())) {
        return Err(("unknown_field", format!("an event has only these fields: {}", NAMES.join(", "))));
    }
    let event_id = EventId::new(text(map, "event_id")?).ok_or((
        "malformed_event_id",
        "event_id is 1 to 128 characters of A to Z, a to z, 0 to 9 and . _ : ~ -".into(),
    ))?;
    let unit = UnitText::new(text(map, "unit")?).map_err(|e| match e {
        UnitError::LooksLikeIdentifier(_) => ("unit_looks_like_identifier", e.to_string()),
        UnitError::Malformed => ("malformed_unit", e.to_string()),
    })?;
    let kind = text(map, "event")?;
    let listeners = catalogue.listeners(kind).ok_or((
        "unknown_event",
        "no trial of this agency listens to this kind of event; check its name in the plan".into(),
    ))?;
    let value = match map.get("value") {
        None | Some(Value::Null) => None,
        Some(Value::Number(number)) => Some(Decimal::from_json(number).ok_or((
            "value_out_of_range",
            "value is a number up to 1,000,000,000,000 in size with at most 6 places".to_owned(),
        ))?),
        Some(_) => return Err(("wrong_type", "value is a number".into())),
    };
    let replaces = replaces(map, &event_id)?;
    if replaces.as_ref().is_some_and(|replaces| replaces.retracts) {
        if value.is_some() {
            let detail = "a retraction says that nothing happened: leave the value out, or send it as a correction";
            return Err(("retraction_with_value", detail.into()));
        }
    } else {
        for listener in listeners {
            listener.check(value).map_err(|detail| ("value_out_of_range", detail))?;
        }
    }
    let occurred_at = read_time("occurred_at", text(map, "occurred_at")?, now)?;
    let source = match map.get("source") {
        None | Some(Value::Null) => None,
        Some(Value::String(source)) if is_label(source) => Some(source.clone()),
        Some(_) => return Err(("malformed_source", "source is 1 to 64 characters without control characters".into())),
    };
    let attributes = attributes(map.get("attributes"))?;
    let (unit, kind) = (key.pseudonym(&unit), kind.to_owned());
    Ok(NewEvent { event_id, unit, kind, value, occurred_at, source, attributes, replaces })
}

/// Which event an item takes the place of.
fn replaces(map: &Map<String, Value>, own: &EventId) -> Result<Option<Replaces>, Refusal> {
    let named = |field: &'static str| match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => {
            let detail = format!("{field} is the event_id of an event that was sent before");
            EventId::new(text(map, field)?).map(Some).ok_or(("malformed_event_id", detail))
        }
    };
    let (event_id, retracts) = match (named("corrects")?, named("retracts")?) {
        (None, None) => return Ok(None),
        (Some(event_id), None) => (event_id, false),
        (None, Some(event_id)) => (event_id, true),
        (Some(_), Some(_)) => {
            let detail = "an event is corrected or retracted, not both: leave one of the two out";
            return Err(("corrects_and_retracts", detail.into()));
        }
    };
    if event_id == *own {
        let detail = "a correction is an event of its own: give it another event_id than the one that it names";
        return Err(("corrects_itself", detail.into()));
    }
    Ok(Some(Replaces { event_id, retracts }))
}

fn text<'a>(map: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Refusal> {
    match map.get(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(("wrong_type", format!("{name} is a text"))),
        None => Err(("missing_field", format!("{name} is needed"))),
    }
}

fn is_label(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// Facts about the event, never about the person: short labels under short names, kept as sent.
fn attributes(value: Option<&Value>) -> Result<BTreeMap<String, String>, Refusal> {
    let refusal = || {
        let detail = "attributes is an object of at most 8 short texts, numbers or true/false under short names";
        ("malformed_attributes", detail.to_owned())
    };
    match value {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(map)) if map.len() <= 8 => map
            .iter()
            .map(|(name, value)| {
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Bool(_) | Value::Number(_) => value.to_string(),
                    _ => return Err(refusal()),
                };
                // Places are written as names are, and counts may have nine digits: an attribute is about the event.
                let found = crate::identity::recognise(&text);
                let opaque =
                    found.is_none_or(|f| matches!(f, RealIdentifier::PersonName | RealIdentifier::ClientNumber));
                if is_label(name) && is_label(&text) && opaque { Ok((name.clone(), text)) } else { Err(refusal()) }
            })
            .collect(),
        Some(_) => Err(refusal()),
    }
}

/// Reads an RFC 3339 time strictly and checks that it can be true of something that has happened.
///
/// # Errors
/// A stable code and a sentence that names the field.
pub fn read_time(field: &str, text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, (&'static str, String)> {
    let malformed =
        || ("malformed_time", format!("{field} is an RFC 3339 time with its offset, such as 2026-11-23T09:30:00Z"));
    let strict = text.as_bytes().get(10) == Some(&b'T') && !text.ends_with('z') && text.get(17..19) != Some("60");
    let read = strict.then(|| DateTime::parse_from_rfc3339(text).ok()).flatten().ok_or_else(malformed)?;
    let read = read.with_timezone(&Utc).trunc_subsecs(6);
    let earliest = Utc.with_ymd_and_hms(2000, 1, 1, 0, 0, 0).single().unwrap_or_default();
    if read < earliest {
        return Err(("time_out_of_range", format!("{field} lies before the year 2000")));
    }
    if read > now + CLOCK_SKEW {
        return Err((
            "time_in_future",
            format!("{field} lies more than 5 minutes in the future; check the sender's clock"),
        ));
    }
    Ok(read)
}
