//! Which version a person gets.

use std::sync::Arc;

use actix_web::http::StatusCode;
use chrono::{DateTime, SecondsFormat, Utc};
use fairtrial_app::{
    Trial,
    frontline::{
        assign::{AssignCall, Assignment, GateStep, TrialAnswer},
        placement::{ASSIGNMENT_ID_DIGITS, Placement},
        several::Answered,
    },
};
use fairtrial_domain::{UnitText, trial::AssignmentOutcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    problem::Problem,
    server::Verdict,
    transport::{self, Answer, Call, Fields, Limit},
};

#[derive(Serialize)]
struct Shown<'a> {
    trial: &'a str,
    outcome: &'static str,
    arm: Option<&'a str>,
    payload: &'a Value,
    assignment_id: Option<&'a str>,
    protocol_id: &'a str,
    assigned_at: Option<String>,
    notice: Option<&'a str>,
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_arm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gates: Option<Vec<Step<'a>>>,
}

#[derive(Serialize)]
struct Step<'a> {
    gate: &'static str,
    passed: bool,
    detail: Option<&'a str>,
}

impl<'a> From<&'a GateStep> for Step<'a> {
    fn from(step: &'a GateStep) -> Self {
        Self { gate: step.gate.as_str(), passed: step.passed, detail: step.detail.as_deref() }
    }
}

#[derive(Serialize)]
struct NotEnrolled<'a> {
    trial: &'a str,
    outcome: &'static str,
    reason: Option<&'a str>,
}

/// A trial that could not answer, for a reason on our side.
#[derive(Serialize)]
struct Unanswered<'a> {
    trial: &'a str,
    code: &'static str,
    detail: String,
}

#[derive(Default, Serialize)]
struct Touchpoint<'a> {
    assignments: Vec<Shown<'a>>,
    not_enrolled: Vec<NotEnrolled<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unanswered: Vec<Unanswered<'a>>,
}

impl<'a> From<&'a Assignment> for Shown<'a> {
    fn from(assignment: &'a Assignment) -> Self {
        Self {
            trial: assignment.trial.as_str(),
            outcome: assignment.outcome.as_str(),
            arm: assignment.arm.as_ref().map(|arm| arm.as_str()),
            payload: &assignment.payload,
            assignment_id: assignment.assignment_id.as_deref(),
            protocol_id: assignment.protocol_id.as_str(),
            assigned_at: assignment.assigned_at.map(instant),
            notice: assignment.notice.as_deref(),
            reason: assignment.reason.as_deref(),
            delivered_arm: assignment.delivered_arm.as_ref().map(|arm| arm.as_str()),
            gates: assignment.gates.as_ref().map(|steps| steps.iter().map(Step::from).collect()),
        }
    }
}

/// A time as the interface writes it: UTC, to the millisecond.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `POST /v1/trials/{trial}/assignments`
pub(crate) async fn assign(mut call: Call) -> Answer {
    let asked = read(&mut call).await?;
    let placed = |trial: &Trial, placement: &Placement| {
        if !placement.is_given() {
            return Ok(transport::json_text(placed(trial, placement)));
        }
        let assignment = placement.assignment(trial, AssignmentOutcome::Existing);
        transport::json(StatusCode::OK, &Shown::from(&assignment))
    };
    let (mut answer, outcome) =
        match call.state.app.tell(call.caller.key()?, call.part("trial"), &asked, placed).await? {
            TrialAnswer::Placed(answer) => (answer?, AssignmentOutcome::Existing),
            TrialAnswer::Otherwise(_, assignment) => {
                (transport::json(StatusCode::OK, &Shown::from(&*assignment))?, assignment.outcome)
            }
        };
    if call.state.is_looked_at() {
        answer.extensions_mut().insert(Verdict(outcome.as_str().to_owned()));
    }
    Ok(answer)
}

/// What [`Shown`] says of somebody who has their place and gets its version, put together from texts that are ready: an app asks for it
/// by the thousand a second. Keys and ids are letters, digits and the marks `-_.:`, which JSON takes as they are.
fn placed(trial: &Trial, placement: &Placement) -> String {
    let served = placement.served();
    let mut body = String::with_capacity(transport::USUAL_SIZE);
    for text in [
        r#"{"trial":""#,
        trial.key(),
        r#"","outcome":"existing","arm":""#,
        trial.plan.protocol().arms.get(served).map_or("", |arm| arm.key.as_str()),
        r#"","payload":"#,
        trial.payloads.get(served).map_or("null", |text| &text.whole),
        r#","assignment_id":""#,
        placement.assignment_id(trial, &mut [0; ASSIGNMENT_ID_DIGITS]),
        r#"","protocol_id":""#,
        placement.protocol_id(trial).as_str(),
        r#"","assigned_at":""#,
        &instant(placement.assigned_at()),
        r#"","notice":"#,
        &trial.notice,
        r#","reason":null}"#,
    ] {
        body.push_str(text);
    }
    body
}

/// `POST /v1/touchpoints/{touchpoint}/assignments`
pub(crate) async fn assign_at_touchpoint(mut call: Call) -> Answer {
    let asked = read(&mut call).await?;
    let answers = call.state.app.assign_at_touchpoint(call.caller.key()?, call.part("touchpoint"), &asked).await?;
    let whole = |(trial, answer): Answered| (Arc::clone(&trial), answer.map(|told| told.assignment(&trial)));
    let answers: Vec<_> = answers.into_iter().map(whole).collect();
    let mut body = Touchpoint::default();
    for (trial, answer) in &answers {
        match answer {
            Ok(assignment) if assignment.arm.is_some() => body.assignments.push(assignment.into()),
            Ok(Assignment { outcome, reason, .. }) => {
                body.not_enrolled.push(NotEnrolled {
                    trial: trial.key(),
                    outcome: outcome.as_str(),
                    reason: reason.as_deref(),
                });
            }
            Err(error) => {
                let problem = Problem::from(error.clone());
                body.unanswered.push(Unanswered {
                    trial: trial.key(),
                    code: problem.code.as_str(),
                    detail: problem.detail,
                });
            }
        }
    }
    let mut answer = transport::json(StatusCode::OK, &body)?;
    if call.state.is_looked_at() {
        let outcomes = body.assignments.iter().map(|shown| shown.outcome);
        let outcomes: Vec<&str> = outcomes.chain(body.not_enrolled.iter().map(|shown| shown.outcome)).collect();
        answer.extensions_mut().insert(Verdict(outcomes.join(", ")));
    }
    Ok(answer)
}

/// `POST /v1/trials/{trial}/assignments/lookup`
pub(crate) async fn look_up(call: Call) -> Answer {
    let (state, caller, trial) = (call.state.clone(), call.caller.clone(), call.part("trial").to_owned());
    let mut fields = call.fields(Limit::SINGLE).await?;
    let unit = fields.text("unit");
    let unit = UnitText::new(&fields.finish(unit)?)?;
    let assignment = state.app.look_up(caller.key()?, &trial, &unit).await?;
    transport::json(StatusCode::OK, &Shown::from(&assignment))
}

/// A body that says who and no more, as most do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who<'a> {
    unit: &'a str,
}

async fn read(call: &mut Call) -> Result<AssignCall, Problem> {
    let (_, bytes) = call.take_body(&["application/json"], Limit::SINGLE).await?;
    // In one go where it is as short as that; anything else, and whatever is wrong, is read field by field.
    if let Ok(Who { unit }) = serde_json::from_slice(&bytes) {
        return Ok(AssignCall::of(UnitText::new(unit)?));
    }
    let mut fields = Fields::new(transport::parse_json(&bytes)?)?;
    let unit = fields.text("unit");
    let cluster = fields.optional_text("cluster");
    let attributes = fields.object("attributes");
    let dry_run = fields.flag("dry_run");
    let unit = UnitText::new(&fields.finish(unit)?)?;
    Ok(AssignCall { unit, cluster, attributes, dry_run })
}
