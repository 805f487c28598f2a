//! The versions of a plan, and amendments.

use actix_web::http::StatusCode;
use fairtrial_app::{
    AppError,
    trials::{amend::VersionView, guide, life::Move},
};
use fairtrial_domain::{
    LockedProtocol,
    trial::{DataSeen, PersonRole, Verb},
};
use fairtrial_pages::{
    Moment,
    component::{ErrorSummary, Fault},
    frame::Section,
    trial::{Amend, Change, Version, Versions},
};
use serde_json::Value;

use super::{frame, go_to, page};
use crate::{
    problem::{Code, Problem},
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/versions`
pub(crate) async fn list(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let trial = call.state.app.trial_of(&actor, call.part("trial"))?;
    let versions = call.state.app.versions(&actor, trial.key()).await?;
    let plan = trial.plan.protocol();
    let mut frame = frame::signed_in(&call.state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let list = Versions {
        frame,
        key: trial.key().to_owned(),
        title: plan.title.clone(),
        versions: versions.iter().rev().map(|version| shown(version, |at| Moment::new(at, plan.time_zone))).collect(),
        may_amend: trial.state.after(Verb::Amend).is_ok() && session.person.has(PersonRole::Designer),
    };
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

fn shown(version: &VersionView, moment: impl Fn(chrono::DateTime<chrono::Utc>) -> Moment) -> Version {
    let standing = serde_json::to_value(version.standing).ok().and_then(|word| word.as_str().map(str::to_owned));
    let amendment = version.amendment.as_ref();
    Version {
        number: version.version,
        standing: standing.unwrap_or_default(),
        protocol_id: version.plan.id().to_string(),
        proposed: moment(version.proposed_at),
        in_force: version.in_force_from.map(&moment),
        amendment: amendment.map(|a| (a.name.clone(), a.reason.clone(), a.class, a.data_seen)),
        changes: told_of(version),
    }
}

/// What differs from one plan to another, as people read it, by the questions of the steps where they fit both.
pub(super) fn told(before: &LockedProtocol, after: &LockedProtocol) -> Vec<Change> {
    Change::between(before, after, |pointer| {
        guide::asked_at(before.protocol(), pointer).and_then(|_| guide::asked_at(after.protocol(), pointer))
    })
}

/// What a version changed in the one that it replaced; nothing for the first.
pub(super) fn told_of(version: &VersionView) -> Vec<Change> {
    version.amendment.iter().flat_map(|amendment| told(&amendment.replaces, &version.plan)).collect()
}

/// `GET /trials/{trial}/amend`
pub(crate) async fn form(call: Call) -> Answer {
    let trial = call.state.app.trial_of(&call.caller.actor()?, call.part("trial"))?;
    let document: Value = serde_json::from_str(trial.plan.canonical()).map_err(|_| Problem::internal())?;
    let document = serde_json::to_string_pretty(&document).map_err(|_| Problem::internal())?;
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::Trials);
    let (key, id) = (trial.key().to_owned(), trial.plan.id().to_string());
    page(StatusCode::OK, fairtrial_pages::render(&Amend::new(frame, key, id, document, ErrorSummary::default())))
}

/// `POST /trials/{trial}/amend`
pub(crate) async fn amend(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let (form, state, caller) = call.form_with_texts(&["protocol_id", "document", "data_seen", "reason"]).await?;
    let mut asked = Move::plain(Verb::Amend, form.get("reason"));
    let id = form.get("protocol_id").to_owned();
    let seen =
        id.parse().map_err(|_| Problem::new(Code::InvalidBody, "The form does not name the plan of its page."))?;
    asked.protocol_id = Some(seen);
    asked.document = Some(form.get("document").as_bytes().to_vec());
    asked.data_seen = DataSeen::from_word(form.get("data_seen"));
    match state.app.move_trial(&caller.actor()?, &key, &asked).await {
        Ok(_) => Ok(go_to(&format!("/trials/{key}/versions"))),
        Err(AppError::Invalid(faults)) => {
            let of_form = ["/reason", "/data_seen"];
            let faults = faults.into_iter().map(|fault| match of_form.contains(&fault.pointer.as_str()) {
                true => Fault::from(fault),
                false => Fault { field: Some("document".into()), ..Fault::from(fault) },
            });
            let errors = ErrorSummary { faults: faults.collect() };
            let frame = frame::signed_in(&state, caller.session()?, Section::Trials);
            let again = Amend::new(frame, key, id, form.get("document").to_owned(), errors);
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}
