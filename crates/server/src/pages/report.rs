//! The report as a page, as a table and as a document: the same numbers in each.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_analysis::Report;
use fairtrial_pages::{
    Moment,
    frame::Section,
    report::{Download, Show},
};

use super::{frame, page};
use crate::{
    problem::{Code, Problem},
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/report`
pub(crate) async fn show(call: Call) -> Answer {
    let (trial, report) = call.state.app.report(&call.caller.actor()?, call.part("trial")).await?;
    let mut frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    frame.facts.as_at = Some(Moment::new(report.as_of, trial.plan.protocol().time_zone));
    frame.facts.protocol_id = Some(report.protocol_id.to_string());
    // The footer names the program already.
    frame.facts.engine = report.engine.strip_prefix("fairtrial ").unwrap_or(&report.engine).to_owned();
    let download = |label: &str, ending: &str| Download {
        label: label.to_owned(),
        address: format!("/trials/{}/report.{ending}", trial.key()),
    };
    let downloads = match report.locked {
        true => vec![download("Numbers as CSV", "csv"), download("The whole report as JSON", "json")],
        false => Vec::new(),
    };
    page(StatusCode::OK, fairtrial_pages::render(&Show::of(frame, &report, None, downloads)))
}

/// `GET /trials/{trial}/report.json`
pub(crate) async fn document(call: Call) -> Answer {
    let report = locked(&call).await?;
    Ok(HttpResponse::Ok().insert_header(attachment(&report, "json")).json(&report))
}

/// `GET /trials/{trial}/report.csv`
pub(crate) async fn table(call: Call) -> Answer {
    let report = locked(&call).await?;
    let text = fairtrial_pages::report::csv(&report).map_err(|error| {
        tracing::error!(%error, "a table could not be written");
        Problem::internal()
    })?;
    Ok(HttpResponse::Ok().insert_header(attachment(&report, "csv")).content_type("text/csv; charset=utf-8").body(text))
}

/// The report, once nothing in it changes any more: whoever takes numbers away should not take passing ones.
async fn locked(call: &Call) -> Result<Report, Problem> {
    let (_, report) = call.state.app.report(&call.caller.actor()?, call.part("trial")).await?;
    if report.locked {
        Ok(report)
    } else {
        Err(Problem::new(Code::Conflict, "Numbers can be taken away once the data are locked."))
    }
}

/// The name of the file is made of the trial's key, which needs no quoting.
fn attachment(report: &Report, ending: &str) -> (header::HeaderName, String) {
    (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}-report.{ending}\"", report.trial))
}
