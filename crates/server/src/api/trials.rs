//! Plans and the life of trials, for programs that act as a person.

use actix_web::{HttpResponse, http::StatusCode, http::header};
use fairtrial_app::{
    Trial,
    trials::{life::Move, view::TrialView},
};
use fairtrial_domain::{
    protocol::ProtocolId,
    trial::{PersonRole, Verb},
};
use serde_json::{Value, json};

use super::assignments::instant;
use crate::{
    problem::Problem,
    transport::{self, Answer, Call, Limit, one_of, parse_json},
};

/// `GET /v1/trials`
pub(crate) async fn list(call: Call) -> Answer {
    let app = &call.state.app;
    let trials = app.trials_of(&call.caller.actor()?)?;
    let shown: Vec<Value> = trials.iter().map(|trial| summary(trial, app.people_in(trial))).collect();
    transport::json(StatusCode::OK, &json!({"trials": shown}))
}

/// `POST /v1/trials`
pub(crate) async fn create(call: Call) -> Answer {
    let (state, actor) = (call.state.clone(), call.caller.actor()?);
    let (_, document) = call.body(&["application/json"], Limit::BATCH).await?;
    parse_json(&document)?;
    let key = state.app.create_trial(&actor, &document).await?;
    let trial = state.app.trial_of(&actor, &key)?;
    let location = format!("/v1/trials/{key}");
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(summary(&trial, 0)))
}

/// `GET /v1/trials/{trial}`
pub(crate) async fn show(call: Call) -> Answer {
    let view = call.state.app.view_trial(&call.caller.actor()?, call.part("trial")).await?;
    transport::json(StatusCode::OK, &whole(&view))
}

/// `GET /v1/trials/{trial}/protocol`
pub(crate) async fn plan(call: Call) -> Answer {
    let actor = call.caller.actor()?;
    let trial = call.state.app.trial_of(&actor, call.part("trial"))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, format!("\"{}\"", trial.plan.id())))
        .content_type("application/json")
        .body(trial.plan.canonical().to_owned()))
}

/// `PUT /v1/trials/{trial}/protocol`
pub(crate) async fn replace_plan(call: Call) -> Answer {
    let (state, actor, key) = (call.state.clone(), call.caller.actor()?, call.part("trial").to_owned());
    let (_, document) = call.body(&["application/json"], Limit::BATCH).await?;
    parse_json(&document)?;
    state.app.replace_plan(&actor, &key, &document).await?;
    let trial = state.app.trial_of(&actor, &key)?;
    transport::json(StatusCode::OK, &summary(&trial, 0))
}

/// `POST /v1/trials/{trial}/{verb}`
pub(crate) async fn act(call: Call) -> Answer {
    let (state, actor, key) = (call.state.clone(), call.caller.actor()?, call.part("trial").to_owned());
    let verb = Verb::from_word(call.part("verb")).ok_or_else(Problem::not_found)?;
    let mut fields = call.fields(Limit::SINGLE).await?;
    let reason = fields.optional_text("reason").unwrap_or_default();
    let protocol_id = fields.optional("protocol_id");
    let protocol_id = fields.read("protocol_id", protocol_id, |value| {
        let read = value.as_str().and_then(|text| text.parse::<ProtocolId>().ok());
        read.ok_or(("out_of_range", "must be sha256: and 64 hexadecimal digits".into()))
    });
    let role = fields.optional("role");
    let words: Vec<&str> = PersonRole::ALL.iter().map(|role| role.as_str()).collect();
    let role = fields.read("role", role, |value| one_of(&value, &words).map(PersonRole::from_word));
    let because_of_harm = fields.flag("because_of_harm");
    let asked = fields.finish(Some(Move { verb, reason, protocol_id, role: role.flatten(), because_of_harm }))?;
    let now = state.app.move_trial(&actor, &key, &asked).await?;
    transport::json(StatusCode::OK, &json!({"trial": key, "state": now}))
}

fn summary(trial: &Trial, people: u64) -> Value {
    let plan = trial.plan.protocol();
    json!({
        "trial": trial.key(),
        "title": plan.title,
        "agency": plan.agency.as_str(),
        "state": trial.state,
        "state_reason": trial.state_reason,
        "protocol_id": trial.plan.id(),
        "assigned": people,
        "secret_commitment": trial.secret_commitment,
        "created_at": instant(trial.created_at),
        "started_at": trial.started_at.map(instant),
        "ended_at": trial.ended_at.map(instant),
        "locked_at": trial.locked_at.map(instant),
    })
}

fn whole(view: &TrialView) -> Value {
    let mut shown = summary(&view.trial, view.people);
    let signatures: Vec<Value> = view
        .signatures
        .iter()
        .map(|signature| {
            json!({"name": signature.name, "role": signature.role, "protocol_id": signature.protocol_id,
                "current": signature.current, "at": instant(signature.at), "note": signature.note})
        })
        .collect();
    let history: Vec<Value> = view
        .history
        .iter()
        .map(|entry| json!({"at": instant(entry.at), "name": entry.name, "action": entry.action, "reason": entry.reason}))
        .collect();
    if let Value::Object(map) = &mut shown {
        map.insert("signatures_needed".into(), json!(view.needed));
        map.insert("signatures_missing".into(), json!(view.missing));
        map.insert("signatures".into(), signatures.into());
        map.insert("history".into(), history.into());
        let overlaps = view.overlaps.iter().map(|overlap| {
            json!({"trial": overlap.trial.key(), "title": overlap.trial.plan.protocol().title, "state": overlap.trial.state,
                "touchpoint": overlap.same_touchpoint})
        });
        map.insert("overlaps".into(), overlaps.collect());
    }
    shown
}
