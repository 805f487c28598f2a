//! A problem, told to a person.

use actix_web::HttpResponse;
use fairtrial_pages::fault::{Reason, Show};

use super::frame::{bare, outside};
use crate::{
    pages::session,
    problem::{Code, Problem},
    server::State,
    transport::Request,
};

/// The page for a problem, with the problem's status. Whoever is not signed in gets the form for it instead.
pub(crate) fn show(problem: &Problem, request: &Request, state: &State, id: &str) -> HttpResponse {
    if problem.code == Code::Unauthenticated {
        return session::asked_to_sign_in(request, state);
    }
    let reason = reason(problem);
    let reference = (problem.code == Code::Internal).then(|| id.to_owned());
    let page = Show { frame: outside(state, ""), reason, reference };
    match fairtrial_pages::render(&page) {
        Ok(html) => problem.head().content_type("text/html; charset=utf-8").body(html),
        // Without a page there is still the problem itself.
        Err(_) => problem.json(id),
    }
}

/// The page while the server waits for its database.
pub(crate) fn without_database(problem: &Problem) -> HttpResponse {
    match fairtrial_pages::render(&Show { frame: bare(), reason: Reason::Unavailable, reference: None }) {
        Ok(html) => problem.head().content_type("text/html; charset=utf-8").body(html),
        Err(_) => problem.json(""),
    }
}

fn reason(problem: &Problem) -> Reason {
    match problem.code {
        Code::NotFound => Reason::NotFound,
        Code::ForgedForm => Reason::Stale,
        Code::Forbidden => Reason::NotAllowed(needed(&problem.detail)),
        Code::Conflict => Reason::Conflict(problem.detail.clone()),
        Code::Internal => Reason::Broken,
        Code::Overloaded | Code::Unavailable => Reason::Unavailable,
        _ => Reason::NotUnderstood(problem.detail.clone()),
    }
}

/// What would be needed, as the page's sentence goes on after "It needs".
fn needed(detail: &str) -> String {
    let detail = detail.trim_end_matches('.');
    match detail.strip_prefix("This needs ") {
        Some(needed) => needed.to_owned(),
        None => {
            let mut letters = detail.chars();
            let first = letters.next().map(|first| first.to_lowercase().collect::<String>()).unwrap_or_default();
            format!("somebody else: {first}{}", letters.as_str())
        }
    }
}
