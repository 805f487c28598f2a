//! A person's own account.

use actix_web::http::StatusCode;
use fairtrial_app::{AppError, people::sessions::Session};
use fairtrial_pages::{account::Show, frame::Section};

use super::{faults_of_form, frame, go_to, page};
use crate::{
    access::ended_session_cookie,
    pages::session::add_cookie,
    problem::Problem,
    server::State,
    transport::{Answer, Call},
};

/// `GET /account`
pub(crate) async fn show(call: Call) -> Answer {
    let account = shown(&call.state, call.caller.session()?).await?;
    page(StatusCode::OK, fairtrial_pages::render(&account))
}

async fn shown(state: &State, session: &Session) -> Result<Show, Problem> {
    let person = &session.person;
    let changed = state.app.password_changed_at(person).await?;
    let frame = frame::signed_in(state, session, Section::Account);
    let agency = frame.signed_in.as_ref().map(|person| person.agency.clone()).unwrap_or_default();
    let (name, email, roles) = (person.name.clone(), person.email.clone(), person.roles.clone());
    Ok(Show::of(frame, name, email, agency, roles, frame::moment(changed)))
}

/// `POST /account/password`
pub(crate) async fn change_password(call: Call) -> Answer {
    let (form, state, caller) = call.form(&["current", "new"]).await?;
    match state.app.change_password(&caller.actor()?, form.get("current"), form.get("new")).await {
        Ok(()) => {
            let mut response = go_to("/sign-in");
            add_cookie(&mut response, &ended_session_cookie(&state))?;
            Ok(response)
        }
        Err(error @ AppError::Invalid(_)) => {
            let again = shown(&state, caller.session()?).await?.refused(faults_of_form(error)?);
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}
