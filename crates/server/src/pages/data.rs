//! The data of a trial for its analysts.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::Bytes,
};
use fairtrial_app::{Actor, AppError, people::sessions::Session, trials::data::Records};
use fairtrial_pages::{
    Moment,
    component::ErrorSummary,
    data::{Show, heading, records},
    trial::corrections,
};
use futures_core::Stream;

use super::{faults_of_form, frame, page};
use crate::{
    problem::{Code, Problem},
    server::State,
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/data`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let show = shown(&call.state, session, &actor, call.part("trial"), "", ErrorSummary::default()).await?;
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

async fn shown(
    state: &State,
    session: &Session,
    actor: &Actor,
    key: &str,
    typed: &str,
    errors: ErrorSummary,
) -> Result<Show, Problem> {
    let view = state.app.data_view(actor, key).await?;
    let plan = view.trial.plan.protocol();
    let (frame, as_of) = frame::of_data(state, session, &view.trial, view.as_of);
    let found = &view.corrections;
    let sentences = corrections(plan, found.corrected, found.retracted, &found.people, None);
    let show = Show::new(frame, plan, as_of, &view.outcomes, typed, errors);
    let zone = plan.time_zone;
    let files = state.app.outcome_files(actor, key).await?.into_iter().map(|file| {
        let back = file.taken_back.map(|back| Moment::new(back.at, zone));
        (Moment::new(file.at, zone), file.by, file.new, back)
    });
    Ok(show.with_corrections(sentences, found.waiting).with_files(&files.collect::<Vec<_>>()))
}

/// `POST /trials/{trial}/data`
pub(crate) async fn download(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    // Before the form is read: another agency's trial looks like none.
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (form, state, caller) = call.form(&["purpose"]).await?;
    let actor = caller.actor()?;
    match state.app.take_records(&actor, &key, form.get("purpose")).await {
        Ok(records) => {
            // The name of the file is made of the trial's key, which needs no quoting.
            let name = format!("attachment; filename=\"{key}-records.csv\"");
            Ok(HttpResponse::Ok()
                .insert_header((header::CONTENT_DISPOSITION, name))
                .content_type("text/csv; charset=utf-8")
                .streaming(Download { records, next: None }))
        }
        Err(error @ AppError::Invalid(_)) => {
            let errors = faults_of_form(error)?;
            let again = shown(&state, caller.session()?, &actor, &key, form.get("purpose"), errors).await?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

/// People whose rows are written at once.
const ROWS_AT_ONCE: usize = 500;

/// Records on their way, as they are read: whoever goes away ends the work.
struct Download {
    records: Records,
    /// The first person whose row is not written yet; none before the heading is.
    next: Option<usize>,
}

impl Stream for Download {
    type Item = Result<Bytes, csv::Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { records: taken, next } = self.get_mut();
        let (plan, people) = (taken.trial.plan.protocol(), &taken.people);
        let written = match *next {
            None => heading(plan),
            Some(first) if first < people.units.len() => records(plan, people, first..first + ROWS_AT_ONCE),
            Some(_) => return Poll::Ready(None),
        };
        *next = Some(next.map_or(0, |first| first + ROWS_AT_ONCE));
        if let Err(error) = &written {
            tracing::error!(%error, "records could not be written");
        }
        Poll::Ready(Some(written.map(Bytes::from)))
    }
}
