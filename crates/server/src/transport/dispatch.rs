//! From the rows of the route table to answers: method, address, right, handler, in this order.

use std::{panic::AssertUnwindSafe, rc::Rc};

use actix_web::{
    HttpResponse,
    dev::Payload,
    http::{Method, header},
};
use fairtrial_app::KeyActor;
use fairtrial_domain::trial::Scope;
use futures_util::FutureExt;

use super::{
    Answer, Audience, Call, Needs, Opened, Places, Query, Request, percent,
    places::{Parts, Place},
};
use crate::{
    access, api, pages,
    problem::{Code, Problem},
    server::{About, SeenCall, State, Verdict},
};

/// Longest address, in bytes.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// The answer to any request.
pub(crate) async fn respond(places: &Places, request: Request, payload: Payload, state: &Rc<State>) -> HttpResponse {
    let opened = Opened::new(&request, || state.new_id());
    let (place, parts) = match places.find(request.path()) {
        Some((place, Some(parts))) => (place, parts),
        lost => {
            let audience = lost.map_or_else(|| Audience::of(request.path()), |(place, _)| place.audience());
            let problem = check_address(&request).err().unwrap_or_else(Problem::not_found);
            let response = refuse(&problem, audience, &request, state, opened.id());
            return opened.close(&request, response, ("none", audience), state.https);
        }
    };
    let answer = answer(place, parts, request.clone(), payload, Rc::clone(state));
    // A fault in a handler is an answer, not a broken connection. What it left half done is dropped, so a transaction rolls back.
    let answer = AssertUnwindSafe(answer).catch_unwind();
    let answer = fairtrial_app::on_behalf_of(opened.shared_id(), answer).await;
    let response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(mut problem)) => {
            if matches!(problem.code, Code::Overloaded | Code::Unavailable) {
                problem.retry_after = Some(state.patience());
            }
            refuse(&problem, place.audience(), &request, state, opened.id())
        }
        Err(_) => {
            tracing::error!(route = place.path, "a handler panicked");
            refuse(&Problem::internal(), place.audience(), &request, state, opened.id())
        }
    };
    place.counts.add(response.status().as_u16(), opened.began().elapsed());
    opened.close(&request, response, (place.path, place.audience()), state.https)
}

async fn answer(place: &Place, parts: Parts, request: Request, payload: Payload, state: Rc<State>) -> Answer {
    check_address(&request)?;
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, place.allow())).finish());
    }
    let Some(row) = place.row(request.method()) else {
        let mut problem = Problem::new(Code::MethodNotAllowed, format!("The methods here are {}.", place.allow()));
        problem.allow = Some(place.allow());
        return Err(problem);
    };
    if row.audience == Audience::Person && row.method != Method::GET {
        access::check_origin(&request, &state)?;
    }
    let caller = access::caller(&state, &request, row.needs).await?;
    let query = Query::read(request.query(), row.query)?;
    let frontline = matches!(row.needs, Needs::Scope(Scope::Assign | Scope::EventsWrite | Scope::BatchesWrite));
    if !frontline || !state.is_looked_at() {
        return (row.handler)(Call::new(state, query, caller, parts, request, payload)).await;
    }
    let (kept, key, about) = (Rc::clone(&state), caller.key().cloned(), parts.clone());
    let answer = (row.handler)(Call::new(state, query, caller, parts, request, payload)).await;
    if let Ok(key) = key {
        keep(&kept, &key, &about, place.path, &answer);
    }
    answer
}

/// Keeps a call for those who look at the last ones: when, by whom, what kind, and what became of it.
fn keep(state: &State, key: &KeyActor, parts: &Parts, path: &'static str, answer: &Answer) {
    let part = |name: &str| parts.iter().find(|(part, _)| *part == name).map(|(_, text)| text.as_str());
    let about = match (part("trial").or(part("key")), part("touchpoint")) {
        (Some(trial), _) => About::Trial(trial),
        (None, Some(place)) => About::Touchpoint(place),
        (None, None) => About::Agency,
    };
    let (status, verdict) = match answer {
        Ok(response) => {
            let told = response.extensions().get::<Verdict>().map(|verdict| verdict.0.clone());
            (response.status().as_u16(), told.unwrap_or_default())
        }
        Err(problem) => (problem.code.http_status().as_u16(), problem.code.as_str().to_owned()),
    };
    let at = state.app.ambient().now_micros();
    state.tail.keep(key.agency_id, about, &SeenCall { at, key_id: key.id, path, status, verdict });
}

/// Refuses an address that two readers could read in two ways.
fn check_address(request: &Request) -> Result<(), Problem> {
    let address = request.address();
    if address.path_and_query().is_some_and(|text| text.as_str().len() > LONGEST_ADDRESS) {
        let detail = format!("It may have at most {LONGEST_ADDRESS} bytes.");
        return Err(Problem::new(Code::AddressTooLong, detail));
    }
    // Without an escape there is nothing that could be read in two ways: the HTTP library takes plain characters only.
    if !address.path().contains('%') || percent::decode(address.path()).is_some() {
        return Ok(());
    }
    Err(Problem::new(Code::MalformedRequest, "A percent sign in the address does not make a text."))
}

/// Tells a problem in the reader's shape.
fn refuse(problem: &Problem, audience: Audience, request: &Request, state: &State, id: &str) -> HttpResponse {
    if let Some(answer) = api::ofrep::refusal(problem, request.path()) {
        return answer;
    }
    match audience {
        Audience::Person => pages::fault::show(problem, request, state, id),
        Audience::Program => problem.json(id),
    }
}
