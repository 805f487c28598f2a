//! What a handler gives back.

use actix_web::{HttpResponse, http::StatusCode};
use serde::Serialize;

use crate::problem::Problem;

/// A response, or why there is none.
pub type Answer = Result<HttpResponse, Problem>;

/// A response with a JSON body.
///
/// # Errors
/// Never; the type is that of a handler.
pub fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    Ok(HttpResponse::build(status).json(body))
}
