//! When the result of a trial is public, for whoever wants to be told and says nothing of themselves.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use chrono::NaiveDate;
use fairtrial_app::public::{register::Entry, result::ResultDue};
use fairtrial_domain::trial::NoticeCode;
use fairtrial_pages::{
    Moment,
    notice::{Due, ShowResult},
};

use super::{
    frame, page,
    register::{kept, public_address},
};
use crate::{
    calendar_file::{AllDay, CalendarFile},
    problem::Problem,
    transport::{Answer, Call},
};

async fn asked(call: &Call) -> Result<(Entry, ResultDue), Problem> {
    let code = NoticeCode::read(call.part("code")).ok_or_else(Problem::not_found)?;
    let entry = call.state.app.trial_of_code(code).await?;
    let due = entry.result_due(call.state.app.ambient().now());
    Ok((entry, due))
}

fn written(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// `GET /t/{code}/result`
pub(crate) async fn show(call: Call) -> Answer {
    let (entry, due) = asked(&call).await?;
    let plan = entry.trial.plan.protocol();
    let due = match due {
        ResultDue::Public(at) => {
            let found = call.state.app.public_results(&entry.trial).await?;
            let sentence = found.map(|results| results.verdict.headline).unwrap_or_default();
            Due::Public(Moment::new(at, plan.time_zone).day(), sentence)
        }
        ResultDue::By(day) => Due::By(written(day)),
        ResultDue::Overdue(day) => Due::Overdue(written(day)),
        ResultDue::Longer(day) => Due::Longer(written(day)),
        ResultDue::Never => Due::Never,
    };
    let frame = frame::outside(&call.state, "");
    let show = ShowResult::new(frame, plan, &entry.agency.name, &entry.code.to_string(), due);
    kept(page(StatusCode::OK, fairtrial_pages::render(&show))?)
}

/// `GET /t/{code}/result.ics`: the day for a calendar; there is no file where no day is known.
pub(crate) async fn calendar(call: Call) -> Answer {
    let (entry, due) = asked(&call).await?;
    let ResultDue::By(day) = due else { return Err(Problem::not_found()) };
    let (trial, code) = (&entry.trial, entry.code.to_string());
    let title = &trial.plan.protocol().title;
    let address = format!("{}/t/{code}/result", public_address(&call));
    let file = CalendarFile {
        product: "Result of a trial",
        name: title,
        stamp: entry.changed(),
        days: vec![AllDay {
            id: format!("result.{}", trial.key()),
            from: day,
            until: day,
            summary: format!("Result of a trial by {} ({code})", entry.agency.name),
            detail: format!("{title}\nThe result is public by today at the latest: {address}"),
            address: Some(address),
        }],
    };
    kept(
        HttpResponse::Ok()
            .content_type("text/calendar; charset=utf-8")
            .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"result-{code}.ics\"")))
            .body(file.text()),
    )
}
