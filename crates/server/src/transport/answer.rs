//! What a handler gives back.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderValue},
    },
};
use serde::Serialize;

use crate::problem::Problem;

/// A response, or why there is none.
pub type Answer = Result<HttpResponse, Problem>;

static JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Bytes that hold what a frontline app is told of one person.
pub(crate) const USUAL_SIZE: usize = 512;

/// A response with a JSON body.
///
/// # Errors
/// When the body cannot be written as JSON, which is our fault.
pub fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let mut text = Vec::with_capacity(USUAL_SIZE);
    serde_json::to_writer(&mut text, body).map_err(|_| Problem::internal())?;
    Ok(HttpResponse::build(status).insert_header((CONTENT_TYPE, JSON.clone())).body(text))
}

/// The same with a body that is written already.
pub(crate) fn json_text(body: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, JSON.clone())).body(body)
}
