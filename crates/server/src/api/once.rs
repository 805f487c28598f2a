//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::HeaderMap},
};
use fairtrial_app::{
    AppError, KeyActor,
    frontline::replay::{Named, Replay},
};

use crate::{
    problem::{Code, Problem},
    server::State,
    transport::Answer,
};

const HEADER: &str = "idempotency-key";

/// The name that a caller gave its request: 1 to 255 visible ASCII characters, in quotes as the draft has it or without.
pub(super) fn name(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let wrong =
        || Problem::new(Code::MalformedRequest, "Idempotency-Key is one text of 1 to 255 visible ASCII characters.");
    let mut values = headers.get_all(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| wrong())?;
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if values.next().is_some() || text.is_empty() || text.len() > 255 || !visible {
        return Err(wrong());
    }
    Ok(Some(text.to_owned()))
}

/// Answers a request once: what was answered under its name before is answered again, otherwise the work is done and its answer
/// kept. Without a name the work is done.
pub(super) async fn answer(
    state: &State,
    caller: &KeyActor,
    name: Option<String>,
    request: &[&[u8]],
    work: impl Future<Output = Result<(StatusCode, String), Problem>>,
) -> Answer {
    let named: Option<Named<'_>> = match name {
        None => None,
        Some(name) => {
            match state.app.replay(caller, &name, fairtrial_app::frontline::replay::fingerprint(request)).await {
                Ok(Replay::New(named)) => Some(named),
                // Events wait on this server's disk while the database is away, and are known by names of their own.
                Err(AppError::Unavailable(_)) => None,
                Err(error) => return Err(error.into()),
                Ok(Replay::Known(status, body)) => {
                    let status = StatusCode::from_u16(status).map_err(|_| Problem::internal())?;
                    let mut response = HttpResponse::build(status);
                    return Ok(response
                        .insert_header(("Idempotency-Replayed", "true"))
                        .content_type("application/json")
                        .body(body));
                }
            }
        }
    };
    let (status, body) = work.await?;
    if let Some(named) = named
        && let Err(error) = named.keep(status.as_u16(), body.clone()).await
    {
        // What was asked is done and kept; only a second request would be answered in other words.
        tracing::warn!(error = %error, "an answer was not kept for a second request");
    }
    Ok(HttpResponse::build(status).content_type("application/json").body(body))
}
