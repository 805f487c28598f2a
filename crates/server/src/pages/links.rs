//! Links by which another agency sends outcomes: for those who propose them and those who accept them.

use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use fairtrial_app::{
    Actor, Trial,
    people::sessions::Session,
    trials::link::{LinkStanding, LinkView, OWNERS, PARTNERS, may_be_linked},
};
use fairtrial_domain::trial::{Authority, LinkTerms};
use fairtrial_pages::{
    Moment,
    component::ErrorSummary,
    frame::Section,
    link::{List, Proposal, Row},
};

use super::{faults_of_form, frame, go_to, page};
use crate::{
    problem::Problem,
    server::State,
    transport::{Answer, Call, Form},
};

const FIELDS: [&str; 7] =
    ["partner", "events", "authority", "reference", "expires_at-day", "expires_at-month", "expires_at-year"];

const RIGHTS: [(Authority, &str); 3] = [
    (Authority::Agreement, "An approved information sharing agreement"),
    (Authority::Consent, "The people concerned have agreed"),
    (Authority::Statute, "A law says so"),
];

/// By what right, in words.
pub(super) fn right(authority: Authority) -> &'static str {
    RIGHTS.iter().find(|(right, _)| *right == authority).map_or("", |(_, words)| words)
}

/// `GET /links`
pub(crate) async fn list(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let rows = call.state.app.links(&actor)?.iter().map(|link| row(&call.state, session, link)).collect();
    let frame = frame::signed_in(&call.state, session, Section::Trials);
    page(StatusCode::OK, fairtrial_pages::render(&List::of_agency(frame, rows)))
}

/// `GET /trials/{trial}/links`
pub(crate) async fn of_trial(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let trial = call.state.app.trial_of(&actor, call.part("trial"))?;
    let form = proposal(&call.state, session, &trial);
    let shown = shown(&call.state, session, &actor, &trial, form, ErrorSummary::default())?;
    page(StatusCode::OK, fairtrial_pages::render(&shown))
}

/// `POST /trials/{trial}/links`
pub(crate) async fn propose(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let (form, state, caller) = call.form(&FIELDS).await?;
    let (session, actor) = (caller.session()?, caller.actor()?);
    let trial = state.app.trial_of(&actor, &key)?;
    let done = match terms(&form) {
        Ok(terms) => state.app.propose_link(&actor, &key, form.get("partner"), terms).await.map(|_| ()),
        Err(faults) => Err(fairtrial_app::AppError::Invalid(faults)),
    };
    let Err(error) = done else { return Ok(go_to(&format!("/trials/{key}/links"))) };
    let mut errors = faults_of_form(error)?;
    for fault in &mut errors.faults {
        // One of several kinds of event is a fault of the question.
        fault.field = fault.field.take().map(|name| name.split('/').next().unwrap_or_default().to_owned());
    }
    let until = ["expires_at-day", "expires_at-month", "expires_at-year"].map(|name| form.get(name));
    let again = proposal(&state, session, &trial).map(|empty| {
        empty.typed(form.get("partner"), form.all("events"), form.get("authority"), form.get("reference"), until)
    });
    let shown = shown(&state, session, &actor, &trial, again, errors)?;
    page(StatusCode::UNPROCESSABLE_ENTITY, fairtrial_pages::render(&shown))
}

/// `POST /links/{link}/accept`
pub(crate) async fn accept(call: Call) -> Answer {
    let link = call.part("link").to_owned();
    let (_, state, caller) = call.form(&[]).await?;
    state.app.accept_link(&caller.actor()?, &link).await?;
    Ok(go_to("/links"))
}

/// `POST /links/{link}/end`
pub(crate) async fn end(call: Call) -> Answer {
    let link = call.part("link").to_owned();
    let (_, state, caller) = call.form(&[]).await?;
    state.app.end_link(&caller.actor()?, &link).await?;
    Ok(go_to("/links"))
}

fn shown(
    state: &State,
    session: &Session,
    actor: &Actor,
    trial: &Trial,
    form: Option<Proposal>,
    errors: ErrorSummary,
) -> Result<List, Problem> {
    let links = state.app.links(actor)?;
    let of_trial = links.iter().filter(|view| view.link.trial.id == trial.id);
    let mut frame = frame::signed_in(state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let rows = of_trial.map(|link| row(state, session, link)).collect();
    let title = trial.plan.protocol().title.as_str();
    Ok(List::of_trial(frame, (trial.key(), title), rows, form, errors))
}

/// The form, for those who may propose a link for a trial that may have one.
fn proposal(state: &State, session: &Session, trial: &Trial) -> Option<Proposal> {
    let may = OWNERS.iter().any(|role| session.person.has(*role)) && may_be_linked(trial.state).is_ok();
    let others = state.app.agencies().into_iter().filter(|agency| agency.id != trial.agency_id);
    let agencies = others.map(|agency| (agency.key, agency.name)).collect();
    let mut events: Vec<(String, String)> = Vec::new();
    for outcome in &trial.plan.protocol().outcomes {
        match events.iter_mut().find(|(event, _)| *event == outcome.event) {
            Some((_, names)) => names.push_str(&format!(", {}", outcome.name)),
            None => events.push((outcome.event.clone(), format!("{}: {}", outcome.event, outcome.name))),
        }
    }
    let rights = RIGHTS.map(|(right, words)| (right.as_str(), words));
    may.then(|| Proposal::new(agencies, &events, &rights)).flatten()
}

fn terms(form: &Form) -> Result<LinkTerms, Vec<fairtrial_domain::Fault>> {
    let fault = |place: &str, detail: &str| fairtrial_domain::Fault::new(place, "missing_field", detail);
    let authority = Authority::from_word(form.get("authority"));
    let until = until(form);
    let mut faults = Vec::new();
    if authority.is_none() {
        faults.push(fault("/authority", "say by what right the outcomes are sent"));
    }
    if until.is_none() {
        faults.push(fault("/expires_at", "must be a real day, such as 31 3 2027"));
    }
    let (Some(authority), Some(expires_at)) = (authority, until) else { return Err(faults) };
    let (events, reference) = (form.all("events").to_vec(), form.get("reference").to_owned());
    Ok(LinkTerms { events, authority, reference, expires_at })
}

/// The end of the last day.
fn until(form: &Form) -> Option<DateTime<Utc>> {
    let part = |name: &str| form.get(name).trim().to_owned();
    let (day, month, year) = (part("expires_at-day"), part("expires_at-month"), part("expires_at-year"));
    let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(day.succ_opt()?.and_time(NaiveTime::MIN).and_utc())
}

fn row(state: &State, session: &Session, view: &LinkView) -> Row {
    let (link, person) = (&view.link, &session.person);
    let sends = link.partner_id == person.agency_id;
    let may = |roles: &[fairtrial_domain::trial::PersonRole]| roles.iter().any(|role| person.has(*role));
    let open = matches!(view.standing, LinkStanding::Proposed | LinkStanding::InForce);
    let name = |key: &str| state.app.agency_by_key(key).map_or_else(|_| key.to_owned(), |agency| agency.name);
    let standing = match view.standing {
        LinkStanding::Proposed => "proposed",
        LinkStanding::InForce => "in_force",
        LinkStanding::Expired => "expired",
        LinkStanding::Ended => "ended",
    };
    Row {
        id: link.id.to_string(),
        title: link.trial.plan.protocol().title.clone(),
        owner: name(&view.owner),
        partner: name(&view.partner),
        standing: standing.to_owned(),
        events: link.terms.events.clone(),
        authority: right(link.terms.authority).to_owned(),
        reference: link.terms.reference.clone(),
        expires: Moment::new(link.terms.expires_at, link.trial.plan.protocol().time_zone),
        may_accept: sends && view.standing == LinkStanding::Proposed && may(&PARTNERS),
        may_end: open && may(if sends { &PARTNERS } else { &OWNERS }),
    }
}
