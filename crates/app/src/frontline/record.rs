//! Taking outcome events in, each exactly once.

use fairtrial_domain::{
    event::{EventId, MAX_BATCH, Rejection, screen},
    trial::Scope,
};
use fairtrial_store::{RecordRequest, Recorded};
use serde_json::Value;

use crate::{
    error::AppError,
    state::{App, actor::KeyActor},
};

/// What became of an item that was not taken as new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// Position in the batch, from 0.
    pub index: usize,
    /// The sender's name for it, where it could be read.
    pub event_id: Option<EventId>,
    /// HTTP status of this item: 200 for a repeat, 409 for a conflict, 422 for one that is refused.
    pub status: u16,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// New events, kept.
    pub accepted: usize,
    /// Events that were kept before, the same.
    pub duplicate: usize,
    /// Events not kept.
    pub rejected: usize,
    /// The items that were not taken as new, in their order.
    pub results: Vec<ItemResult>,
}

impl App {
    /// Takes a batch in. When this returns, what it calls accepted survives a loss of power.
    ///
    /// With `dry_run`, or a test key, items are screened and nothing is kept.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for an empty or too long batch, [`AppError::Busy`] and [`AppError::Unavailable`] when nothing
    /// could be kept: send the same batch again later.
    pub async fn record(&self, caller: &KeyActor, items: &[Value], dry_run: bool) -> Result<Receipt, AppError> {
        caller.needs(Scope::EventsWrite)?;
        if items.is_empty() || items.len() > MAX_BATCH {
            return Err(AppError::invalid("/events", "batch_size", format!("a batch holds 1 to {MAX_BATCH} events")));
        }
        let directory = self.directory.load_full();
        let agency = directory.agency(caller.agency_id)?;
        let screened = screen(items, &agency.catalogue, &agency.pseudonym_key, self.ambient.now());
        let mut receipt = Receipt::default();
        receipt.results.extend(screened.rejections.into_iter().map(refused));
        let keep = caller.live && !dry_run;
        let (indexes, events): (Vec<usize>, Vec<_>) = screened.events.into_iter().unzip();
        if !keep {
            receipt.accepted = events.len();
        } else {
            let ids: Vec<EventId> = events.iter().map(|event| event.event_id.clone()).collect();
            let request = RecordRequest {
                agency_id: caller.agency_id,
                key_id: caller.id,
                events,
                refused: receipt.results.len(),
                received_at: self.ambient.now_micros(),
            };
            let answer = self.store.record(request).await?;
            for ((index, event_id), recorded) in indexes.into_iter().zip(ids).zip(answer.0) {
                match recorded {
                    Recorded::New(_) => receipt.accepted += 1,
                    Recorded::Duplicate => receipt.results.push(repeat(index, event_id)),
                    Recorded::Conflict => receipt.results.push(conflict(index, event_id)),
                }
            }
        }
        receipt.results.sort_by_key(|result| result.index);
        receipt.duplicate = receipt.results.iter().filter(|result| result.status == 200).count();
        receipt.rejected = receipt.results.len() - receipt.duplicate;
        Ok(receipt)
    }
}

fn refused(rejection: Rejection) -> ItemResult {
    let Rejection { index, event_id, status, code, detail } = rejection;
    ItemResult { index, event_id, status, code, detail }
}

fn repeat(index: usize, event_id: EventId) -> ItemResult {
    let detail = "this event was kept before; nothing changed".into();
    ItemResult { index, event_id: Some(event_id), status: 200, code: "duplicate", detail }
}

fn conflict(index: usize, event_id: EventId) -> ItemResult {
    let detail = "another event has this event_id; the first one stands. Give each event an id of its own".into();
    ItemResult { index, event_id: Some(event_id), status: 409, code: "event_id_conflict", detail }
}
