//! Whether the server lives.

use actix_web::http::StatusCode;
use serde_json::json;

use crate::transport::{self, Answer, Call};

/// The program answers; says nothing about its database.
pub(crate) async fn alive(_: Call) -> Answer {
    transport::json(StatusCode::OK, &json!({"status": "alive", "version": env!("CARGO_PKG_VERSION")}))
}

/// The program can do its work: the database answers.
pub(crate) async fn ready(call: Call) -> Answer {
    call.state.app.check_ready().await?;
    transport::json(StatusCode::OK, &json!({"status": "ready"}))
}
