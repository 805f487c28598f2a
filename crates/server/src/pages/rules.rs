//! The rules for who is in, tried out on made-up people. Nothing that is typed here is kept.

use actix_web::http::StatusCode;
use fairtrial_app::{
    Actor,
    people::sessions::Session,
    trials::rules::{MadeUp, made_up, try_out},
};
use fairtrial_pages::{
    component::{ErrorSummary, Fault},
    eligibility::{Person, Show},
    frame::Section,
};

use super::{frame, page};
use crate::{
    problem::{Code, Problem, sentence},
    server::State,
    transport::{Answer, Call},
};

/// The fields of the form, by the place of the attribute; a plan with more attributes shows its made-up people only.
const FIELDS: [&str; 24] = [
    "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", "a16", "a17",
    "a18", "a19", "a20", "a21", "a22", "a23", "a24",
];

/// `GET /trials/{trial}/rules`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let show = shown(&call.state, session, &actor, call.part("trial"), &[], None, ErrorSummary::default())?;
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

fn person(found: MadeUp) -> Person {
    Person { values: found.values, out: found.answer.err().map(|why| sentence(&why)) }
}

fn shown(
    state: &State,
    session: &Session,
    actor: &Actor,
    key: &str,
    typed: &[String],
    answer: Option<Person>,
    errors: ErrorSummary,
) -> Result<Show, Problem> {
    let trial = state.app.trial_of(actor, key)?;
    let plan = trial.plan.protocol();
    let mut frame = frame::signed_in(state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let people = made_up(plan).into_iter().map(person).collect();
    Ok(Show::new(frame, plan, people, typed, answer, errors))
}

/// `POST /trials/{trial}/rules`
pub(crate) async fn answer(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    // Before the form is read: another agency's trial looks like none.
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form(&FIELDS).await?;
    let (session, actor) = (caller.session()?, caller.actor()?);
    let trial = state.app.trial_of(&actor, &key)?;
    let typed: Vec<String> = FIELDS.iter().map(|name| form.get(name).to_owned()).collect();
    let asked = trial.plan.protocol().attributes.len().min(FIELDS.len());
    let typed = typed.get(..asked).unwrap_or_default();
    match try_out(trial.plan.protocol(), typed) {
        Ok(found) => {
            let show = shown(&state, session, &actor, &key, typed, Some(person(found)), ErrorSummary::default())?;
            page(StatusCode::OK, fairtrial_pages::render(&show))
        }
        Err(faults) => {
            let field = |pointer: &str| {
                let place: usize = pointer.strip_prefix('/')?.parse().ok()?;
                FIELDS.get(place).map(|name| (*name).to_owned())
            };
            let told = |fault: fairtrial_domain::Fault| Fault {
                field: field(&fault.pointer),
                message: sentence(&fault.detail),
                place: None,
            };
            let errors = ErrorSummary { faults: faults.into_iter().map(told).collect() };
            let show = shown(&state, session, &actor, &key, typed, None, errors)?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&show))
        }
    }
}
