//! The allocation for anybody to draw again, once the data are locked.

use actix_web::{HttpResponse, http::header};

use crate::transport::{Answer, Call};

/// `GET /v1/trials/{trial}/allocation-bundle` and `GET /trials/{trial}/allocation-bundle`
pub(crate) async fn show(call: Call) -> Answer {
    let bundle = call.state.app.allocation_bundle(&call.caller.actor()?, call.part("trial")).await?;
    let name = format!("attachment; filename=\"{}-allocation-bundle.json\"", bundle.trial);
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_DISPOSITION, name)).json(&bundle))
}
