//! Plans and the life of trials, for programs that act as a person.

use std::sync::Arc;

use actix_web::{HttpResponse, http::StatusCode, http::header};
use fairtrial_app::{
    Trial,
    trials::{
        amend::VersionView,
        life::{AdoptionPlan, Move},
        view::TrialView,
    },
    watch::{Concealment, MonitoringStatus},
};
use fairtrial_domain::{
    protocol::ProtocolId,
    trial::{DataSeen, Decision, PersonRole, Verb},
};
use serde_json::{Value, json};

use super::assignments::instant;
use crate::{
    problem::Problem,
    transport::{self, Answer, Call, Fields, Limit, one_of, parse_json},
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
    let mut shown = whole(&view);
    if let (Value::Object(map), true) = (&mut shown, view.trial.state.has_started() && view.trial.deletion.is_none()) {
        let concealment = call.state.app.concealment(&view.trial).await?;
        let mut found = call.state.app.monitoring(&view.trial);
        let reconciled = call.state.app.reconciliation(&view.trial).await?;
        found.health.extend(reconciled.map(|status| ("reconciliation".to_owned(), status)));
        map.insert("monitoring".into(), monitoring(&found, concealment));
    }
    transport::json(StatusCode::OK, &shown)
}

/// How the watch over a trial stands: never a number of one arm beside another's.
fn monitoring(found: &MonitoringStatus, concealment: Concealment) -> Value {
    let health: Vec<Value> =
        found.health.iter().map(|(gate, status)| json!({"gate": gate, "status": status})).collect();
    let held: Vec<Value> =
        found.looks_held.iter().map(|(look, at)| json!({"look": look, "held_at": instant(*at)})).collect();
    let next = found.next.as_ref().map(|next| {
        json!({"look": next.look, "needs_followed_up": next.needs, "expected_on": next.expected_on, "certain": next.certain})
    });
    json!({"followed_up": found.followed_up, "looks_planned": found.looks_planned, "looks_held": held, "next_look": next,
        "stopped_by_boundary": found.halted, "safety": {"status": found.safety.status, "detail": found.safety.detail},
        "data_health": health, "harm_reports": found.harm_reports,
        "concealment": {"status": concealment.status, "looks_ahead": concealment.looks_ahead, "asked_again": concealment.asked_again}})
}

/// `GET /v1/trials/{trial}/protocol`
pub(crate) async fn plan(call: Call) -> Answer {
    let (actor, key) = (call.caller.actor()?, call.part("trial"));
    let plan = match call.query.get("version") {
        None => Arc::clone(&call.state.app.trial_of(&actor, key)?.plan),
        Some(number) => {
            let number = number.parse::<i64>().map_err(|_| Problem::not_found())?;
            call.state.app.version(&actor, key, number).await?
        }
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, format!("\"{}\"", plan.id())))
        .content_type("application/json")
        .body(plan.canonical().to_owned()))
}

/// `GET /v1/trials/{trial}/versions`
pub(crate) async fn versions(call: Call) -> Answer {
    let (actor, key) = (call.caller.actor()?, call.part("trial"));
    let versions = call.state.app.versions(&actor, key).await?;
    let shown: Vec<Value> = versions.iter().map(version).collect();
    transport::json(StatusCode::OK, &json!({"trial": key, "versions": shown}))
}

/// One version of a plan, for programs and the command line.
pub(crate) fn version(version: &VersionView) -> Value {
    let mut shown = json!({
        "version": version.version,
        "protocol_id": version.plan.id(),
        "standing": version.standing,
        "proposed_at": instant(version.proposed_at),
        "in_force_from": version.in_force_from.map(instant),
        "amendment": null,
    });
    if let Some(amendment) = &version.amendment {
        let changes: Vec<Value> = amendment
            .changes
            .iter()
            .map(|change| json!({"pointer": change.pointer, "before": change.before, "after": change.after}))
            .collect();
        shown["amendment"] = json!({"class": amendment.class, "data_seen": amendment.data_seen, "views": amendment.views,
            "reason": amendment.reason, "name": amendment.name, "replaces": amendment.replaces.id(), "changes": changes});
    }
    shown
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
    let mut fields = call.fields(if verb == Verb::Amend { Limit::BATCH } else { Limit::SINGLE }).await?;
    let mut asked = Move::plain(verb, &fields.optional_text("reason").unwrap_or_default());
    let protocol_id = fields.optional("protocol_id");
    asked.protocol_id = fields.read("protocol_id", protocol_id, |value| {
        let read = value.as_str().and_then(|text| text.parse::<ProtocolId>().ok());
        read.ok_or(("out_of_range", "must be sha256: and 64 hexadecimal digits".into()))
    });
    asked.role = word(&mut fields, "role", PersonRole::ALL.iter().map(|role| role.as_str()), PersonRole::from_word);
    asked.condition = fields.optional_text("condition");
    asked.because_of_harm = fields.flag("because_of_harm");
    asked.decision = word(&mut fields, "decision", Decision::ALL.iter().map(|word| word.as_str()), Decision::from_word);
    asked.adoption = adoption(&mut fields);
    asked.data_seen =
        word(&mut fields, "data_seen", DataSeen::ALL.iter().map(|word| word.as_str()), DataSeen::from_word);
    asked.document = fields.optional("document").map(|document| document.to_string().into_bytes());
    let asked = fields.finish(Some(asked))?;
    let now = state.app.move_trial(&actor, &key, &asked).await?;
    let waiting_for = state.app.waits_for_agreement(&actor, &key).await?;
    transport::json(StatusCode::OK, &json!({"trial": key, "state": now, "waiting_for": waiting_for}))
}

/// Who sees to an adoption, and by when: both or neither.
fn adoption(fields: &mut Fields) -> Option<AdoptionPlan> {
    let (owner, due_on) = (fields.optional_text("owner"), fields.optional("due_on"));
    let due_on = fields.read("due_on", due_on, |value| {
        let day = value.as_str().and_then(|text| text.parse().ok());
        day.ok_or(("out_of_range", "must be a day such as 2027-01-31".into()))
    });
    Some(AdoptionPlan { owner: owner?, due_on: due_on? })
}

/// A field that holds one of a few words.
fn word<'a, T>(
    fields: &mut Fields,
    name: &'static str,
    words: impl Iterator<Item = &'a str>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let (value, words) = (fields.optional(name), words.collect::<Vec<_>>());
    fields.read(name, value, |value| one_of(&value, &words).map(read)).flatten()
}

pub(crate) fn summary(trial: &Trial, people: u64) -> Value {
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
        "records": records(trial),
    })
}

/// How long the records of single people are kept, and what went.
fn records(trial: &Trial) -> Value {
    let mut shown = json!({"kept_until": trial.records_due_at().map(instant)});
    if let (Value::Object(map), Some(deletion)) = (&mut shown, &trial.deletion) {
        map.insert("deletion_began_at".into(), json!(instant(deletion.begun_at)));
        map.insert("deleted_at".into(), json!(deletion.finished_at.map(instant)));
        let gone = json!({"people": deletion.people, "notes": deletion.notes, "events": deletion.events, "lists": deletion.lists});
        map.insert("deleted".into(), gone);
    }
    shown
}

pub(crate) fn whole(view: &TrialView) -> Value {
    let mut shown = summary(&view.trial, view.people);
    let signatures: Vec<Value> = view
        .signatures
        .iter()
        .map(|signature| {
            json!({"name": signature.name, "role": signature.role, "protocol_id": signature.protocol_id,
                "current": signature.current, "stands": signature.stands, "kind": signature.kind, "at": instant(signature.at), "note": signature.note})
        })
        .collect();
    let history: Vec<Value> = view
        .history
        .iter()
        .map(|entry| json!({"at": instant(entry.at), "name": entry.name, "action": entry.action, "reason": entry.reason}))
        .collect();
    if let Value::Object(map) = &mut shown {
        let effects = view.trial.state.effects(view.trial.reverted);
        map.insert(
            "effects".into(),
            json!({"new_people": effects.new_people, "people_in_it": effects.people_in_it, "outcomes": effects.outcomes}),
        );
        map.insert(
            "tier".into(),
            json!({"number": view.tier, "sentence": view.tier.sentence(), "reasons": view.tier_reasons}),
        );
        map.insert("lacking".into(), json!(view.lacking));
        map.insert("under_review".into(), json!({"protocol_id": view.under_review, "version": view.waiting_version}));
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
