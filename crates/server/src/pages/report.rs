//! The report as a page, as a table and as a document: the same numbers in each.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_analysis::Report;
use fairtrial_pages::{
    Moment,
    component::{Notice, NoticeKind},
    frame::Section,
    report::{Download, Show},
};

use super::{frame, page};
use crate::{
    api::report::{changes, with_changes},
    problem::{Code, Problem},
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/report`
pub(crate) async fn show(call: Call) -> Answer {
    let actor = call.caller.actor()?;
    let (trial, report) = call.state.app.report(&actor, call.part("trial")).await?;
    let mut frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    let changes = changes(&call.state.app, &actor, trial.key()).await?.len();
    if changes > 0 {
        let times = if changes == 1 { "once".to_owned() } else { format!("{changes} times") };
        frame.notice = Some(Notice {
            kind: NoticeKind::Important,
            heading: format!("Changed after start: {times}"),
            body: Some(
                "The versions of the plan say what was changed, when, why, and what had been seen by then.".into(),
            ),
        });
    }
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
    let document = with_changes(&call.state.app, &call.caller.actor()?, call.part("trial"), &report).await?;
    Ok(HttpResponse::Ok().insert_header(attachment(&report, "json")).json(&document))
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
