//! The description of the API for tools.

use actix_web::HttpResponse;

use crate::transport::{Answer, Call};

/// The OpenAPI document, as it stands in the repository.
pub(crate) const OPENAPI: &str = include_str!("../../../../docs/openapi.json");

/// Serves the document.
pub(crate) async fn openapi(_: Call) -> Answer {
    Ok(HttpResponse::Ok().content_type("application/json").body(OPENAPI))
}
