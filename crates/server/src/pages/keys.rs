//! Keys of frontline apps and other programs.

use actix_web::http::StatusCode;
use fairtrial_app::people::api_keys::NewKey;
use fairtrial_domain::trial::Scope;
use fairtrial_pages::{
    frame::Section,
    key::{Create, Created, List, Row},
};

use super::{faults_of_form, frame, go_to, page};
use crate::{
    problem::{Code, Problem},
    transport::{Answer, Call},
};

/// `GET /admin/keys`
pub(crate) async fn list(call: Call) -> Answer {
    let keys = call.state.app.keys(&call.caller.actor()?).await?;
    let row = |key: fairtrial_app::people::api_keys::KeyView| Row {
        id: key.public_id,
        name: key.name,
        live: key.live,
        scopes: key.scopes,
        created: frame::moment(key.created_at),
        used: key.last_used_at.map(frame::moment),
        revoked: key.revoked_at.map(frame::moment),
    };
    let list = List {
        frame: frame::signed_in(&call.state, call.caller.session()?, Section::Keys),
        keys: keys.into_iter().map(row).collect(),
    };
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

/// `GET /admin/keys/new`
pub(crate) async fn new(call: Call) -> Answer {
    let frame = frame::signed_in(&call.state, call.caller.session()?, Section::Keys);
    page(StatusCode::OK, fairtrial_pages::render(&Create::new(frame)))
}

/// `POST /admin/keys`
pub(crate) async fn create(call: Call) -> Answer {
    let (form, state, caller) = call.form(&["name", "environment", "scope"]).await?;
    let not_ours = || Problem::new(Code::InvalidBody, "The form has a choice that its page does not have.");
    let live = match form.get("environment") {
        "live" => true,
        // The safer of the two, when nothing was chosen.
        "test" | "" => false,
        _ => return Err(not_ours()),
    };
    let scopes: Option<Vec<Scope>> = form.all("scope").iter().map(|word| Scope::from_word(word)).collect();
    let scopes = scopes.ok_or_else(not_ours)?;
    let name = form.get("name").trim().to_owned();
    let acts_as_owner = scopes.contains(&Scope::TrialsWrite);
    let frame = frame::signed_in(&state, caller.session()?, Section::Keys);
    let key = NewKey { name: name.clone(), live, scopes, acts_as_owner };
    match state.app.create_key(&caller.actor()?, &key).await {
        Ok(token) => page(StatusCode::CREATED, fairtrial_pages::render(&Created { frame, name, token })),
        Err(error) => {
            let errors = faults_of_form(error)?;
            let mut again = Create::new(frame);
            again.name.value = name;
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again.refused(errors)))
        }
    }
}

/// `POST /admin/keys/{key}/revoke`
pub(crate) async fn revoke(call: Call) -> Answer {
    let key = call.part("key").to_owned();
    let (_, state, caller) = call.form(&[]).await?;
    state.app.revoke_key(&caller.actor()?, &key).await?;
    Ok(go_to("/admin/keys"))
}
