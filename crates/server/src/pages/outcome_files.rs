//! Outcomes from files: a file is checked, taken in, looked at, taken back.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use fairtrial_app::{
    Actor, AppError,
    frontline::outcome_file::{Checked, Columns, DayOrder, ListedFile, MOST_ROWS, Table},
    people::sessions::Session,
};
use fairtrial_pages::{
    Moment,
    component::{ErrorSummary, Fault},
    frame::Section,
    outcome_file::{Back, Blank, Check, Found, Kept, List, Row, Show, Typed},
};

use super::{faults_of_form, frame, go_to, page};
use crate::{
    api::{event_formats, spreadsheet},
    problem::{Code, Problem, sentence},
    server::State,
    transport::{Answer, Call, Form},
};

/// The fields that say which column is read as what.
pub(crate) const FIELDS: [&str; 8] =
    ["unit", "event", "event_column", "value", "occurred_at", "source", "days", "sheet"];

/// Who asks, on which server, about which trial.
struct Asked<'a> {
    state: &'a State,
    session: &'a Session,
    actor: &'a Actor,
    key: &'a str,
}

/// `GET /trials/{trial}/outcome-files`
pub(crate) async fn list(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let asked = Asked { state: &call.state, session, actor: &actor, key: call.part("trial") };
    // From the page of a check: the next file is read in the same way.
    let named = FIELDS.iter().any(|name| call.query.get(name).is_some());
    let read_as = named.then(|| columns(|name| call.query.get(name).unwrap_or_default())).transpose()?;
    let list = asked.list(read_as.as_ref(), ErrorSummary::default()).await?;
    page(StatusCode::OK, fairtrial_pages::render(&list))
}

/// `POST /trials/{trial}/outcome-files`: what would become of a file. Nothing is kept.
pub(crate) async fn check(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form_with_file(&FIELDS_AND_FILE, "file").await?;
    let (session, actor) = (caller.session()?, caller.actor()?);
    let asked = Asked { state: &state, session, actor: &actor, key: &key };
    let columns = columns(|name| form.get(name))?;
    let table = match table(&form, &columns).await {
        Ok(table) => table,
        Err(message) => return asked.again(&columns, of_file(&message)).await,
    };
    match state.app.check_outcome_file(&actor, &key, &table, &columns).await {
        Ok(checked) => asked.checked(&columns, &checked, false),
        Err(error @ AppError::Invalid(_)) => asked.again(&columns, faults_of_form(error)?).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /trials/{trial}/outcome-files/take-in`
pub(crate) async fn take_in(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form_with_file(&FIELDS_TO_TAKE_IN, "file").await?;
    let (session, actor) = (caller.session()?, caller.actor()?);
    let asked = Asked { state: &state, session, actor: &actor, key: &key };
    let (columns, leave_out) = (columns(|name| form.get(name))?, form.get("leave_out") == "yes");
    let table = match table(&form, &columns).await {
        Ok(table) => table,
        Err(message) => return asked.again(&columns, of_file(&message)).await,
    };
    match state.app.take_outcome_file(&actor, &key, &table, &columns, form.get("digest"), leave_out).await {
        Ok(Ok(id)) => Ok(go_to(&format!("/trials/{key}/outcome-files/{id}"))),
        Ok(Err(checked)) => asked.checked(&columns, &checked, true),
        Err(error @ AppError::Invalid(_)) => asked.again(&columns, faults_of_form(error)?).await,
        Err(AppError::Conflict { code: "nothing_new", detail }) => {
            asked.again(&columns, of_file(&sentence(&detail))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /trials/{trial}/outcome-files/{file}`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let trial = call.state.app.trial_of(&actor, call.part("trial"))?;
    let found = call.state.app.outcome_file(&actor, trial.key(), number(&call)?).await?;
    let plan = trial.plan.protocol();
    let moment = |at: DateTime<Utc>| Moment::new(at, plan.time_zone);
    let mut frame = frame::signed_in(&call.state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let back = found.taken_back.as_ref().map(|back| Back {
        at: moment(back.at),
        by: back.by.clone(),
        events: back.events,
        corrected: back.corrected,
    });
    let kept = Kept {
        id: found.id,
        at: moment(found.at),
        by: found.by.clone(),
        digest: found.digest.clone(),
        read_as: typed(&found.columns),
        rows: [found.new, found.known, found.others, found.refused],
        back,
    };
    let show = Show::new(frame, (trial.key(), &plan.title), &kept, trial.state.collects_events());
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

/// `POST /trials/{trial}/outcome-files/{file}/take-back`
pub(crate) async fn take_back(call: Call) -> Answer {
    let (key, id) = (call.part("trial").to_owned(), number(&call)?);
    let (_, state, caller) = call.form(&[]).await?;
    state.app.take_back_outcome_file(&caller.actor()?, &key, id).await?;
    Ok(go_to(&format!("/trials/{key}/outcome-files/{id}")))
}

/// The fields of the form that checks a file.
const FIELDS_AND_FILE: [&str; 9] =
    ["unit", "event", "event_column", "value", "occurred_at", "source", "days", "sheet", "file"];
/// And of the one that takes it in.
const FIELDS_TO_TAKE_IN: [&str; 11] =
    ["unit", "event", "event_column", "value", "occurred_at", "source", "days", "sheet", "file", "digest", "leave_out"];

fn number(call: &Call) -> Result<i64, Problem> {
    call.part("file").parse().map_err(|_| Problem::not_found())
}

/// How a file is to be read.
fn columns<'a>(said: impl Fn(&str) -> &'a str) -> Result<Columns, Problem> {
    let [unit, event, event_column, value, occurred_at, source, days, sheet] =
        FIELDS.map(|name| said(name).trim().to_owned());
    let unknown = || Problem::new(Code::MalformedRequest, "days is year_first or day_first.");
    let days = match days.as_str() {
        "" => DayOrder::default(),
        word => DayOrder::from_word(word).ok_or_else(unknown)?,
    };
    Ok(Columns { unit, event, event_column, value, occurred_at, source, days, sheet })
}

fn typed(columns: &Columns) -> Typed {
    let Columns { unit, event, event_column, value, occurred_at, source, days, sheet } = columns.clone();
    Typed { unit, event, event_column, value, occurred_at, source, day_first: days == DayOrder::DayFirst, sheet }
}

fn of_file(message: &str) -> ErrorSummary {
    ErrorSummary { faults: vec![Fault::of_field("file", message)] }
}

/// The table in the form's file; otherwise what is wrong with it, in a sentence.
async fn table(form: &Form, columns: &Columns) -> Result<Table, String> {
    let bytes = form.file();
    if bytes.trim_ascii().is_empty() {
        return Err("Choose a file that has a table in it.".into());
    }
    if spreadsheet::is_locked_or_old(bytes) {
        let told = "This spreadsheet is of an old kind (.xls), or is locked by a password. Save it as an Excel workbook (.xlsx) without a \
                    password, or as \u{2018}CSV UTF-8\u{2019}.";
        return Err(told.into());
    }
    if spreadsheet::is_workbook(bytes) {
        // Unpacking is work that other calls must not wait for; whatever a broken file does to its reader stays there.
        let (bytes, columns) = (bytes.to_vec(), columns.clone());
        let read = actix_web::web::block(move || spreadsheet::outcomes(&bytes, &columns)).await;
        return read.unwrap_or_else(|_| Err(spreadsheet::BROKEN.to_owned()));
    }
    event_formats::outcomes(bytes).map_err(|problem| {
        let told: Vec<String> = problem.errors.iter().map(|fault| sentence(&fault.detail)).collect();
        if told.is_empty() { problem.detail } else { told.join(" ") }
    })
}

impl Asked<'_> {
    async fn list(&self, typed_before: Option<&Columns>, errors: ErrorSummary) -> Result<List, Problem> {
        let trial = self.state.app.trial_of(self.actor, self.key)?;
        let plan = trial.plan.protocol();
        let files = self.state.app.outcome_files(self.actor, self.key).await?;
        let moment = |at: DateTime<Utc>| Moment::new(at, plan.time_zone);
        let rows = files.iter().map(|file: &ListedFile| Row {
            id: file.id,
            taken: moment(file.at),
            by: file.by.clone(),
            new: file.new,
            back: file.taken_back.as_ref().map(|back| moment(back.at)),
        });
        let mut kinds: Vec<(String, String)> = Vec::new();
        for outcome in &plan.outcomes {
            match kinds.iter_mut().find(|(kind, _)| *kind == outcome.event) {
                Some((_, words)) => *words = format!("{words}, {}", outcome.name),
                None => kinds.push((outcome.event.clone(), format!("{}: {}", outcome.event, outcome.name))),
            }
        }
        // A register is exported in one shape again and again.
        let last = files.first().map(|file| &file.columns);
        let first = || Typed {
            unit: "unit".into(),
            event: kinds.first().map(|(kind, _)| kind.clone()).unwrap_or_default(),
            occurred_at: "occurred_at".into(),
            ..Typed::default()
        };
        let before = typed_before.or(last).map_or_else(first, typed);
        let mut frame = frame::signed_in(self.state, self.session, Section::Trials);
        frame.facts.protocol_id = Some(trial.plan.id().to_string());
        let form = trial.state.collects_events().then_some(Blank { kinds, typed: before, most: MOST_ROWS });
        Ok(List::new(frame, (trial.key(), &plan.title), rows.collect(), form, errors))
    }

    async fn again(&self, columns: &Columns, errors: ErrorSummary) -> Answer {
        let list = self.list(Some(columns), errors).await?;
        page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&list))
    }

    fn checked(&self, columns: &Columns, checked: &Checked, asked: bool) -> Answer {
        let trial = self.state.app.trial_of(self.actor, self.key)?;
        let mut frame = frame::signed_in(self.state, self.session, Section::Trials);
        frame.facts.protocol_id = Some(trial.plan.id().to_string());
        let found = Found {
            digest: checked.digest.clone(),
            new: checked.new as u64,
            known: checked.known as u64,
            others: checked.others as u64,
            refused: checked.refused.iter().map(|line| (line.line, sentence(&line.detail))).collect(),
        };
        let title = &trial.plan.protocol().title;
        let check = Check::new(frame, (trial.key(), title), &typed(columns), &found, asked);
        let status = if asked { Code::NotAcceptable.http_status() } else { StatusCode::OK };
        page(status, fairtrial_pages::render(&check))
    }
}
