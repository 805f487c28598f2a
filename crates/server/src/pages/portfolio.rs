//! All trials of an agency at a glance.

use actix_web::http::StatusCode;
use fairtrial_app::learned::portfolio::Line as Found;
use fairtrial_pages::{
    Moment,
    chart::Life,
    frame::Section,
    portfolio::{Line, Show},
};

use super::{frame, page, reviews};
use crate::transport::{Answer, Call};

/// `GET /portfolio`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let lines = call.state.app.portfolio(&actor).await?;
    let attention = reviews::attention(session, &call.state.app.attention(&actor).await?);
    let agency = call.state.app.agency_of(&actor)?.name;
    let mut frame = frame::signed_in(&call.state, session, Section::Portfolio);
    frame.facts.as_at = Some(frame::moment(call.state.app.ambient().now()));
    let now = frame::moment(call.state.app.ambient().now());
    let show = Show::new(frame, &agency, lines.iter().map(line).collect(), attention, now);
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

fn line(found: &Found) -> Line {
    let (trial, plan) = (&found.trial, found.trial.plan.protocol());
    let moment = |at| Moment::new(at, plan.time_zone);
    let cost = found.finding.as_ref().map(|finding| &finding.cost);
    let totals = cost.and_then(|cost| cost.arms.iter().map(|arm| arm.total).sum::<Option<f64>>());
    let extra = cost.and_then(|cost| cost.comparisons.iter().filter_map(|more| more.extra_per_unit).reduce(f64::max));
    Line {
        life: Life {
            title: plan.title.clone(),
            drafted: moment(trial.created_at),
            started: trial.started_at.map(moment),
            ended: trial.ended_at.map(moment),
            answered: trial.locked_at.map(moment),
        },
        cost: totals,
        extra: extra.map(|extra| 1_000.0 * extra),
        key: found.trial.key().to_owned(),
        title: plan.title.clone(),
        state: found.trial.state,
        people: found.people,
        started: found.has_started(),
        verdict: found.finding.as_ref().map(|finding| finding.verdict),
        days: found.days_to_answer.and_then(|days| u64::try_from(days).ok()),
        decision: found.decision.as_ref().map(|decided| decided.decision),
        adoption: found.adoption.last().map(|report| report.status),
        awaited: found.awaited.map(|at| Moment::new(at, plan.time_zone)),
    }
}
