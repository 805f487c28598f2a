//! Opt-outs, written down for people who call, come in or write. The person's code is read here and goes no further.

use actix_web::http::StatusCode;
use fairtrial_app::{
    Actor, AppError,
    frontline::{opt_out::OptOutCall, same_person::KEEPERS_OF_NAMES},
};
use fairtrial_domain::{
    UnitText,
    note::{CodeWord, OptOutKind},
};
use fairtrial_pages::{
    component::ErrorSummary,
    frame::Section,
    opt_out::{CHANNELS, Create, Created, WHAT},
};

use super::{faults_of_form, frame, page};
use crate::{
    problem::Problem,
    server::State,
    transport::{Answer, Call, Form},
};

/// `GET /optouts`
pub(crate) async fn form(call: Call) -> Answer {
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::OptOuts);
    let trials = trials(&call.state, &call.caller.actor()?)?;
    let may_part =
        KEEPERS_OF_NAMES.iter().any(|role| call.caller.session().is_ok_and(|session| session.person.has(*role)));
    let empty = Create::new(frame, trials, |_| String::new(), ErrorSummary::default()).with_names(may_part);
    page(StatusCode::OK, fairtrial_pages::render(&empty))
}

/// The trials that somebody can leave.
fn trials(state: &State, actor: &Actor) -> Result<Vec<(String, String)>, Problem> {
    let started = state.app.trials_of(actor)?.into_iter().filter(|trial| trial.state.has_started());
    Ok(started.map(|trial| (trial.key().to_owned(), trial.plan.protocol().title.clone())).collect())
}

/// `POST /optouts`
pub(crate) async fn record(call: Call) -> Answer {
    let (form, state, caller) = call.form(&["what", "unit", "kind", "trial", "channel"]).await?;
    let actor = caller.actor()?;
    let frame = frame::signed_in(&state, caller.session()?, Section::OptOuts);
    let done = match asked(&form) {
        Ok((asked, withdrawn)) => {
            let reference = match withdrawn {
                true => state.app.withdraw_opt_out(&actor, &asked).await,
                false => state.app.opt_out(&actor, &asked).await,
            };
            reference.map(|reference| (reference, withdrawn, asked.kind))
        }
        Err(fault) => Err(fault),
    };
    // What is not there is not there for this code: said at its field, without the code.
    let done = done.map_err(|error| match error {
        AppError::NotFound("opt-out") => {
            AppError::invalid("/unit", "not_found", "no such wish is on record for this code; check it with the person")
        }
        other => other,
    });
    match done {
        Ok((reference, withdrawn, kind)) => {
            let made = Created::new(frame, &reference, withdrawn, kind);
            page(StatusCode::CREATED, fairtrial_pages::render(&made))
        }
        Err(error) => {
            let errors = faults_of_form(error)?;
            let given = |name: &str| if name == "unit" { String::new() } else { form.get(name).to_owned() };
            let again = Create::new(frame, trials(&state, &actor)?, given, errors);
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
        }
    }
}

/// What the form asks for, and whether it takes an earlier wish back.
fn asked(form: &Form) -> Result<(OptOutCall, bool), AppError> {
    let missing = |field: &str, detail: &str| AppError::invalid(&format!("/{field}"), "missing_field", detail);
    let what = form.get("what");
    if !WHAT.iter().any(|(word, ..)| *word == what) {
        return Err(missing("what", "choose what the person wants"));
    }
    let unit = UnitText::new(form.get("unit").trim())
        .map_err(|error| AppError::invalid("/unit", "malformed_unit", error.to_string()))?;
    let kind = OptOutKind::from_word(form.get("kind")).ok_or_else(|| missing("kind", "choose what it is about"))?;
    let channel = form.get("channel");
    let channel = CHANNELS.iter().find(|(word, _)| *word == channel).and_then(|(word, _)| CodeWord::new(word).ok());
    let channel = channel.ok_or_else(|| missing("channel", "choose how they told you"))?;
    let trial = Some(form.get("trial").to_owned()).filter(|key| !key.is_empty());
    Ok((OptOutCall { unit, kind, trial, channel }, what == "withdraw"))
}
