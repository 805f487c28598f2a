//! Deciding what is done about the results of a trial, and saying what became of it.

use actix_web::http::StatusCode;
use chrono::NaiveDate;
use fairtrial_app::{
    Actor, AppError, Trial,
    learned::adoption::{FollowUp, REPORTERS},
    people::sessions::Session,
    trials::{
        conclude::recommended,
        life::{AdoptionPlan, Move},
    },
};
use fairtrial_domain::trial::{Adoption, Decision, PersonRole, Verb};
use fairtrial_pages::{
    Moment,
    component::ErrorSummary,
    decision::{Entry, Opening, Record, Show},
    frame::Section,
    report::Band,
};

use super::{faults_of_form, frame, go_to, page};
use crate::{
    access::Caller,
    problem::{Code, Problem, sentence},
    server::State,
    transport::{Answer, Call, Form},
};

/// The fields of the form for deciding.
const DECIDE: [&str; 7] = ["decision", "reason", "owner", "due_on-day", "due_on-month", "due_on-year", "protocol_id"];

/// `GET /trials/{trial}/decision`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let trial = call.state.app.trial_of(&actor, call.part("trial"))?;
    let show = shown(&call.state, session, &actor, &trial, &Form::default(), ErrorSummary::default()).await?;
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

async fn shown(
    state: &State,
    session: &Session,
    actor: &Actor,
    trial: &Trial,
    form: &Form,
    errors: ErrorSummary,
) -> Result<Show, Problem> {
    let finding = state.app.finding_for(actor, trial.key()).await?;
    let plan = trial.plan.protocol();
    let moment = |at| Moment::new(at, plan.time_zone);
    let mut frame = frame::signed_in(state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let opening = Opening {
        key: trial.key().to_owned(),
        title: plan.title.clone(),
        band: Band {
            kind: finding.verdict,
            action: finding.verdict.action().to_owned(),
            sentence: finding.headline.clone(),
        },
        recommended: recommended(finding.verdict).to_vec(),
        waits_for: state.app.waits_for_agreement(actor, trial.key()).await?.map(|text| sentence(&text)),
    };
    let given = |name: &str| form.get(name).to_owned();
    let has_one_of = |roles: &[PersonRole]| roles.iter().any(|role| session.person.has(*role));
    match state.app.decision(actor, trial.key()).await? {
        Some(found) => {
            Ok(Show::of_record(frame, opening, record(&found, moment), has_one_of(&REPORTERS), given, errors))
        }
        None => {
            let may = has_one_of(&[PersonRole::Manager, PersonRole::Approver]);
            Ok(Show::to_decide(frame, opening, may, given, errors))
        }
    }
}

fn record(found: &FollowUp, moment: impl Fn(chrono::DateTime<chrono::Utc>) -> Moment) -> Record {
    let decided = &found.decided;
    Record {
        decision: decided.decision,
        by_the_rule: decided.by_the_rule,
        reason: decided.reason.clone(),
        by: found.name(decided.person_id),
        second: decided.second_person_id.map(|id| found.name(id)),
        at: moment(decided.at),
        adoption: decided.owner.clone().zip(decided.due_on),
        reports: found
            .reports
            .iter()
            .rev()
            .map(|report| Entry {
                status: report.status,
                reason: report.reason.clone(),
                by: found.name(report.person_id),
                at: moment(report.at),
            })
            .collect(),
        due: found.due.map(moment),
    }
}

/// The day that was typed; nothing when all three lines are empty.
fn day(form: &Form) -> Result<Option<NaiveDate>, AppError> {
    let part = |name: &str| form.get(name).trim().to_owned();
    let parts = [part("due_on-day"), part("due_on-month"), part("due_on-year")];
    if parts.iter().all(String::is_empty) {
        return Ok(None);
    }
    let [day, month, year] = parts;
    let read = || NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let detail = "must be a real day, such as 31 3 2027";
    read().map(Some).ok_or_else(|| AppError::invalid("/due_on", "out_of_range", detail))
}

/// `POST /trials/{trial}/decide`
pub(crate) async fn decide(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let (form, state, caller) = call.form(&DECIDE).await?;
    let actor = caller.actor()?;
    let trial = state.app.trial_of(&actor, &key)?;
    let mut asked = Move::plain(Verb::Decide, form.get("reason"));
    asked.decision = Decision::from_word(form.get("decision"));
    let id = Some(form.get("protocol_id")).filter(|id| !id.is_empty()).map(str::parse).transpose();
    asked.protocol_id =
        id.map_err(|_| Problem::new(Code::InvalidBody, "The form does not name the plan of its page."))?;
    let done = match adoption(&form, asked.decision) {
        Ok(adoption) => {
            asked.adoption = adoption;
            state.app.move_trial(&actor, &key, &asked).await.map(|_| ())
        }
        Err(fault) => Err(fault),
    };
    back(&state, &caller, &trial, &form, done).await
}

/// Back to the page; or the page again, with what is wrong beside its field.
async fn back(state: &State, caller: &Caller, trial: &Trial, form: &Form, done: Result<(), AppError>) -> Answer {
    match done {
        Ok(()) => Ok(go_to(&format!("/trials/{}/decision", trial.key()))),
        Err(error @ AppError::Invalid(_)) => {
            let errors = faults_of_form(error)?;
            let again = shown(state, caller.session()?, &caller.actor()?, trial, form, errors).await?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

/// Who sees to an adoption, and by when: neither, when both are left empty.
fn adoption(form: &Form, decision: Option<Decision>) -> Result<Option<AdoptionPlan>, AppError> {
    let owner = form.get("owner").to_owned();
    match day(form)? {
        Some(due_on) => Ok(Some(AdoptionPlan { owner, due_on })),
        None if decision == Some(Decision::Adopt) && !owner.trim().is_empty() => {
            Err(AppError::invalid("/due_on", "missing_field", "say by when it is done"))
        }
        None => Ok(None),
    }
}

/// `POST /trials/{trial}/adoption`
pub(crate) async fn report(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let (form, state, caller) = call.form(&["status", "reason"]).await?;
    let actor = caller.actor()?;
    let trial = state.app.trial_of(&actor, &key)?;
    let done = match Adoption::from_word(form.get("status")) {
        Some(status) => state.app.report_adoption(&actor, &key, status, form.get("reason")).await,
        None => Err(AppError::invalid("/status", "missing_field", "choose what became of it")),
    };
    back(&state, &caller, &trial, &form, done).await
}
