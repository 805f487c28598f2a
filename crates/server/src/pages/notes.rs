//! What became of people on the way, and the forms for those who have no app. The person's code is read here and goes no further.

use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use fairtrial_app::{
    Actor, AppError, Trial,
    frontline::notes::{HarmCall, NOTERS, NoteCall, OverrideCall},
    people::sessions::Session,
};
use fairtrial_domain::{
    UnitText,
    event::EventId,
    note::{CodeWord, DeliveryStatus},
    trial::PersonRole,
};
use fairtrial_pages::{
    Moment,
    component::ErrorSummary,
    frame::Section,
    note::{ByVersion, Create, Show, What},
};

use super::{faults_of_form, frame, page};
use crate::{
    problem::{Code, Problem},
    server::State,
    transport::{Answer, Call, Form},
};

/// Fields of the three forms.
const FIELDS: [&str; 11] = [
    "event_id",
    "unit",
    "severity",
    "kind",
    "to_arm",
    "reason_code",
    "note",
    "status",
    "at-day",
    "at-month",
    "at-year",
];

/// `GET /trials/{trial}/notes`
pub(crate) async fn show(call: Call) -> Answer {
    let show = shown(&call.state, call.caller.session()?, &call.caller.actor()?, call.part("trial")).await?;
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

async fn shown(state: &State, session: &Session, actor: &Actor, key: &str) -> Result<Show, Problem> {
    let (trial, people, counts) = state.app.handling(actor, key).await?;
    let plan = trial.plan.protocol();
    let mut frame = frame::signed_in(state, session, Section::Trials);
    frame.facts.as_at = Some(Moment::new(state.app.ambient().now(), plan.time_zone));
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let may_note = NOTERS.iter().any(|role| session.person.has(*role)) && trial.state.collects_events();
    let may_compare = trial.state.is_locked() || session.person.has(PersonRole::Monitor);
    Ok(Show::new(frame, (key, &plan.title, &plan.unit), people, &counts, (may_note, may_compare)))
}

/// `GET /trials/{trial}/notes/by-version`
pub(crate) async fn by_version(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let (trial, versions) = call.state.app.handling_by_version(&actor, call.part("trial")).await?;
    let plan = trial.plan.protocol();
    let mut frame = frame::signed_in(&call.state, session, Section::Trials);
    frame.facts.as_at = Some(Moment::new(call.state.app.ambient().now(), plan.time_zone));
    let versions: Vec<_> =
        versions.into_iter().map(|version| (version.name, version.assigned, version.counts)).collect();
    let show = ByVersion::new(frame, (trial.key(), &plan.title), &versions);
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

/// `GET /trials/{trial}/notes/{what}`
pub(crate) async fn form(call: Call) -> Answer {
    let what = What::from_word(call.part("what")).ok_or_else(Problem::not_found)?;
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let trial = call.state.app.trial_of(&actor, call.part("trial"))?;
    if !trial.state.collects_events() {
        return Err(AppError::Conflict {
            code: "not_running",
            detail: "this trial is not under way: there is nothing to write down".into(),
        }
        .into());
    }
    let event_id = format!("by-hand-{}", call.state.app.ambient().token());
    let form = opened(&call.state, session, &trial, what, (&event_id, &Form::default()), ErrorSummary::default());
    page(StatusCode::OK, fairtrial_pages::render(&form))
}

fn opened(
    state: &State,
    session: &Session,
    trial: &Trial,
    what: What,
    (event_id, form): (&str, &Form),
    errors: ErrorSummary,
) -> Create {
    let plan = trial.plan.protocol();
    let versions: Vec<(String, String)> = plan.arms.iter().map(|arm| (arm.key.to_string(), arm.name.clone())).collect();
    let given = |name: &str| if name == "unit" { String::new() } else { form.get(name).to_owned() };
    let frame = frame::signed_in(state, session, Section::Trials);
    Create::new(frame, (trial.key(), &plan.title), what, &versions, event_id, given, errors)
}

/// `POST /trials/{trial}/notes/{what}`
pub(crate) async fn record(call: Call) -> Answer {
    let what = What::from_word(call.part("what")).ok_or_else(Problem::not_found)?;
    let key = call.part("trial").to_owned();
    // Before the form is read: another agency's trial looks like none.
    let trial = call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form(&FIELDS).await?;
    let (session, actor) = (caller.session()?, caller.actor()?);
    match noted(&state, session, &trial, what, &form).await {
        Ok(()) => {
            let show = shown(&state, session, &actor, &key).await?.noted(what);
            page(StatusCode::CREATED, fairtrial_pages::render(&show))
        }
        Err(error @ AppError::Invalid(_)) => {
            let errors = faults_of_form(error)?;
            let again = opened(&state, session, &trial, what, (form.get("event_id"), &form), errors);
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

async fn noted(state: &State, session: &Session, trial: &Trial, what: What, form: &Form) -> Result<(), AppError> {
    let person = &session.person;
    let missing = |field: &str, detail: &str| AppError::invalid(&format!("/{field}"), "missing_field", detail);
    let unit = UnitText::new(form.get("unit").trim())
        .map_err(|error| AppError::invalid("/unit", "malformed_unit", error.to_string()))?;
    let event_id = EventId::new(form.get("event_id")).ok_or_else(|| missing("unit", "open the form once more"))?;
    let note = NoteCall { event_id, unit };
    let word = |field: &str| {
        CodeWord::new(form.get(field).trim())
            .map_err(|error| AppError::invalid(&format!("/{field}"), "malformed_code", error.to_string()))
    };
    let done = match what {
        What::Harm => {
            let severity = form.get("severity").parse().map_err(|_| missing("severity", "choose how bad it is"))?;
            let (kind, at) = (word("kind")?, day(state, trial, form)?);
            state.app.report_harm(person, trial.key(), &HarmCall { note, severity, kind, at }).await
        }
        What::Override => {
            let to_arm = Some(form.get("to_arm")).filter(|arm| !arm.is_empty());
            let to_arm = to_arm.ok_or_else(|| missing("to_arm", "choose the version they get"))?.to_owned();
            let remark = Some(form.get("note").trim()).filter(|text| !text.is_empty()).map(str::to_owned);
            let asked = OverrideCall { note, to_arm, reason_code: word("reason_code")?, remark };
            state.app.override_version(person, trial.key(), &asked).await
        }
        What::Delivery => {
            let status = DeliveryStatus::from_word(form.get("status"));
            let status = status.ok_or_else(|| missing("status", "choose what became of it"))?;
            let at = day(state, trial, form)?;
            state.app.note_delivery(person, trial.key(), &note, status, at).await
        }
    };
    match done {
        // Said at the field, without the code.
        Err(AppError::NotFound("assignment")) => {
            let detail = "nobody with this code is in this trial; check it with the person";
            Err(AppError::invalid("/unit", "not_found", detail))
        }
        other => other.map(|_| ()),
    }
}

/// The noon of the day that was typed, in the trial's time zone; now, where none was, and for today.
fn day(state: &State, trial: &Trial, form: &Form) -> Result<DateTime<Utc>, AppError> {
    let now = state.app.ambient().now();
    let parts = ["at-day", "at-month", "at-year"].map(|name| form.get(name).trim());
    if parts.iter().all(|part| part.is_empty()) {
        return Ok(now);
    }
    let wrong =
        || AppError::invalid("/at", "out_of_range", "must be a real day that is not in the future, such as 31 3 2027");
    let [day, month, year] = parts;
    let number = |text: &str| text.parse::<u32>().ok();
    let day = year.parse().ok().zip(number(month)).zip(number(day));
    let day = day.and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year, month, day)).ok_or_else(wrong)?;
    let zone = trial.plan.protocol().time_zone;
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or(NaiveTime::MIN);
    let at = zone.from_local_datetime(&day.and_time(noon)).earliest().ok_or_else(wrong)?.with_timezone(&Utc);
    let today = now.with_timezone(&zone).date_naive();
    match day.cmp(&today) {
        std::cmp::Ordering::Less => Ok(at),
        std::cmp::Ordering::Equal => Ok(now),
        std::cmp::Ordering::Greater => Err(wrong()),
    }
}
