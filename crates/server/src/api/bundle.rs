//! What can be computed again elsewhere, once the data are locked: the allocation, and the report.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{HttpResponse, http::header, web::Bytes};
use fairtrial_app::{AppError, trials::bundle::PackedReport};
use futures_core::Stream;

use crate::transport::{Answer, Call};

/// `GET /v1/trials/{trial}/allocation-bundle` and `GET /trials/{trial}/allocation-bundle`
pub(crate) async fn show(call: Call) -> Answer {
    let bundle = call.state.app.allocation_bundle(&call.caller.actor()?, call.part("trial")).await?;
    let name = format!("attachment; filename=\"{}-allocation-bundle.json\"", bundle.trial());
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type("application/json")
        .streaming(Pieces(bundle)))
}

/// `GET /v1/trials/{trial}/report-bundle`
pub(crate) async fn report(call: Call) -> Answer {
    let purpose = call.query.get("purpose").unwrap_or_default();
    let packed = call.state.app.packed_report(&call.caller.actor()?, call.part("trial"), purpose).await?;
    Ok(sent(packed))
}

/// `POST /trials/{trial}/report-bundle`
pub(crate) async fn take_report(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    // Before the form is read: another agency's trial looks like none.
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form(&["purpose"]).await?;
    let packed = state.app.packed_report(&caller.actor()?, &key, form.get("purpose")).await?;
    Ok(sent(packed))
}

/// Bytes of an archive that are handed on at once.
const PIECE: usize = 64 * 1024;

fn sent(packed: PackedReport) -> HttpResponse {
    let PackedReport { trial, archive, place } = packed;
    let length = archive.len() as u64;
    let mut left = Bytes::from(archive);
    let pieces = std::iter::from_fn(move || {
        // It keeps its place until whoever asked has read it, or has gone.
        let _held = &place;
        let piece = left.split_to(left.len().min(PIECE));
        (!piece.is_empty()).then(|| Ok(piece.to_vec()))
    });
    HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{trial}-report-bundle.tar\"")))
        .content_type("application/x-tar")
        .no_chunking(length)
        .streaming(Pieces(pieces))
}

/// Pieces of an answer that are made as they are read: whoever goes away ends the work.
struct Pieces<P>(P);

impl<P: Iterator<Item = Result<Vec<u8>, AppError>> + Unpin> Stream for Pieces<P> {
    type Item = Result<Bytes, AppError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = self.get_mut().0.next();
        if let Some(Err(error)) = &piece {
            tracing::error!(%error, "a bundle could not be written to its end");
        }
        Poll::Ready(piece.map(|piece| piece.map(Bytes::from)))
    }
}
