//! The report as a page, as a table and as a document: the same numbers in each.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use chrono::{NaiveDate, TimeZone};
use chrono_tz::Tz;
use fairtrial_analysis::release::ReleasedReport;
use fairtrial_app::{Actor, trials::release::AgencyReport};
use fairtrial_domain::trial::PersonRole;
use fairtrial_pages::{
    Moment,
    chart::{EnrolmentPlan, EnrolmentPoint},
    component::{Notice, NoticeKind},
    decision,
    frame::Section,
    report::{Decided, Download, Show, ShowReleased},
};

use super::{frame, page};
use crate::{
    api::report::{changes, read_day, with_changes},
    problem::{Code, Problem},
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/report`
pub(crate) async fn show(call: Call) -> Answer {
    let actor = call.caller.actor()?;
    if let Some(day) = call.query.get("as_at") {
        return as_at(&call, &actor, day).await;
    }
    let app = &call.state.app;
    let others = match call.query.get("view") {
        None => false,
        Some("agency") => true,
        Some(_) => return Err(Problem::new(Code::MalformedRequest, "view is agency, or is left out.")),
    };
    let view = match others {
        true => app.report_as_others_see_it(&actor, call.part("trial")).await?,
        false => app.agency_report(&actor, call.part("trial")).await?,
    };
    let trial = &view.trial;
    let zone = trial.plan.protocol().time_zone;
    let (as_of, id, engine, locked) = match &view.report {
        AgencyReport::Inside(report) => (report.as_of, &report.protocol_id, &report.engine, report.locked),
        AgencyReport::Released(report) => (report.as_of, &report.protocol_id, &report.engine, report.locked),
    };
    let mut frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    frame.notice = changed_notice(changes(app, &actor, trial.key()).await?.len());
    frame.facts.as_at = Some(Moment::new(as_of, zone));
    frame.facts.protocol_id = Some(id.to_string());
    // The footer names the program already.
    frame.facts.engine = engine.strip_prefix("fairtrial ").unwrap_or(engine).to_owned();
    let decided = app.decision(&actor, trial.key()).await?.map(|found| Decided {
        what: decision::words::decided(found.decided.decision).to_owned(),
        by: found.name(found.decided.person_id),
        at: Moment::new(found.decided.at, zone),
        reason: Some(found.decided.reason).filter(|reason| !reason.is_empty()),
    });
    let analyst = call.caller.session()?.person.has(PersonRole::Analyst);
    let downloads = downloads(trial.key(), locked, matches!(view.report, AgencyReport::Inside(_)));
    let course = view.course.as_ref();
    let text = match &view.report {
        AgencyReport::Inside(report) => {
            let entered = app.enrolment(&actor, trial.key()).await?;
            let mut show = Show::of(frame, report, decided, downloads)
                .inside()
                .entered(&points(&entered, zone), EnrolmentPlan::of(trial.plan.protocol()))
                .came_together(report, course);
            if locked && trial.deletion.is_none() {
                show = show.with_evidence();
            }
            fairtrial_pages::render(&show)
        }
        AgencyReport::Released(report) => {
            let show = ShowReleased::of(frame, report, course, decided, downloads);
            fairtrial_pages::render(&if analyst { show.for_analyst() } else { show })
        }
    };
    page(StatusCode::OK, text)
}

/// What is said above the report of a trial whose plan was changed in what counts after the start.
fn changed_notice(changes: usize) -> Option<Notice> {
    let times = if changes == 1 { "once".to_owned() } else { format!("{changes} times") };
    (changes > 0).then(|| Notice {
        kind: NoticeKind::Important,
        heading: format!("Changed after start: {times}"),
        body: Some("The versions of the plan say what was changed, when, why, and what had been seen by then.".into()),
    })
}

/// The same report in other forms; none before the data are locked.
fn downloads(key: &str, locked: bool, inside: bool) -> Vec<Download> {
    let download =
        |label: &str, file: &str| Download { label: label.to_owned(), address: format!("/trials/{key}/{file}") };
    if !locked {
        return Vec::new();
    }
    let mut files = vec![
        download("Spreadsheet with rounded numbers, to pass on", "report.xlsx"),
        download("Rounded numbers as CSV, to pass on", "released.csv"),
        download(
            "What a report of a trial should tell, answered from the record (checklist of CONSORT 2025)",
            "checklist",
        ),
    ];
    files.extend(match inside {
        true => vec![
            download("Exact numbers as CSV, for analysts of the agency alone", "report.csv"),
            download("The whole report as JSON, in exact numbers, for analysts of the agency alone", "report.json"),
        ],
        false => vec![download("The whole report as JSON, in rounded numbers, to pass on", "report.json")],
    });
    files
}

/// The report as the data stood at the end of a day: without a decision and without downloads, which belong to the verdict.
async fn as_at(call: &Call, actor: &Actor, day: &str) -> Answer {
    let found = call.state.app.report_as_at(actor, call.part("trial"), read_day(day)?).await?;
    let (zone, report) = (found.trial.plan.protocol().time_zone, &found.report);
    let mut frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    let until = Moment::new(found.until, zone);
    frame.notice = Some(Notice {
        kind: NoticeKind::Important,
        heading: "This is not the verdict".into(),
        body: Some(format!(
            "It is what the data would have said as they stood on {until}: what had been received by then, with every correction up to \
             then. The verdict is the report that was frozen when the data were locked."
        )),
    });
    frame.facts.as_at = Some(until);
    frame.facts.protocol_id = Some(report.protocol_id.to_string());
    frame.facts.engine = report.engine.strip_prefix("fairtrial ").unwrap_or(&report.engine).to_owned();
    page(StatusCode::OK, fairtrial_pages::render(&Show::of(frame, report, None, Vec::new())))
}

/// The ends of days, with how many people had been assigned by then.
pub(super) fn points(entered: &[(NaiveDate, u64)], zone: Tz) -> Vec<EnrolmentPoint> {
    let Some((first, _)) = entered.first() else { return Vec::new() };
    let end = |day: NaiveDate| {
        let noon = day.and_hms_opt(12, 0, 0).unwrap_or_default();
        zone.from_local_datetime(&noon).earliest().unwrap_or_else(|| zone.from_utc_datetime(&noon))
    };
    entered
        .iter()
        .map(|(day, assigned)| EnrolmentPoint {
            at: Moment::new(end(*day).to_utc(), zone),
            seconds: u64::try_from((*day - *first).num_seconds()).unwrap_or(0) + 86_400,
            assigned: *assigned,
        })
        .collect()
}

/// `GET /trials/{trial}/report.json`: exact for analysts, rounded for everybody else.
pub(crate) async fn document(call: Call) -> Answer {
    let report = locked(&call).await?;
    let document = with_changes(&call.state.app, &call.caller.actor()?, call.part("trial"), &report).await?;
    Ok(HttpResponse::Ok().insert_header(attachment(call.part("trial"), "json")).json(&document))
}

/// `GET /trials/{trial}/report.csv`: exact for analysts, rounded for everybody else.
pub(crate) async fn table(call: Call) -> Answer {
    let report = match locked(&call).await? {
        AgencyReport::Inside(report) => report,
        AgencyReport::Released(report) => return released(&report),
    };
    let text = fairtrial_pages::report::csv(&report).map_err(|error| {
        tracing::error!(%error, "a table could not be written");
        Problem::internal()
    })?;
    let name = attachment(report.trial.as_str(), "csv");
    Ok(HttpResponse::Ok().insert_header(name).content_type("text/csv; charset=utf-8").body(text))
}

/// `GET /trials/{trial}/report.xlsx`
pub(crate) async fn spreadsheet(call: Call) -> Answer {
    let report = call.state.app.report_to_take_away(&call.caller.actor()?, call.part("trial")).await?;
    workbook(&report)
}

/// `GET /trials/{trial}/released.csv`
pub(crate) async fn released_table(call: Call) -> Answer {
    let report = call.state.app.report_to_take_away(&call.caller.actor()?, call.part("trial")).await?;
    released(&report)
}

/// A released report as CSV.
pub(super) fn released(report: &ReleasedReport) -> Answer {
    let text = fairtrial_pages::report::released_csv(report).map_err(|error| {
        tracing::error!(%error, "a table could not be written");
        Problem::internal()
    })?;
    let name = format!("attachment; filename=\"{}-released.csv\"", report.trial);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type("text/csv; charset=utf-8")
        .body(text))
}

/// A released report as a file of Excel's.
pub(super) fn workbook(report: &ReleasedReport) -> Answer {
    let bytes = fairtrial_pages::report::workbook(report).map_err(|error| {
        tracing::error!(%error, "a workbook could not be written");
        Problem::internal()
    })?;
    // The name of the file is made of the trial's key, which needs no quoting.
    let name = format!("attachment; filename=\"{}-report.xlsx\"", report.trial);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        .body(bytes))
}

/// The report as whoever asks may have it, once nothing in it changes any more: whoever takes numbers away should not take
/// passing ones.
async fn locked(call: &Call) -> Result<AgencyReport, Problem> {
    let seen = call.state.app.agency_report(&call.caller.actor()?, call.part("trial")).await?.report;
    let locked = match &seen {
        AgencyReport::Inside(report) => report.locked,
        AgencyReport::Released(report) => report.locked,
    };
    if locked {
        Ok(seen)
    } else {
        Err(Problem::new(Code::Conflict, "Numbers can be taken away once the data are locked."))
    }
}

/// The name of the file is made of the trial's key, which needs no quoting.
fn attachment(trial: &str, ending: &str) -> (header::HeaderName, String) {
    (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{trial}-report.{ending}\""))
}
