//! What can be computed again elsewhere, once the data are locked: the allocation, and the report.

use actix_web::{HttpResponse, http::header};
use fairtrial_analysis::bundle::ReportBundle;

use crate::{
    problem::Problem,
    transport::{Answer, Call},
};

/// `GET /v1/trials/{trial}/allocation-bundle` and `GET /trials/{trial}/allocation-bundle`
pub(crate) async fn show(call: Call) -> Answer {
    let bundle = call.state.app.allocation_bundle(&call.caller.actor()?, call.part("trial")).await?;
    let name = format!("attachment; filename=\"{}-allocation-bundle.json\"", bundle.trial);
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_DISPOSITION, name)).json(&bundle))
}

/// `GET /v1/trials/{trial}/report-bundle`
pub(crate) async fn report(call: Call) -> Answer {
    let purpose = call.query.get("purpose").unwrap_or_default();
    packed(&call.state.app.report_bundle(&call.caller.actor()?, call.part("trial"), purpose).await?)
}

/// `POST /trials/{trial}/report-bundle`
pub(crate) async fn take_report(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    // Before the form is read: another agency's trial looks like none.
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form(&["purpose"]).await?;
    packed(&state.app.report_bundle(&caller.actor()?, &key, form.get("purpose")).await?)
}

fn packed(bundle: &ReportBundle) -> Answer {
    let name = format!("attachment; filename=\"{}-report-bundle.tar\"", bundle.trial());
    let archive = bundle.to_tar().map_err(|error| {
        tracing::error!(%error, "a bundle could not be written");
        Problem::internal()
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type("application/x-tar")
        .body(archive))
}
