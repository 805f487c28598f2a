//! Signing in and out.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_app::AppError;
use fairtrial_pages::session::{Refused, SignIn};

use super::{frame::outside, go_to, page};
use crate::{
    access::{Caller, ended_session_cookie, form_cookie, new_form_cookie, new_session_cookie, session_cookie},
    problem::Problem,
    server::State,
    transport::{Answer, Call, Request},
};

/// `GET /sign-in`
pub(crate) async fn form(call: Call) -> Answer {
    let next = call.query.get("next").filter(|next| is_own_address(next)).map(str::to_owned);
    if matches!(call.caller, Caller::Person(_)) {
        return Ok(go_to(next.as_deref().unwrap_or("/")));
    }
    shown(StatusCode::OK, call.request(), &call.state, "", None, next)
}

/// The form in the place of a page that needs somebody, with the way back to it.
pub(crate) fn asked_to_sign_in(request: &Request, state: &State) -> HttpResponse {
    let next = (request.method() == "GET" || request.method() == "HEAD").then(|| request.path().to_owned());
    let next = next.filter(|next| is_own_address(next));
    shown(StatusCode::UNAUTHORIZED, request, state, "", None, next).unwrap_or_else(|problem| problem.head().finish())
}

/// The form, which brings back what the browser keeps in a cookie: another site knows neither.
pub(super) fn shown(
    status: StatusCode,
    request: &Request,
    state: &State,
    email: &str,
    refused: Option<Refused>,
    next: Option<String>,
) -> Answer {
    let token = form_cookie(request, state).unwrap_or_else(|| state.app.ambient().token());
    let form = SignIn::new(outside(state, &token), email, refused, next);
    let mut response = page(status, fairtrial_pages::render(&form))?;
    add_cookie(&mut response, &new_form_cookie(state, token))?;
    Ok(response)
}

pub(super) fn add_cookie(response: &mut HttpResponse, cookie: &actix_web::cookie::Cookie<'_>) -> Result<(), Problem> {
    response.add_cookie(cookie).map_err(|_| Problem::internal())
}

/// `POST /sign-in`
pub(crate) async fn sign_in(call: Call) -> Answer {
    let request = call.request().clone();
    let (form, state, _) = call.form(&["email", "password", "next"]).await?;
    let next = Some(form.get("next")).filter(|next| is_own_address(next));
    let again =
        |status, refused| shown(status, &request, &state, form.get("email"), Some(refused), next.map(str::to_owned));
    match state.app.sign_in(form.get("email"), form.get("password")).await {
        Ok(session) => {
            // Whoever signs in again leaves the session before.
            if let Some(before) = session_cookie(&request, &state) {
                state.app.sign_out(&before).await?;
            }
            let mut response = go_to(next.unwrap_or("/"));
            add_cookie(&mut response, &new_session_cookie(&state, session.cookie))?;
            Ok(response)
        }
        Err(AppError::Unauthenticated) => again(StatusCode::UNAUTHORIZED, Refused::NoMatch),
        Err(AppError::TooManyAttempts { seconds }) => {
            let minutes = u32::try_from(seconds.max(1).div_euclid(60)).unwrap_or(u32::MAX).saturating_add(1);
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, Refused::TooMany(minutes))?;
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds.max(1)));
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /sign-out`
pub(crate) async fn sign_out(call: Call) -> Answer {
    let cookie = session_cookie(call.request(), &call.state);
    let (_, state, _) = call.form(&[]).await?;
    if let Some(cookie) = cookie {
        state.app.sign_out(&cookie).await?;
    }
    let mut response = go_to("/sign-in");
    add_cookie(&mut response, &ended_session_cookie(&state))?;
    Ok(response)
}

/// Whether an address lies within this site: a browser reads `//host` and `/\host` as another one.
fn is_own_address(address: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.".contains(&b);
    address.starts_with('/') && !address.starts_with("//") && address.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::is_own_address;

    #[test]
    fn the_way_back_stays_here() {
        assert!(is_own_address("/trials/open-door"));
        for bad in ["//evil", "/\\evil", "https://evil", "javascript:alert(1)", "", "trials", "/a\r\nb", "/%2f%2fevil"]
        {
            assert!(!is_own_address(bad), "{bad}");
        }
    }
}
