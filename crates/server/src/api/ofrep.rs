//! The OpenFeature Remote Evaluation Protocol 0.3.0: a trial is a flag, an arm is a variant.
//!
//! Each answer has `value`, `variant` and `reason`, and each 400 and 404 has `key`, `errorCode` and `errorDetails`, also where
//! the protocol lets them be left out: published clients fail without them.

use std::{hash::BuildHasher, sync::Arc};

use actix_web::{HttpResponse, http::StatusCode, http::header};
use fairtrial_app::{
    KeyActor, Trial,
    frontline::{
        assign::{AssignCall, Assignment, TrialAnswer},
        placement::{ASSIGNMENT_ID_DIGITS, Placement},
        several::{Answered, Told},
    },
};
use fairtrial_domain::{UnitText, trial::AssignmentOutcome};
use foldhash::quality::FixedState;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    problem::{Code, Problem},
    server::State,
    transport::{self, Answer, Call, Limit},
};

/// What the addresses of evaluations begin with.
const EVALUATE: &str = "/ofrep/v1/evaluate/flags";

/// The name of what all trials of an agency are together.
const FLAG_SET: &str = "fairtrial";

/// Bytes that a flag takes, about.
const ROOM_FOR_A_FLAG: usize = 320;

/// Why there is no evaluation, in the protocol's words.
#[derive(Clone)]
struct Failure {
    code: &'static str,
    details: String,
}

impl Failure {
    fn new(code: &'static str, details: impl Into<String>) -> Self {
        Self { code, details: details.into() }
    }

    fn body<'a>(&'a self, key: Option<&'a str>) -> Failed<'a> {
        Failed { error_code: self.code, error_details: &self.details, key }
    }

    fn status(&self) -> StatusCode {
        if self.code == "FLAG_NOT_FOUND" { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST }
    }
}

/// What the caller caused is a failure of the protocol; the rest (401, 403, 408, 413, 415, 429, 5xx) keeps its own shape.
fn failure(problem: &Problem) -> Option<Failure> {
    let code = match problem.code {
        Code::NotFound => "FLAG_NOT_FOUND",
        Code::MalformedJson | Code::MalformedRequest | Code::UnknownParameter => "PARSE_ERROR",
        Code::InvalidBody | Code::NotAcceptable | Code::LooksLikeIdentifier => "INVALID_CONTEXT",
        Code::Conflict => "GENERAL",
        _ => return None,
    };
    Some(Failure::new(code, problem.detail.clone()))
}

/// A refusal at the door in the protocol's shape, when the address is one of its own.
pub(crate) fn refusal(problem: &Problem, path: &str) -> Option<HttpResponse> {
    let rest = path.strip_prefix(EVALUATE)?;
    let failure = failure(problem)?;
    // The key as it was sent: what the door refuses need not make a text.
    let key = rest.strip_prefix('/').filter(|key| !key.is_empty());
    Some(HttpResponse::build(failure.status()).json(failure.body(key)))
}

/// Whom a request is about, and what it says of them.
struct Context {
    /// A text that cannot be a unit is a failure of each flag, as the protocol has it for contexts of the right shape.
    unit: Result<UnitText, Failure>,
    facts: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed<'a> {
    error_code: &'static str,
    error_details: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

#[derive(Serialize)]
struct Evaluated<'a> {
    key: &'a str,
    value: &'a Value,
    variant: &'a str,
    reason: &'static str,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    outcome: AssignmentOutcome,
    version: &'a str,
    flag_set_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_id: Option<&'a str>,
}

/// `POST /ofrep/v1/evaluate/flags/{key}`
pub(crate) async fn evaluate(mut call: Call) -> Answer {
    let evaluated = async {
        call.state.app.may_ask_for(call.caller.key().map_err(Err)?, call.part("key")).map_err(refused)?;
        let Context { unit, facts } = context(&mut call).await?;
        let (app, key, flag) = (&call.state.app, call.caller.key().map_err(Err)?, call.part("key"));
        let unit = unit.map_err(Ok)?;
        let asked = match facts.is_empty() {
            true => AssignCall::of(unit),
            false => asked(&*app.trial_asked_for(key, flag).map_err(refused)?, unit, &facts),
        };
        app.tell(key, flag, &asked, placed).await.map_err(refused)
    };
    match evaluated.await {
        Ok(TrialAnswer::Placed(body)) => Ok(transport::json_text(body)),
        Ok(TrialAnswer::Otherwise(trial, told)) => transport::json(StatusCode::OK, &evaluation(&trial, &told)),
        Err(Ok(failure)) => {
            let failure: Failure = failure;
            transport::json(failure.status(), &failure.body(Some(call.part("key"))))
        }
        Err(Err(problem)) => Err(problem),
    }
}

fn placed(trial: &Trial, placement: &Placement) -> String {
    let mut body = String::with_capacity(transport::USUAL_SIZE);
    write_placed(&mut body, trial, placement);
    body
}

/// `POST /ofrep/v1/evaluate/flags`: every trial of the agency that has started.
pub(crate) async fn evaluate_all(mut call: Call) -> Answer {
    let known = call.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let context = match context(&mut call).await {
        Ok(context) => context,
        Err(Ok(failure)) => return transport::json(failure.status(), &failure.body(None)),
        Err(Err(problem)) => return Err(problem),
    };
    let (state, key) = (&call.state, call.caller.key()?);
    let evaluated = evaluated(state, key, context).await?;
    let mut body = String::with_capacity(ROOM_FOR_A_FLAG * (evaluated.len() + 1));
    body.push_str(r#"{"flags":["#);
    let begin = body.len();
    for (number, (trial, answer)) in evaluated.into_iter().enumerate() {
        if number > 0 {
            body.push(',');
        }
        match answer {
            Ok(Told::Placed(placement)) => write_placed(&mut body, &trial, &placement),
            Ok(Told::Assignment(assignment)) => write(&mut body, &evaluation(&trial, &assignment))?,
            Err(failure) => write(&mut body, &failure.body(Some(trial.key())))?,
        }
    }
    let tag = entity_tag(body.get(begin..).unwrap_or_default());
    if known.is_some_and(|known| matches(&known, &tag)) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    let pass = state.app.pass_for_listening(key)?;
    let streams = json!([{"type": "sse", "endpoint": {"requestUri": format!("/ofrep/v1/stream?pass={pass}")}}]);
    for text in ["],\"metadata\":{\"flagSetId\":\"", FLAG_SET, "\"},\"eventStreams\":", &streams.to_string(), "}"] {
        body.push_str(text);
    }
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag)).content_type("application/json").body(body))
}

/// What each started trial of the agency answers, by the trials' keys.
async fn evaluated(
    state: &State,
    key: &KeyActor,
    context: Context,
) -> Result<Vec<(Arc<Trial>, Result<Told, Failure>)>, Problem> {
    let unit = match context.unit {
        Ok(unit) => unit,
        Err(failure) => {
            let trials = state.app.started_trials(key)?;
            return Ok(trials.into_iter().map(|trial| (trial, Err(failure.clone()))).collect());
        }
    };
    let cluster = context.facts.get("cluster").and_then(Value::as_str).map(str::to_owned);
    let asked = AssignCall { unit, cluster, attributes: context.facts, dry_run: false };
    let answers = state.app.assign_in_started(key, &asked).await?.into_iter();
    let answer = |(trial, answer): Answered| match answer.map_err(refused) {
        Ok(told) => Ok((trial, Ok(told))),
        Err(Ok(failure)) => Ok((trial, Err(failure))),
        // Those that answer are not held back by one that cannot: its app shows what it shows today.
        Err(Err(problem)) if problem.code.status() >= 500 => Ok((trial, Err(Failure::new("GENERAL", problem.detail)))),
        Err(Err(problem)) => Err(problem),
    };
    answers.map(answer).collect()
}

/// The same flags have the same tag, on every server of one version.
fn entity_tag(flags: &str) -> String {
    format!("\"{:016x}\"", FixedState::default().hash_one(flags))
}

/// Whether one of the tags of an `If-None-Match` is this one. A proxy that compresses makes a tag weak.
fn matches(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn refused(error: fairtrial_app::AppError) -> Result<Failure, Problem> {
    split(error.into())
}

fn split(problem: Problem) -> Result<Failure, Problem> {
    failure(&problem).ok_or(problem)
}

/// A body whose context says who and no more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who<'a> {
    #[serde(borrow)]
    context: Key<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Key<'a> {
    targeting_key: &'a str,
}

/// A unit; or why the text is none, in the protocol's words.
fn unit(text: &str) -> Result<Result<UnitText, Failure>, Problem> {
    match UnitText::new(text).map_err(|error| split(error.into())) {
        Ok(unit) => Ok(Ok(unit)),
        Err(Ok(failure)) => Ok(Err(failure)),
        Err(Err(problem)) => Err(problem),
    }
}

/// The context of a request. Fields that the protocol does not know are passed over, as it asks of servers.
async fn context(call: &mut Call) -> Result<Context, Result<Failure, Problem>> {
    let parse_error = |details: &str| Ok(Failure::new("PARSE_ERROR", details));
    let (_, bytes) = call.take_body(&["application/json"], Limit::SINGLE).await.map_err(split)?;
    // In one go where it is as short as that; anything else, and whatever is wrong, is read field by field.
    if let Ok(Who { context: Key { targeting_key } }) = serde_json::from_slice(&bytes) {
        return Ok(Context { unit: unit(targeting_key).map_err(Err)?, facts: Map::new() });
    }
    let body = transport::parse_json(&bytes).map_err(split)?;
    let Value::Object(mut body) = body else { return Err(parse_error("the body must be an object with a context")) };
    let mut facts = match body.remove("context") {
        Some(Value::Object(facts)) => facts,
        Some(_) => return Err(Ok(Failure::new("INVALID_CONTEXT", "context must be an object"))),
        None => return Err(parse_error("context is needed")),
    };
    let unit = match facts.remove("targetingKey") {
        Some(Value::String(text)) => unit(&text).map_err(Err)?,
        Some(Value::Null) | None => {
            let details = "targetingKey is needed: the code by which your system names the person for this purpose";
            return Err(Ok(Failure::new("TARGETING_KEY_MISSING", details)));
        }
        Some(_) => return Err(Ok(Failure::new("INVALID_CONTEXT", "targetingKey must be a text"))),
    };
    Ok(Context { unit, facts })
}

/// A context is shared by all flags of an app, so only what this trial's plan declares is handed on; nothing else is kept.
fn asked(trial: &Trial, unit: UnitText, facts: &Map<String, Value>) -> AssignCall {
    let declared = |name: &str| trial.plan.protocol().attributes.iter().any(|attribute| attribute.name == name);
    let attributes = facts.iter().filter(|(name, _)| declared(name));
    let by_cluster = trial.plan.protocol().allocation.is_by_cluster();
    let cluster = facts.get("cluster").and_then(Value::as_str).filter(|_| by_cluster);
    AssignCall {
        unit,
        cluster: cluster.map(str::to_owned),
        attributes: attributes.map(|(name, value)| (name.clone(), value.clone())).collect(),
        dry_run: false,
    }
}

/// A success. People who are not in the trial get the current version by name, so that an app shows what it shows today.
fn evaluation<'a>(trial: &'a Trial, assignment: &'a Assignment) -> Evaluated<'a> {
    let control = trial.plan.protocol().control().map_or("control", |arm| arm.key.as_str());
    // The variant names the payload beside it, also where somebody gave another version than the assigned one.
    let shown = assignment.delivered_arm.as_ref().or(assignment.arm.as_ref());
    // Whether somebody has just come in is no news to an app, and must not make the same flags look changed.
    let outcome = if assignment.outcome.is_enrolled() { AssignmentOutcome::Existing } else { assignment.outcome };
    Evaluated {
        key: trial.key(),
        value: value(trial, &assignment.payload),
        variant: shown.map_or(control, |arm| arm.as_str()),
        reason: reason(assignment.outcome),
        metadata: Metadata {
            outcome,
            version: assignment.protocol_id.as_str(),
            flag_set_id: FLAG_SET,
            context_id: assignment.assignment_id.as_deref(),
        },
    }
}

/// What [`evaluation`] says of somebody who has their place, put together from texts that are ready: an app may ask for hundreds of
/// trials at once. Keys and ids are letters, digits and the marks `-_.:`, which JSON takes as they are.
fn write_placed(out: &mut String, trial: &Trial, placement: &Placement) {
    let served = placement.served();
    let shown = trial.plan.protocol().arms.get(served).map_or("control", |arm| arm.key.as_str());
    let payload = trial.payloads.get(served).map_or("null", |text| text.value.as_deref().unwrap_or(&text.whole));
    for text in [
        r#"{"key":""#,
        trial.key(),
        r#"","value":"#,
        payload,
        r#","variant":""#,
        shown,
        r#"","reason":"SPLIT","metadata":{"outcome":"existing","version":""#,
        placement.protocol_id(trial).as_str(),
        r#"","flagSetId":"fairtrial","contextId":""#,
        placement.assignment_id(trial, &mut [0; ASSIGNMENT_ID_DIGITS]),
        r#""}}"#,
    ] {
        out.push_str(text);
    }
}

fn write(out: &mut String, flag: &impl Serialize) -> Result<(), Problem> {
    out.push_str(&serde_json::to_string(flag).map_err(|_| Problem::internal())?);
    Ok(())
}

/// The payload; or its one value, when every arm's payload is a single field called `value`.
fn value<'a>(trial: &Trial, payload: &'a Value) -> &'a Value {
    let single = |payload: &Value| payload.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("value"));
    let all_single = trial.plan.protocol().arms.iter().all(|arm| single(&arm.payload));
    payload.get("value").filter(|_| all_single).unwrap_or(payload)
}

/// The protocol's words know no finer difference: the rest stands in the metadata.
fn reason(outcome: AssignmentOutcome) -> &'static str {
    if outcome.is_enrolled() { "SPLIT" } else { "DISABLED" }
}
