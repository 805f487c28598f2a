//! Taking back that two names are one person's. The names are read here and go no further.

use actix_web::http::StatusCode;
use fairtrial_app::{AppError, frontline::apart::ApartCall};
use fairtrial_domain::{UnitText, event::EventId, note::CodeWord};
use fairtrial_pages::{
    component::ErrorSummary,
    frame::Section,
    identity::{Part, REASONS},
};

use super::{faults_of_form, frame, page};
use crate::transport::{Answer, Call, Form};

/// `GET /names`
pub(crate) async fn form(call: Call) -> Answer {
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::OptOuts);
    page(StatusCode::OK, fairtrial_pages::render(&Part::new(frame, "", ErrorSummary::default())))
}

/// `POST /names`
pub(crate) async fn part(call: Call) -> Answer {
    let (form, state, caller) = call.form(&["unit", "same_as", "reason"]).await?;
    let actor = caller.actor()?;
    let frame = frame::signed_in(&state, caller.session()?, Section::OptOuts);
    let done = match asked(&form, &state.app.ambient().token()) {
        Ok(asked) => state.app.part_units(&actor, &asked).await,
        Err(fault) => Err(fault),
    };
    // What is not linked is not linked under these names: said at their field, without the names.
    let done = done.map_err(|error| match error {
        AppError::NotFound(_) => AppError::invalid(
            "/same_as",
            "not_found",
            "these two names are not known as one person; look whether each is written as your system sends it",
        ),
        AppError::Conflict { code: code @ "linked_through_others", detail } => {
            AppError::invalid("/same_as", code, detail)
        }
        other => other,
    });
    match done {
        Ok(receipt) => page(StatusCode::CREATED, fairtrial_pages::render(&Part::parted(frame, receipt.left_out_in))),
        Err(error) => {
            let again = Part::new(frame, form.get("reason"), faults_of_form(error)?);
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
        }
    }
}

fn asked(form: &Form, token: &str) -> Result<ApartCall, AppError> {
    let unit = |name: &str| {
        UnitText::new(form.get(name).trim())
            .map_err(|error| AppError::invalid(&format!("/{name}"), "malformed_unit", error.to_string()))
    };
    let reason = form.get("reason");
    let reason = REASONS.iter().find(|(word, _)| *word == reason).and_then(|(word, _)| CodeWord::new(word).ok());
    let missing = || AppError::invalid("/reason", "missing_field", "choose why they are not one person");
    let event_id = EventId::new(&format!("page-{token}"));
    let event_id = event_id.ok_or_else(|| AppError::Internal("the name of a note".into()))?;
    Ok(ApartCall { event_id, unit: unit("unit")?, same_as: unit("same_as")?, reason: reason.ok_or_else(missing)? })
}
