//! The head of the audit, for people.

use actix_web::http::StatusCode;
use fairtrial_domain::canonical::hex;
use fairtrial_pages::{audit::Show, frame::Section};

use super::{frame, page};
use crate::transport::{Answer, Call};

/// `GET /audit`
pub(crate) async fn show(call: Call) -> Answer {
    let head = call.state.app.audit_head(&call.caller.actor()?).await?;
    let mut frame = frame::signed_in(&call.state, call.caller.session()?, Section::Account);
    frame.facts.as_at = Some(frame::moment(call.state.app.ambient().now()));
    let size = u64::try_from(head.checkpoint.size).unwrap_or_default();
    let show = Show { frame, size, root: hex(&head.checkpoint.root), checkpoint: head.text };
    page(StatusCode::OK, fairtrial_pages::render(&show))
}
