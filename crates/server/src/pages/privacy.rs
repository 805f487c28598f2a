//! The privacy checklist of a plan: what it answers already, and what is left to a person.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_pages::{
    Moment,
    frame::Section,
    privacy::{Checklist, Facts, Show, markdown},
};

use super::{frame, page, register::linked};
use crate::{
    problem::Problem,
    transport::{Answer, Call},
};

async fn list(call: &Call) -> Result<Checklist, Problem> {
    let found = call.state.app.privacy(&call.caller.actor()?, call.part("trial")).await?;
    let policy = found.policy;
    let facts = Facts {
        agency: found.agency,
        partners: linked(&call.state, &found.trial),
        release: (policy.base(), policy.suppress_below(), policy.sums_below()),
    };
    Ok(Checklist::of(&found.plan, &facts))
}

/// `GET /trials/{trial}/privacy`
pub(crate) async fn show(call: Call) -> Answer {
    let session = call.caller.session()?;
    let list = list(&call).await?;
    let mut frame = frame::signed_in(&call.state, session, Section::Reviews);
    frame.facts.protocol_id = Some(list.protocol_id.clone());
    page(StatusCode::OK, fairtrial_pages::render(&Show::new(frame, list)))
}

/// `GET /trials/{trial}/privacy.md`
pub(crate) async fn document(call: Call) -> Answer {
    let list = list(&call).await?;
    let zone = call.state.app.trial_of(&call.caller.actor()?, call.part("trial"))?.plan.protocol().time_zone;
    let made = Moment::new(call.state.app.ambient().now(), zone).day();
    // The name of the file is made of the trial's key, which needs no quoting.
    let name = format!("attachment; filename=\"{}-privacy.md\"", list.key);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type("text/markdown; charset=utf-8")
        .body(markdown(&list, &made)))
}
