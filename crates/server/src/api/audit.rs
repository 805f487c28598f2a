//! The head of the audit.

use actix_web::http::StatusCode;
use fairtrial_domain::canonical::hex;
use serde_json::json;

use crate::transport::{self, Answer, Call};

/// `GET /v1/audit/head`
pub(crate) async fn head(call: Call) -> Answer {
    let head = call.state.app.audit_head(&call.caller.actor()?).await?;
    let (size, root) = (head.checkpoint.size, hex(&head.checkpoint.root));
    transport::json(StatusCode::OK, &json!({"size": size, "root": root, "checkpoint": head.text}))
}
