//! The first administrator.

use actix_web::http::StatusCode;
use fairtrial_app::{AppError, people::accounts::NewAccount};
use fairtrial_pages::administrator::Create;

use super::{faults_of_form, frame::outside, go_to, page, session::add_cookie};
use crate::{
    access::{form_cookie, new_form_cookie},
    problem::Problem,
    transport::{Answer, Call},
};

/// `GET /setup/{token}`
pub(crate) async fn form(call: Call) -> Answer {
    let token = call.part("token").to_owned();
    if !call.state.app.is_setup_token(&token) {
        return Err(Problem::not_found());
    }
    let csrf = form_cookie(call.request(), &call.state).unwrap_or_else(|| call.state.app.ambient().token());
    let form = Create::new(outside(&call.state, &csrf), token);
    let mut response = page(StatusCode::OK, fairtrial_pages::render(&form))?;
    add_cookie(&mut response, &new_form_cookie(&call.state, csrf))?;
    Ok(response)
}

/// `POST /setup`
pub(crate) async fn create(call: Call) -> Answer {
    let (form, state, _) = call.form(&["token", "agency", "name", "email", "password"]).await?;
    let account = NewAccount {
        email: form.get("email").to_owned(),
        name: form.get("name").to_owned(),
        password: form.get("password").to_owned(),
        roles: Vec::new(),
    };
    let agency = form.get("agency").trim();
    match state.app.set_up(form.get("token"), &key_of(agency), agency, &account).await {
        Ok(()) => Ok(go_to("/sign-in")),
        Err(AppError::Unauthenticated) => Err(Problem::not_found()),
        Err(error) => {
            let errors = faults_of_form(error)?;
            let mut again = Create::new(outside(&state, form.get("csrf")), form.get("token").to_owned());
            again.agency.value = agency.to_owned();
            again.name.value = account.name;
            again.email.value = account.email;
            page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&again.refused(errors)))
        }
    }
}

/// A key made from an agency's name: "Te Tāhū o te Ture" becomes `te-tahu-o-te-ture`.
fn key_of(name: &str) -> String {
    let mut key = String::new();
    for letter in name.to_lowercase().chars() {
        let plain = match letter {
            'ā' => 'a',
            'ē' => 'e',
            'ī' => 'i',
            'ō' => 'o',
            'ū' => 'u',
            letter if letter.is_ascii_alphanumeric() => letter,
            _ => '-',
        };
        if plain != '-' || !(key.is_empty() || key.ends_with('-')) {
            key.push(plain);
        }
    }
    key.truncate(64);
    key.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn keys_of_agencies_need_no_escaping() {
        for (name, key) in [
            ("Te Tāhū o te Ture", "te-tahu-o-te-ture"),
            ("  Ministry of Justice (NZ)  ", "ministry-of-justice-nz"),
            ("律", ""),
        ] {
            assert_eq!(key_of(name), key);
        }
    }
}
