//! The checklist of CONSORT 2025, answered from the record of a trial: for its agency, and for everybody once the results are public.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_analysis::release::ReleasedReport;
use fairtrial_app::{public::register::Registered, trials::release::AgencyReport};
use fairtrial_pages::{
    Moment,
    checklist::{self, Checklist, Reader, Record, Show},
    frame::Section,
    register::{Approval, PlanChange, Standing},
};

use super::{
    frame, page,
    records::records_kept,
    register::{approvals, changes, decision, kept, standing},
};
use crate::{
    problem::Problem,
    transport::{Answer, Call},
};

/// Everything that the answers are read from.
struct Found {
    reader: Reader,
    registered: Registered,
    report: ReleasedReport,
    standing: Standing,
    approvals: Vec<Approval>,
    changes: Vec<PlanChange>,
    decision: Vec<String>,
}

impl Found {
    async fn of(call: &Call, reader: Reader, registered: Registered, report: ReleasedReport) -> Result<Self, Problem> {
        let why = call.state.app.why_ended(&registered.entry.trial).await?;
        Ok(Self {
            reader,
            standing: standing(&registered, why),
            approvals: approvals(&registered),
            changes: changes(&registered),
            decision: decision(&registered),
            registered,
            report,
        })
    }

    fn record(&self) -> Record<'_> {
        let trial = &self.registered.entry.trial;
        let plan = trial.plan.protocol();
        Record {
            reader: self.reader,
            plan,
            protocol_id: trial.plan.id(),
            agency: &self.registered.entry.agency.name,
            standing: &self.standing,
            approvals: &self.approvals,
            changes: &self.changes,
            report: Some(&self.report),
            published: trial.published_at.map(|at| Moment::new(at, plan.time_zone)),
            decision: &self.decision,
            records: records_kept(trial),
        }
    }
}

/// What the agency's people may see, by the rules of the report.
async fn for_agency(call: &Call) -> Result<Found, Problem> {
    let (app, actor, key) = (&call.state.app, call.caller.actor()?, call.part("trial"));
    let seen = app.report_as_others_see_it(&actor, key).await?.report;
    let AgencyReport::Released(report) = seen else { return Err(Problem::internal()) };
    let mut registered = app.registered(key).await?;
    if let Some(followed) = app.decision(&actor, key).await? {
        (registered.decision, registered.became) = (Some(followed.decided), followed.reports);
    }
    Found::of(call, Reader::Agency, registered, *report).await
}

/// What everybody may see: nothing before the results are public.
async fn for_all(call: &Call) -> Result<Found, Problem> {
    let mut registered = call.state.app.registered(call.part("trial")).await?;
    let report = registered.results.take().ok_or_else(Problem::not_found)?;
    Found::of(call, Reader::Public, registered, report).await
}

/// `GET /trials/{trial}/checklist`
pub(crate) async fn show(call: Call) -> Answer {
    let found = for_agency(&call).await?;
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    told(&found, frame)
}

/// `GET /register/{trial}/checklist`
pub(crate) async fn public(call: Call) -> Answer {
    let found = for_all(&call).await?;
    kept(told(&found, frame::outside(&call.state, ""))?)
}

fn told(found: &Found, mut frame: fairtrial_pages::Frame) -> Answer {
    let record = found.record();
    frame.facts.as_at = Some(Moment::new(found.report.as_of, record.plan.time_zone));
    frame.facts.protocol_id = Some(record.protocol_id.to_string());
    page(StatusCode::OK, fairtrial_pages::render(&Show::of(frame, &record)))
}

/// `GET /trials/{trial}/checklist.csv`
pub(crate) async fn table(call: Call) -> Answer {
    // Asked first: passing answers are not taken away, like passing numbers.
    call.state.app.report_to_take_away(&call.caller.actor()?, call.part("trial")).await?;
    file(&for_agency(&call).await?)
}

/// `GET /register/{trial}/checklist.csv`
pub(crate) async fn public_table(call: Call) -> Answer {
    kept(file(&for_all(&call).await?)?)
}

fn file(found: &Found) -> Answer {
    let record = found.record();
    let text = checklist::csv(&Checklist::of(&record)).map_err(|error| {
        tracing::error!(%error, "a table could not be written");
        Problem::internal()
    })?;
    // The name of the file is made of the trial's key, which needs no quoting.
    let name = format!("attachment; filename=\"{}-checklist.csv\"", record.plan.key);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type("text/csv; charset=utf-8")
        .body(text))
}
