//! Questions and complaints: the public form at a letter's code, and where they are answered.

use actix_web::http::StatusCode;
use fairtrial_app::{
    Actor, AppError,
    people::sessions::Session,
    public::{
        messages::{ANSWERERS, Message},
        register::Entry,
    },
};
use fairtrial_domain::trial::{MessageKind, NoticeCode};
use fairtrial_pages::{
    Moment,
    component::ErrorSummary,
    frame::Section,
    message::{Answer as Answered, Create, Created, List, Row, Show, Standing},
};

use super::{faults_of_form, frame, go_to, page, session::add_cookie};
use crate::{
    access::{form_cookie, new_form_cookie},
    problem::{Code, Problem},
    server::State,
    transport::{Answer, Call, Form},
};

/// `GET /t/{code}/ask`
pub(crate) async fn form(call: Call) -> Answer {
    let (code, entry) = of_code(&call.state, call.part("code")).await?;
    let csrf = match call.caller.session() {
        Ok(session) => session.csrf_token().to_owned(),
        Err(_) => form_cookie(call.request(), &call.state).unwrap_or_else(|| call.state.app.ambient().token()),
    };
    let form = shown(&call.state, &csrf, code, &entry, &Form::default(), ErrorSummary::default());
    let mut response = page(StatusCode::OK, fairtrial_pages::render(&form))?;
    if call.caller.session().is_err() {
        add_cookie(&mut response, &new_form_cookie(&call.state, csrf))?;
    }
    Ok(response)
}

async fn of_code(state: &State, code: &str) -> Result<(NoticeCode, Entry), Problem> {
    let code = NoticeCode::read(code).ok_or_else(Problem::not_found)?;
    Ok((code, state.app.trial_of_code(code).await?))
}

fn shown(state: &State, csrf: &str, code: NoticeCode, entry: &Entry, form: &Form, errors: ErrorSummary) -> Create {
    let title = &entry.trial.plan.protocol().title;
    let about = (code.to_string(), title, &entry.agency.name);
    // The number leads to the answer: it is not written into a page again.
    let given = |name: &str| if name == "reference" { String::new() } else { form.get(name).to_owned() };
    Create::new(frame::outside(state, csrf), (&about.0, about.1, about.2), state.app.message_days(), given, errors)
}

/// `POST /t/{code}/ask`
pub(crate) async fn send(call: Call) -> Answer {
    let part = call.part("code").to_owned();
    let (form, state, _) = call.form(&["kind", "words"]).await?;
    let (code, entry) = of_code(&state, &part).await?;
    let done = match MessageKind::from_word(form.get("kind")) {
        Some(kind) => state.app.send_message(code, kind, form.get("words")).await,
        None => Err(AppError::invalid("/kind", "missing_field", "choose what it is")),
    };
    match done {
        Ok(reference) => {
            let about = (code.to_string(), entry.agency.name);
            let created = Created::new(frame::outside(&state, ""), (&about.0, &about.1), &reference);
            page(StatusCode::CREATED, fairtrial_pages::render(&created))
        }
        Err(error @ AppError::Invalid(_)) => {
            let errors = faults_of_form(error)?;
            let again = shown(&state, form.get("csrf"), code, &entry, &form, errors);
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /t/{code}/answer`: the number is sent in a form, so that it stands in no address and no log.
pub(crate) async fn look(call: Call) -> Answer {
    let part = call.part("code").to_owned();
    let (form, state, _) = call.form(&["reference"]).await?;
    let (code, entry) = of_code(&state, &part).await?;
    match state.app.message_of(code, form.get("reference")).await {
        Ok(found) => {
            let zone = entry.trial.plan.protocol().time_zone;
            let answered = Answered {
                frame: frame::outside(&state, ""),
                code: code.to_string(),
                agency: entry.agency.name,
                kind: found.kind,
                words: found.words,
                sent: Moment::new(found.sent_at, zone),
                answer: found.answer.map(|answer| (answer.words, Moment::new(answer.at, zone))),
            };
            page(StatusCode::OK, fairtrial_pages::render(&answered))
        }
        Err(AppError::NotFound("message")) => {
            let detail = "no message about this trial has this number; check it letter by letter";
            let errors = faults_of_form(AppError::invalid("/reference", "not_found", detail))?;
            let again = shown(&state, form.get("csrf"), code, &entry, &Form::default(), errors);
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /messages`
pub(crate) async fn list(call: Call) -> Answer {
    let session = call.caller.session()?;
    let found = call.state.app.messages(&call.caller.actor()?).await?;
    let now = call.state.app.ambient().now();
    let row = |message: &Message| {
        let plan = message.trial.plan.protocol();
        let moment = |at| Moment::new(at, plan.time_zone);
        let standing = match (message.due_at(), &message.answer) {
            (_, Some(answer)) => Standing::Answered(moment(answer.at)),
            (Some(due), None) if due < now => Standing::Overdue(moment(due)),
            (due, None) => Standing::Waits(moment(due.unwrap_or(message.sent_at))),
        };
        Row {
            key: message.trial.key().to_owned(),
            title: plan.title.clone(),
            number: message.number,
            kind: message.kind,
            words: message.words.clone(),
            sent: moment(message.sent_at),
            standing,
        }
    };
    let frame = frame::signed_in(&call.state, session, Section::Messages);
    let list = List { frame, kept_days: call.state.app.message_days(), rows: found.iter().map(row).collect() };
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

/// `GET /trials/{trial}/messages/{number}`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let number = number(call.part("number"))?;
    let show = opened(&call.state, session, &actor, (call.part("trial"), number), "", ErrorSummary::default()).await?;
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

fn number(part: &str) -> Result<i64, Problem> {
    part.parse().ok().filter(|number| *number > 0).ok_or_else(Problem::not_found)
}

async fn opened(
    state: &State,
    session: &Session,
    actor: &Actor,
    (key, number): (&str, i64),
    typed: &str,
    errors: ErrorSummary,
) -> Result<Show, Problem> {
    let found = state.app.message(actor, key, number).await?;
    let plan = found.trial.plan.protocol();
    Ok(Show {
        frame: frame::signed_in(state, session, Section::Messages),
        errors,
        key: key.to_owned(),
        title: plan.title.clone(),
        number,
        kind: found.kind,
        words: found.words.clone(),
        sent: Moment::new(found.sent_at, plan.time_zone),
        answer: found.answer.map(|answer| (answer.words, answer.name, Moment::new(answer.at, plan.time_zone))),
        may_answer: ANSWERERS.iter().any(|role| session.person.has(*role)),
        typed: typed.to_owned(),
    })
}

/// `POST /trials/{trial}/messages/{number}`
pub(crate) async fn answer(call: Call) -> Answer {
    let (key, part) = (call.part("trial").to_owned(), call.part("number").to_owned());
    let (form, state, caller) = call.form(&["words"]).await?;
    let (actor, number) = (caller.actor()?, number(&part)?);
    match state.app.answer_message(&actor, &key, number, form.get("words")).await {
        Ok(()) => Ok(go_to(&format!("/trials/{key}/messages/{number}"))),
        Err(error @ AppError::Invalid(_)) => {
            let errors = faults_of_form(error)?;
            let again = opened(&state, caller.session()?, &actor, (&key, number), form.get("words"), errors).await?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}
