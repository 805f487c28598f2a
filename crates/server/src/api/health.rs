//! Whether the server lives.

use actix_web::http::StatusCode;
use serde_json::json;

use crate::transport::{self, Answer, Call};

/// The program answers; says nothing about its database.
pub(crate) async fn alive(_: Call) -> Answer {
    transport::json(StatusCode::OK, &json!({"status": "alive", "version": env!("CARGO_PKG_VERSION")}))
}
