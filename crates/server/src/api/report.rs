//! What was learned.

use actix_web::http::StatusCode;

use crate::transport::{self, Answer, Call};

/// `GET /v1/trials/{trial}/report`
pub(crate) async fn show(call: Call) -> Answer {
    let (_, report) = call.state.app.agency_report(&call.caller.actor()?, call.part("trial")).await?;
    transport::json(StatusCode::OK, &report)
}
