//! Taking outcome events in.

use std::cell::OnceCell;

use actix_web::http::StatusCode;
use fairtrial_app::frontline::record::Receipt;
use fairtrial_domain::{Fault, event::MAX_BATCH};
use serde::Serialize;

use super::{
    event_formats::{MEDIA_TYPES, items},
    once,
};
use crate::{
    problem::{Code, Problem},
    server::Verdict,
    transport::{Answer, Call, Limit},
};

#[derive(Serialize)]
struct Shown<'a> {
    accepted: usize,
    duplicate: usize,
    rejected: usize,
    #[serde(skip_serializing_if = "is_none")]
    spooled: usize,
    results: Vec<Item<'a>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct Item<'a> {
    index: usize,
    event_id: Option<&'a str>,
    status: u16,
    code: &'static str,
    detail: &'a str,
}

/// `POST /v1/events`
pub(crate) async fn record(call: Call) -> Answer {
    take(call, None).await
}

/// Takes a batch in, by the agency's own door or through a link.
pub(super) async fn take(call: Call, link: Option<String>) -> Answer {
    let (state, caller) = (call.state.clone(), call.caller.clone());
    let dry_run = call.query.is_true("dry_run")?;
    // Where nothing is kept, no answer is either. Nor is one while the database is away: events are known by their own names.
    let is_away = state.app.waiting_for_database().is_some_and(|(is_away, _)| is_away);
    let keeps = !dry_run && !is_away && caller.key().is_ok_and(|key| key.live);
    let name = once::name(call.headers())?.filter(|_| keeps);
    let (media_type, bytes) = call.body(&MEDIA_TYPES, Limit::BATCH).await?;
    let items = items(media_type, &bytes)?;
    if items.len() > MAX_BATCH {
        let detail = format!("A batch holds at most {MAX_BATCH} events.");
        return Err(Problem::new(Code::BodyTooLarge, detail));
    }
    if items.is_empty() {
        let fault = Fault::new("/events", "batch_size", "a batch holds at least one event");
        return Err(Problem::with_errors(Code::InvalidBody, vec![fault]));
    }
    let key = caller.key()?;
    let door = link.as_deref().unwrap_or("events");
    let request = [door.as_bytes(), media_type.as_bytes(), &bytes];
    let told = OnceCell::new();
    let answer = once::answer(&state, key, name, &request, async {
        let receipt = match &link {
            None => state.app.record(key, &items, dry_run).await?,
            Some(link) => state.app.record_linked(key, link, &items, dry_run).await?,
        };
        if state.is_looked_at() {
            let _ = told.set(verdict(&receipt));
        }
        let shown = serde_json::to_string(&shown(&receipt)).map_err(|_| Problem::internal())?;
        Ok((status(&receipt), shown))
    });
    let mut answer = answer.await?;
    if let Some(told) = told.into_inner() {
        answer.extensions_mut().insert(told);
    }
    Ok(answer)
}

/// What became of a batch, for those who look at the last calls.
fn verdict(receipt: &Receipt) -> Verdict {
    let Receipt { accepted, duplicate, rejected, .. } = receipt;
    Verdict(format!("{accepted} new, {duplicate} repeated, {rejected} refused"))
}

/// 200 when all was kept, now or before; 202 when all is kept and waits for the database; 207 when some was refused, 422 when everything was.
fn status(receipt: &Receipt) -> StatusCode {
    match (receipt.rejected, receipt.accepted + receipt.duplicate) {
        (0, _) if receipt.spooled > 0 => StatusCode::ACCEPTED,
        (0, _) => StatusCode::OK,
        (_, 0) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    }
}

fn shown(receipt: &Receipt) -> Shown<'_> {
    let results = receipt
        .results
        .iter()
        .map(|result| Item {
            index: result.index,
            event_id: result.event_id.as_ref().map(|id| id.as_str()),
            status: result.status,
            code: result.code,
            detail: &result.detail,
        })
        .collect();
    let Receipt { accepted, duplicate, rejected, spooled, .. } = *receipt;
    Shown { accepted, duplicate, rejected, spooled, results }
}
