//! A batch as the spool holds it: pseudonyms and what happened, as in the database, and nothing that the sender called anybody.

use std::collections::BTreeMap;

use chrono::DateTime;
use fairtrial_domain::{
    Decimal, Pseudonym,
    event::{EventId, NewEvent, Replaces, Sender},
};
use serde::{Deserialize, Serialize};

use crate::{error::StoreError, writer::RecordRequest};

#[derive(Serialize, Deserialize)]
struct Batch {
    agency: i64,
    key: i64,
    refused: usize,
    received: i64,
    events: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
struct Event {
    id: String,
    unit: [u8; 16],
    kind: String,
    value: Option<i64>,
    occurred: i64,
    source: Option<String>,
    attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    corrects: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retracts: Option<String>,
}

/// As bytes.
pub(crate) fn write(request: &RecordRequest) -> Result<Vec<u8>, StoreError> {
    let replaced = |event: &NewEvent, retracts: bool| {
        let replaces = event.replaces.as_ref().filter(|replaces| replaces.retracts == retracts);
        replaces.map(|replaces| replaces.event_id.as_str().to_owned())
    };
    let event = |event: &NewEvent| Event {
        id: event.event_id.as_str().to_owned(),
        unit: *event.unit.bytes(),
        kind: event.kind.clone(),
        value: event.value.map(Decimal::millionths),
        occurred: event.occurred_at.timestamp_micros(),
        source: event.source.clone(),
        attributes: event.attributes.clone(),
        corrects: replaced(event, false),
        retracts: replaced(event, true),
    };
    let batch = Batch {
        agency: request.agency_id,
        key: request.sender.number(),
        refused: request.refused,
        received: request.received_at,
        events: request.events.iter().map(event).collect(),
    };
    serde_json::to_vec(&batch).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// From bytes.
pub(crate) fn read(record: &[u8]) -> Result<RecordRequest, StoreError> {
    let damaged = || StoreError::Damaged("a batch in the spool".into());
    let batch: Batch = serde_json::from_slice(record).map_err(|_| damaged())?;
    let event = |event: Event| {
        Some(NewEvent {
            event_id: EventId::kept(event.id)?,
            unit: Pseudonym::from_bytes(&event.unit)?,
            kind: event.kind,
            value: match event.value {
                None => None,
                Some(millionths) => Some(Decimal::from_millionths(millionths)?),
            },
            occurred_at: DateTime::from_timestamp_micros(event.occurred)?,
            source: event.source,
            attributes: event.attributes,
            replaces: match event.corrects.or_else(|| event.retracts.clone()) {
                None => None,
                Some(id) => Some(Replaces { event_id: EventId::kept(id)?, retracts: event.retracts.is_some() }),
            },
        })
    };
    Ok(RecordRequest {
        agency_id: batch.agency,
        sender: Sender::from_number(batch.key),
        events: batch.events.into_iter().map(event).collect::<Option<_>>().ok_or_else(damaged)?,
        refused: batch.refused,
        received_at: batch.received,
        promised: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairtrial_domain::trial::LinkId;

    #[test]
    fn a_batch_comes_back_as_it_went() {
        let link = LinkId::from_random([7; 8]);
        let plain = EventId::new("payment-1").unwrap();
        let event = |event_id: EventId, value, attributes| NewEvent {
            event_id,
            unit: Pseudonym::from_bytes(&[7; 16]).unwrap(),
            kind: "money.came".into(),
            value,
            occurred_at: DateTime::from_timestamp_micros(1_795_425_600_123_456).unwrap(),
            source: None,
            attributes,
            replaces: None,
        };
        let marked = plain.within(&link);
        let request = RecordRequest {
            agency_id: 3,
            sender: Sender::Key(4),
            events: vec![
                event(plain, Decimal::from_millionths(-1_500_000), BTreeMap::from([("channel".into(), "māti".into())])),
                event(marked.clone(), None, BTreeMap::new()),
                NewEvent {
                    replaces: Some(Replaces { event_id: marked, retracts: true }),
                    ..event(EventId::new("taken-back").unwrap(), None, BTreeMap::new())
                },
                NewEvent {
                    replaces: Some(Replaces { event_id: EventId::new("payment-1").unwrap(), retracts: false }),
                    ..event(EventId::new("corrected").unwrap(), None, BTreeMap::new())
                },
            ],
            refused: 2,
            received_at: 5,
            promised: true,
        };
        let again = read(&write(&request).unwrap()).unwrap();
        assert_eq!(again.events, request.events);
        assert_eq!((again.agency_id, again.sender, again.refused, again.received_at), (3, Sender::Key(4), 2, 5));
        assert!(read(b"{}").is_err() && read(b"").is_err());
    }
}
