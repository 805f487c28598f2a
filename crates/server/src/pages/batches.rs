//! Lists of people for letters: sent, looked at, committed by a second person, fetched.

use actix_web::{HttpResponse, http::StatusCode, http::header};
use chrono::{DateTime, Utc};
use fairtrial_app::{AppError, frontline::batch_list::ListedBatch};
use fairtrial_domain::trial::State as TrialState;
use fairtrial_pages::{
    Moment,
    batch::{Balance, Committed, List, May, Row, Show},
    component::{ErrorSummary, Fault},
    frame::Section,
};
use serde_json::Value;

use super::{frame, go_to, page};
use crate::{
    api::event_formats,
    problem::{Code, Problem, sentence},
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/batches`
pub(crate) async fn list(call: Call) -> Answer {
    let list = listed(&call, ErrorSummary::default()).await?;
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

async fn listed(call: &Call, errors: ErrorSummary) -> Result<List, Problem> {
    shown_list(&call.state, call.caller.session()?, &call.caller.actor()?, call.part("trial"), errors).await
}

async fn shown_list(
    state: &crate::server::State,
    session: &fairtrial_app::people::sessions::Session,
    actor: &fairtrial_app::Actor,
    key: &str,
    errors: ErrorSummary,
) -> Result<List, Problem> {
    let trial = state.app.trial_of(actor, key)?;
    let plan = trial.plan.protocol();
    let batches = state.app.batches(actor, key).await?;
    let rows = batches.iter().map(|batch| Row {
        id: batch.id.clone(),
        uploaded: Moment::new(batch.uploaded_at, plan.time_zone),
        by: batch.uploaded_by.clone(),
        people: batch.people,
        committed: batch.committed_at.map(|at| Moment::new(at, plan.time_zone)),
    });
    let mut frame = frame::signed_in(state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let open = trial.state == TrialState::Enrolling;
    Ok(List::new(frame, (trial.key(), &plan.title), rows.collect(), open, errors))
}

/// `POST /trials/{trial}/batches`
pub(crate) async fn upload(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let (form, state, caller) = call.form_with_texts(&["file"]).await?;
    let (actor, session) = (caller.actor()?, caller.session()?);
    state.app.trial_of(&actor, &key)?;
    let refuse = async |message: String| {
        let errors = ErrorSummary { faults: vec![Fault::of_field("file", &message)] };
        let list = shown_list(&state, session, &actor, &key, errors).await?;
        page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&list))
    };
    if form.get("file").trim().is_empty() {
        return refuse("Choose a file that has a list in it.".into()).await;
    }
    let sent = match event_formats::units(form.get("file").as_bytes()) {
        Ok(sent) => sent,
        Err(problem) => {
            let told: Vec<String> = problem.errors.iter().map(|fault| sentence(&fault.detail)).collect();
            return refuse(if told.is_empty() { problem.detail } else { told.join(" ") }).await;
        }
    };
    match state.app.upload_batch(&actor, &key, &sent, true).await {
        Ok((batch, _)) => Ok(go_to(&format!("/trials/{key}/batches/{}", batch.id))),
        Err(AppError::Invalid(faults)) => {
            let told: Vec<String> = faults.iter().map(|fault| sentence(&fault.detail)).collect();
            refuse(told.join(" ")).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /trials/{trial}/batches/{batch}`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let trial = call.state.app.trial_of(&actor, call.part("trial"))?;
    let plan = trial.plan.protocol();
    let found = call.state.app.listed_batch(&actor, trial.key(), call.part("batch")).await?;
    let moment = |at: DateTime<Utc>| Moment::new(at, plan.time_zone);
    let mut frame = frame::signed_in(&call.state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let own = found.uploader == Some(session.person.id);
    let committed = found.committed_at.zip(found.checksum.clone()).map(|(at, checksum)| Committed {
        at: moment(at),
        by: found.committed_by.clone().unwrap_or_default(),
        checksum,
    });
    let refused: Vec<(u64, String)> = found.refused.iter().map(|line| (line.line, sentence(&line.detail))).collect();
    let balance = balance(&found, plan).ok_or_else(Problem::internal)?;
    let show = Show::new(
        frame,
        (trial.key(), &plan.title, &found.id),
        (found.people, moment(found.uploaded_at), &found.uploaded_by),
        &balance,
        &refused,
        May { commit: !own && trial.state == TrialState::Enrolling, own },
        committed,
    );
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

/// The kept balance in the order of the plan's versions.
fn balance(found: &ListedBatch, plan: &fairtrial_domain::Protocol) -> Option<Balance> {
    let counts = |of: &Value| -> Vec<u64> {
        plan.arms.iter().map(|arm| of.get(arm.key.as_str()).and_then(Value::as_u64).unwrap_or(0)).collect()
    };
    let largest = |of: &Value| -> Option<f64> {
        let found = of.as_object()?.values().filter_map(Value::as_f64);
        found.max_by(|one, other| one.abs().total_cmp(&other.abs()))
    };
    let strata = found.balance.get("strata")?.as_array()?.iter();
    let row = |stratum: &Value| {
        let name = stratum.get("stratum")?.as_str()?;
        let name = if name.is_empty() { "Everybody" } else { name };
        let differences = stratum.get("standardised_differences")?;
        Some((name.to_owned(), counts(stratum.get("counts")?), largest(differences)))
    };
    Some(Balance {
        expected: found.balance.get("expected")?.as_bool()?,
        arms: plan.arms.iter().map(|arm| arm.name.clone()).collect(),
        strata: strata.map(row).collect::<Option<Vec<_>>>()?,
        all: counts(found.balance.get("arms")?),
    })
}

/// `POST /trials/{trial}/batches/{batch}/commit`
pub(crate) async fn commit(call: Call) -> Answer {
    let (key, id) = (call.part("trial").to_owned(), call.part("batch").to_owned());
    let (_, state, caller) = call.form(&[]).await?;
    state.app.commit_batch(&caller.actor()?, &key, &id).await?;
    Ok(go_to(&format!("/trials/{key}/batches/{id}")))
}

/// `GET /trials/{trial}/batches/{batch}/letters.csv`
pub(crate) async fn letters(call: Call) -> Answer {
    let (actor, trial, id) = (call.caller.actor()?, call.part("trial"), call.part("batch"));
    let batch = call.state.app.batch(&actor, trial, id).await?;
    let file =
        batch.file.ok_or_else(|| Problem::new(Code::Conflict, "A second person has to commit the list first."))?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{trial}-{id}.csv\"")))
        .body(file))
}
