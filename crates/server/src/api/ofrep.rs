//! The OpenFeature Remote Evaluation Protocol 0.3.0: a trial is a flag, an arm is a variant.
//!
//! Each answer has `value`, `variant` and `reason`, and each 400 and 404 has `key`, `errorCode` and `errorDetails`, also where
//! the protocol lets them be left out: published clients fail without them.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use actix_web::{HttpResponse, http::StatusCode, http::header};
use fairtrial_app::{
    KeyActor, Trial,
    frontline::{
        assign::{AssignCall, Assignment},
        several::Answered,
    },
};
use fairtrial_domain::{UnitText, trial::AssignmentOutcome};
use serde::Serialize;
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

/// What is told of a flag.
#[derive(Serialize)]
#[serde(untagged)]
enum Flag<'a> {
    Evaluated(Evaluated<'a>),
    Failed(Failed<'a>),
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
pub(crate) async fn evaluate(call: Call) -> Answer {
    let (state, caller, flag) = (call.state.clone(), call.caller.clone(), call.part("key").to_owned());
    let evaluated = async {
        let key = caller.key().map_err(Err)?;
        let trial = state.app.trial_asked_for(key, &flag).map_err(refused)?;
        let context = context(call).await?;
        let unit = context.unit.clone().map_err(Ok)?;
        let assignment = state.app.assign(key, &flag, &asked(&trial, unit, &context)).await.map_err(refused)?;
        Ok((trial, assignment))
    };
    match evaluated.await {
        Ok((trial, assignment)) => transport::json(StatusCode::OK, &evaluation(&trial, &assignment)),
        Err(Ok(failure)) => {
            let failure: Failure = failure;
            transport::json(failure.status(), &failure.body(Some(&flag)))
        }
        Err(Err(problem)) => Err(problem),
    }
}

/// `POST /ofrep/v1/evaluate/flags`: every trial of the agency that has started.
pub(crate) async fn evaluate_all(call: Call) -> Answer {
    let (state, caller) = (call.state.clone(), call.caller.clone());
    let known = call.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let context = match context(call).await {
        Ok(context) => context,
        Err(Ok(failure)) => return transport::json(failure.status(), &failure.body(None)),
        Err(Err(problem)) => return Err(problem),
    };
    let key = caller.key()?;
    let evaluated = evaluated(&state, key, context).await?;
    let flags: Vec<Flag<'_>> = evaluated
        .iter()
        .map(|(trial, answer)| match answer {
            Ok(assignment) => Flag::Evaluated(evaluation(trial, assignment)),
            Err(failure) => Flag::Failed(failure.body(Some(trial.key()))),
        })
        .collect();
    let flags = serde_json::to_string(&flags).map_err(|_| Problem::internal())?;
    let tag = entity_tag(&flags);
    if known.is_some_and(|known| matches(&known, &tag)) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    let pass = state.app.pass_for_listening(key)?;
    let streams = json!([{"type": "sse", "endpoint": {"requestUri": format!("/ofrep/v1/stream?pass={pass}")}}]);
    let body = format!(r#"{{"flags":{flags},"metadata":{{"flagSetId":"{FLAG_SET}"}},"eventStreams":{streams}}}"#);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag)).content_type("application/json").body(body))
}

/// What each started trial of the agency answers, by the trials' keys.
async fn evaluated(
    state: &State,
    key: &KeyActor,
    context: Context,
) -> Result<Vec<(Arc<Trial>, Result<Assignment, Failure>)>, Problem> {
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
        Ok(assignment) => Ok((trial, Ok(assignment))),
        Err(Ok(failure)) => Ok((trial, Err(failure))),
        // Those that answer are not held back by one that cannot: its app shows what it shows today.
        Err(Err(problem)) if problem.code.status() >= 500 => Ok((trial, Err(Failure::new("GENERAL", problem.detail)))),
        Err(Err(problem)) => Err(problem),
    };
    answers.map(answer).collect()
}

/// The same flags have the same tag, on every server of one version.
fn entity_tag(flags: &str) -> String {
    let mut hasher = DefaultHasher::new();
    flags.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
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

/// The context of a request. Fields that the protocol does not know are passed over, as it asks of servers.
async fn context(call: Call) -> Result<Context, Result<Failure, Problem>> {
    let parse_error = |details: &str| Ok(Failure::new("PARSE_ERROR", details));
    let body = call.json(Limit::SINGLE).await.map_err(split)?;
    let Value::Object(mut body) = body else { return Err(parse_error("the body must be an object with a context")) };
    let mut facts = match body.remove("context") {
        Some(Value::Object(facts)) => facts,
        Some(_) => return Err(Ok(Failure::new("INVALID_CONTEXT", "context must be an object"))),
        None => return Err(parse_error("context is needed")),
    };
    let unit = match facts.remove("targetingKey") {
        Some(Value::String(text)) => match UnitText::new(&text).map_err(|error| split(error.into())) {
            Ok(unit) => Ok(unit),
            Err(Ok(failure)) => Err(failure),
            Err(Err(problem)) => return Err(Err(problem)),
        },
        Some(Value::Null) | None => {
            let details = "targetingKey is needed: the code by which your system names the person for this purpose";
            return Err(Ok(Failure::new("TARGETING_KEY_MISSING", details)));
        }
        Some(_) => return Err(Ok(Failure::new("INVALID_CONTEXT", "targetingKey must be a text"))),
    };
    Ok(Context { unit, facts })
}

/// A context is shared by all flags of an app, so only what this trial's plan declares is handed on; nothing else is kept.
fn asked(trial: &Trial, unit: UnitText, context: &Context) -> AssignCall {
    let declared = |name: &str| trial.plan.protocol().attributes.iter().any(|attribute| attribute.name == name);
    let attributes = context.facts.iter().filter(|(name, _)| declared(name));
    let by_cluster = trial.plan.protocol().allocation.is_by_cluster();
    let cluster = context.facts.get("cluster").and_then(Value::as_str).filter(|_| by_cluster);
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
