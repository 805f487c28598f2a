//! Accounts of an agency.

use actix_web::http::StatusCode;
use fairtrial_app::people::accounts::{Account, NewAccount};
use fairtrial_domain::trial::PersonRole;
use fairtrial_pages::{
    frame::Section,
    person::{Create, Created, List, Row},
};

use super::{faults_of_form, frame, go_to, page};
use crate::{
    problem::{Code, Problem},
    transport::{Answer, Call},
};

/// Characters of a first password: 120 bits.
const FIRST_PASSWORD: usize = 20;

/// `GET /admin/people`
pub(crate) async fn list(call: Call) -> Answer {
    let session = call.caller.session()?;
    let accounts = call.state.app.accounts(&call.caller.actor()?).await?;
    let row = |account: Account| Row {
        id: account.person.id.to_string(),
        name: account.person.name,
        email: account.person.email,
        roles: account.person.roles,
        seen: None,
        closed: account.disabled,
        own: account.person.id == session.person.id,
    };
    let list = List {
        frame: frame::signed_in(&call.state, session, Section::People),
        people: accounts.into_iter().map(row).collect(),
    };
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

/// `GET /admin/people/new`
pub(crate) async fn new(call: Call) -> Answer {
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::People);
    page(StatusCode::OK, fairtrial_pages::render(&Create::new(frame)))
}

/// `POST /admin/people`
pub(crate) async fn create(call: Call) -> Answer {
    let (form, state, caller) = call.form(&["name", "email", "role"]).await?;
    let roles: Option<Vec<PersonRole>> = form.all("role").iter().map(|word| PersonRole::from_word(word)).collect();
    let not_ours = || Problem::new(Code::InvalidBody, "The form has a choice that its page does not have.");
    let password: String = state.app.ambient().token().chars().take(FIRST_PASSWORD).collect();
    let account = NewAccount {
        email: form.get("email").trim().to_owned(),
        name: form.get("name").trim().to_owned(),
        password: password.clone(),
        roles: roles.ok_or_else(not_ours)?,
    };
    let frame = frame::signed_in(&state, caller.session()?, Section::People);
    let (name, email) = (account.name.clone(), account.email.clone());
    match state.app.create_account(&caller.actor()?, &account).await {
        Ok(_) => page(StatusCode::CREATED, fairtrial_pages::render(&Created { frame, name, email, password })),
        Err(error) => {
            let errors = faults_of_form(error)?;
            let mut again = Create::new(frame);
            again.name.value = name;
            again.email.value = email;
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again.refused(errors)))
        }
    }
}

/// `POST /admin/people/{person}/close`
pub(crate) async fn close(call: Call) -> Answer {
    let id: i64 = call.part("person").parse().map_err(|_| Problem::not_found())?;
    let (_, state, caller) = call.form(&[]).await?;
    let actor = caller.actor()?;
    let accounts = state.app.accounts(&actor).await?;
    let account = accounts.into_iter().find(|account| account.person.id == id).ok_or_else(Problem::not_found)?;
    state.app.change_account(&actor, id, &account.person.roles, true).await?;
    Ok(go_to("/admin/people"))
}
