//! The plan of a draft as a document.

use actix_web::http::StatusCode;
use fairtrial_app::{AppError, Trial, trials::guide::fits};
use fairtrial_pages::{component::Fault, frame::Section, protocol::Edit};
use serde_json::Value;

use super::{frame, go_to, page};
use crate::{
    access::Caller,
    problem::{Code, Problem},
    server::State,
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/document`
pub(crate) async fn form(call: Call) -> Answer {
    let trial = call.state.app.trial_of(&call.caller.actor()?, call.part("trial"))?;
    if !trial.state.is_draft() {
        return Err(Problem::new(Code::Conflict, "Only a draft can be changed. Ask for it to be returned first."));
    }
    let document: Value = serde_json::from_str(trial.plan.canonical()).map_err(|_| Problem::internal())?;
    let document = serde_json::to_string_pretty(&document).map_err(|_| Problem::internal())?;
    let edit = shown(&call.state, &call.caller, &trial, trial.plan.id().to_string(), document, Vec::new())?;
    page(StatusCode::OK, fairtrial_pages::render(&edit))
}

fn shown(
    state: &State,
    caller: &Caller,
    trial: &Trial,
    seen: String,
    document: String,
    faults: Vec<Fault>,
) -> Result<Edit, Problem> {
    let plan = trial.plan.protocol();
    let mut frame = frame::signed_in(state, caller.session()?, Section::Trials);
    frame.facts.protocol_id = Some(seen);
    Ok(Edit::new(frame, (trial.key(), &plan.title), fits(plan), document, faults))
}

/// `POST /trials/{trial}/document`
pub(crate) async fn replace(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    // Before the form is read: another agency's trial looks like none.
    let trial = call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form_with_texts(&["protocol_id", "file", "document"]).await?;
    let id = form.get("protocol_id").to_owned();
    let seen =
        id.parse().map_err(|_| Problem::new(Code::InvalidBody, "The form does not name the plan of its page."))?;
    let document = [form.get("file"), form.get("document")].into_iter().find(|text| !text.trim().is_empty());
    let document = document.unwrap_or_default();
    match state.app.replace_seen_plan(&caller.actor()?, &key, &seen, document.as_bytes()).await {
        Ok(()) => Ok(go_to(&format!("/trials/{key}"))),
        Err(AppError::Invalid(faults)) => {
            let faults = faults.into_iter().map(Fault::from).collect();
            let again = shown(&state, &caller, &trial, id, document.to_owned(), faults)?;
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}
