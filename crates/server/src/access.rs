//! Who calls: a program by its key, a person by their session, or nobody.

use std::sync::Arc;

use actix_web::{
    cookie::{Cookie, SameSite},
    http::header::{self, HeaderName},
};
use fairtrial_app::{Actor, KeyActor, Person, people::sessions::Session};
use fairtrial_domain::trial::Scope;

use crate::{
    problem::{Code, Problem},
    server::State,
    transport::{Needs, Request},
};

/// Where a program may show its key, beside the standard header.
static API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Who calls, as far as a row wants to know.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Nobody who is known.
    Nobody,
    /// A program.
    Key(KeyActor),
    /// A person, by their session.
    Person(Arc<Session>),
}

impl Caller {
    /// The program's key.
    ///
    /// # Errors
    /// When no key was shown, which a row that needs one does not let pass.
    pub(crate) fn key(&self) -> Result<&KeyActor, Problem> {
        match self {
            Self::Key(key) => Ok(key),
            _ => Err(no_key("Send a key.")),
        }
    }

    /// The session.
    ///
    /// # Errors
    /// When nobody is signed in, which a row that needs somebody does not let pass.
    pub(crate) fn session(&self) -> Result<&Session, Problem> {
        match self {
            Self::Person(session) => Ok(session),
            _ => Err(not_signed_in()),
        }
    }

    /// Who asks, for the use cases.
    ///
    /// # Errors
    /// When nobody does.
    pub(crate) fn actor(&self) -> Result<Actor, Problem> {
        match self {
            Self::Nobody => Err(not_signed_in()),
            Self::Key(key) => Ok(Actor::Key(key.clone())),
            Self::Person(session) => Ok(Actor::Person(session.person.clone())),
        }
    }

    /// Whether a form brought back what its page was given: the session's text, or before signing in the browser's own.
    pub(crate) fn check_form(&self, token: &str, cookie: Option<&str>) -> Result<(), Problem> {
        let own = match self {
            Self::Person(session) => session.is_own_form(token),
            _ => cookie.is_some_and(|cookie| cookie == token),
        };
        if own { Ok(()) } else { Err(forged("The form is too old, or was not opened here.")) }
    }
}

/// Finds out who calls and whether they may.
pub(crate) async fn caller(state: &State, request: &Request, needs: Needs) -> Result<Caller, Problem> {
    match needs {
        Needs::Nothing => Ok(Caller::Nobody),
        Needs::Scope(scope) => Ok(Caller::Key(key(state, request, scope)?)),
        Needs::Visitor => match session(state, request).await {
            Err(problem) if problem.code == Code::Unauthenticated => Ok(Caller::Nobody),
            session => Ok(Caller::Person(session?)),
        },
        Needs::Person(roles) => {
            let session = session(state, request).await?;
            let person: &Person = &session.person;
            if roles.is_empty() || roles.iter().any(|role| person.has(*role)) {
                return Ok(Caller::Person(session));
            }
            let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            let detail = format!("This needs one of the roles: {}.", names.join(", "));
            Err(Problem::new(Code::Forbidden, detail))
        }
    }
}

/// The key that was shown. Whoever shows two shows one too many: which one counts must not depend on the reader.
fn key(state: &State, request: &Request, scope: Scope) -> Result<KeyActor, Problem> {
    let headers = request.headers();
    let mut shown = None;
    let mut show = |token| match shown.replace(token) {
        Some(other) if other != token => Err(no_key("Two different keys were sent.")),
        _ => Ok(()),
    };
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| no_key("The header Authorization is no plain text."))?;
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(no_key("The header Authorization must begin with Bearer."));
        }
        show(token.trim())?;
    }
    for value in headers.get_all(&API_KEY) {
        show(value.to_str().map_err(|_| no_key("The header X-API-Key is no plain text."))?.trim())?;
    }
    let token = shown.ok_or_else(|| no_key("No key was sent."))?;
    let key = state.app.key_actor(token)?;
    // Whoever may write plans may read them.
    if !(scope == Scope::TrialsRead && key.scopes.contains(Scope::TrialsWrite)) {
        key.needs(scope)?;
    }
    Ok(key)
}

async fn session(state: &State, request: &Request) -> Result<Arc<Session>, Problem> {
    let cookie = session_cookie(request, state).ok_or_else(not_signed_in)?;
    // In a box: a program's call would carry the room for it along.
    Ok(Arc::new(Box::pin(state.app.session(&cookie)).await?))
}

/// Refuses what another site makes a browser send. Browsers say where a request comes from; programs say nothing, and have
/// no cookie that somebody could misuse.
pub(crate) fn check_origin(request: &Request, state: &State) -> Result<(), Problem> {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let own = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => match &state.public_url {
            Some(public) => origin == public,
            None => text("host").is_some_and(|host| origin.strip_prefix("http://") == Some(host)),
        },
        (None, None) => true,
    };
    if own { Ok(()) } else { Err(forged("The form was sent from another site.")) }
}

fn forged(detail: &str) -> Problem {
    Problem::new(Code::ForgedForm, detail)
}

fn no_key(detail: &str) -> Problem {
    Problem::new(Code::Unauthenticated, detail)
}

fn not_signed_in() -> Problem {
    Problem::new(Code::Unauthenticated, "Nobody is signed in.")
}

/// The cookie with a session in it.
pub(crate) fn session_cookie(request: &Request, state: &State) -> Option<String> {
    only_cookie(request, name(state, "__Host-fairtrial", "fairtrial"))
}

/// The cookie by which a browser is recognised before anybody signs in.
pub(crate) fn form_cookie(request: &Request, state: &State) -> Option<String> {
    only_cookie(request, name(state, "__Host-fairtrial-form", "fairtrial-form"))
}

/// A cookie that was sent once; two of one name are none, because it is not known who set the second.
fn only_cookie(request: &Request, name: &str) -> Option<String> {
    let cookies = request.cookies()?;
    let mut named = cookies.iter().filter(|cookie| cookie.name() == name);
    let (cookie, None) = (named.next()?, named.next()) else { return None };
    // The tokens that we hand out have 43 characters; anything else is not one of them.
    let ours = |text: &&str| text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    Some(cookie.value()).filter(ours).map(str::to_owned)
}

/// With https the name itself makes browsers insist on https, this host and the whole site.
fn name<'a>(state: &State, https: &'a str, plain: &'a str) -> &'a str {
    if state.https { https } else { plain }
}

pub(crate) fn new_session_cookie(state: &State, value: String) -> Cookie<'static> {
    cookie(state, name(state, "__Host-fairtrial", "fairtrial"), value)
}

pub(crate) fn new_form_cookie(state: &State, value: String) -> Cookie<'static> {
    cookie(state, name(state, "__Host-fairtrial-form", "fairtrial-form"), value)
}

/// The cookie that takes a session's place when it ends.
pub(crate) fn ended_session_cookie(state: &State) -> Cookie<'static> {
    let mut cookie = new_session_cookie(state, String::new());
    cookie.make_removal();
    cookie
}

fn cookie(state: &State, name: &str, value: String) -> Cookie<'static> {
    Cookie::build(name.to_owned(), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.https)
        .finish()
}
