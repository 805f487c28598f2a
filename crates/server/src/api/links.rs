//! Links by which another agency sends outcomes for one trial.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use fairtrial_app::trials::link::LinkView;
use fairtrial_domain::trial::{Authority, LinkTerms};
use serde_json::{Value, json};

use super::{assignments::instant, events};
use crate::{
    problem::Problem,
    transport::{self, Answer, Call, Fields, Limit, one_of},
};

/// `POST /v1/trials/{trial}/links`
pub(crate) async fn propose(call: Call) -> Answer {
    let (state, actor, trial) = (call.state.clone(), call.caller.actor()?, call.part("trial").to_owned());
    // Before the terms are read: another agency's trial looks like none.
    state.app.trial_of(&actor, &trial)?;
    let (partner, terms) = read(call.fields(Limit::SINGLE).await?)?;
    let link = state.app.propose_link(&actor, &trial, &partner, terms).await?;
    transport::json(StatusCode::CREATED, &shown(&link))
}

/// `GET /v1/links`
pub(crate) async fn list(call: Call) -> Answer {
    let links: Vec<Value> = call.state.app.links(&call.caller.actor()?)?.iter().map(shown).collect();
    transport::json(StatusCode::OK, &json!({"links": links}))
}

/// `POST /v1/links/{link}/accept`
pub(crate) async fn accept(call: Call) -> Answer {
    let link = call.state.app.accept_link(&call.caller.actor()?, call.part("link")).await?;
    transport::json(StatusCode::OK, &shown(&link))
}

/// `POST /v1/links/{link}/end`
pub(crate) async fn end(call: Call) -> Answer {
    let link = call.state.app.end_link(&call.caller.actor()?, call.part("link")).await?;
    transport::json(StatusCode::OK, &shown(&link))
}

/// `POST /v1/links/{link}/events`
pub(crate) async fn record(call: Call) -> Answer {
    let link = call.part("link").to_owned();
    // Before the events are read: other agencies' links look like none.
    call.state.app.link_of(&call.caller.actor()?, &link)?;
    events::take(call, Some(link)).await
}

fn read(mut fields: Fields) -> Result<(String, LinkTerms), Problem> {
    let (partner, reference) = (fields.text("partner"), fields.text("reference"));
    let listed = fields.list("events").map(Value::Array);
    let events = fields.read("events", listed, |value| {
        let texts = value.as_array().into_iter().flatten().map(|item| item.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<String>>>().ok_or(("wrong_type", "must be a list of texts".into()))
    });
    let words: Vec<&str> = Authority::ALL.iter().map(|authority| authority.as_str()).collect();
    let authority = fields.needed("authority");
    let authority =
        fields.read("authority", authority, |value| one_of(&value, &words).map(Authority::from_word)).flatten();
    let expires_at = fields.needed("expires_at");
    let expires_at = fields.read("expires_at", expires_at, |value| {
        let read = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        read.map(|at| at.with_timezone(&Utc)).ok_or((
            "malformed_time",
            "expires_at is an RFC 3339 time with its offset, such as 2027-06-30T00:00:00Z".into(),
        ))
    });
    let terms = match (events, authority, reference, expires_at) {
        (Some(events), Some(authority), Some(reference), Some(expires_at)) => {
            Some(LinkTerms { events, authority, reference, expires_at })
        }
        _ => None,
    };
    fields.finish(partner.zip(terms))
}

fn shown(view: &LinkView) -> Value {
    let link = &view.link;
    json!({
        "link": link.id.as_str(), "trial": link.trial.key(), "owner": view.owner, "partner": view.partner,
        "events": link.terms.events, "authority": link.terms.authority, "reference": link.terms.reference,
        "standing": view.standing, "expires_at": instant(link.terms.expires_at), "proposed_at": instant(link.proposed_at),
        "accepted_at": link.accepted_at.map(instant), "ended_at": link.ended_at.map(instant),
    })
}
