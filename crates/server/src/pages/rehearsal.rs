//! The rehearsal of a plan.

use std::{sync::Arc, time::Duration};

use actix_web::http::StatusCode;
use fairtrial_app::{Actor, AppError, people::sessions::Session, trials::rehearsal::planning};
use fairtrial_pages::{frame::Section, rehearsal::Show};

use super::{frame, go_to, page};
use crate::{
    problem::{Code, Problem, sentence},
    server::State,
    transport::{Answer, Call},
};

/// How long the browser waits for the end of a rehearsal.
const PATIENCE: Duration = Duration::from_secs(3);

/// `GET /trials/{trial}/rehearsal`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let show = shown(&call.state, session, &actor, call.part("trial"), None).await?;
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

async fn shown(
    state: &State,
    session: &Session,
    actor: &Actor,
    key: &str,
    cannot: Option<String>,
) -> Result<Show, Problem> {
    let trial = state.app.trial_of(actor, key)?;
    let plan = trial.plan.protocol();
    let mut frame = frame::signed_in(state, session, Section::Trials);
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let found = state.app.rehearsed(actor, key)?;
    let tried = found.as_ref().map(|found| (found.report.as_ref(), found.finished));
    let harm = found.as_ref().and_then(|found| found.harm.as_ref()).map(|harm| harm.sentences.clone());
    let show = Show::new(frame, (trial.key(), &plan.title), planning(plan), tried, &plan.unit, cannot);
    let endings = state.app.endings(actor, key).await?;
    Ok(show.with_harm(harm.unwrap_or_default()).with_endings(endings.as_deref(), plan))
}

/// `POST /trials/{trial}/rehearsal`
pub(crate) async fn run(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    // Before the form is read: another agency's trial looks like none.
    call.state.app.trial_of(&call.caller.actor()?, &key)?;
    let (_, state, caller) = call.form(&[]).await?;
    let actor = caller.actor()?;
    let (app, asking, trial) = (Arc::clone(&state.app), actor.clone(), key.clone());
    let running = actix_web::rt::spawn(async move { app.rehearse(&asking, &trial).await });
    // It goes on when it takes longer; the page then shows what there is so far.
    let ended = tokio::time::timeout(PATIENCE, running).await;
    let done = match ended {
        Ok(joined) => joined.map_err(|_| Problem::internal())?.map(|_| ()),
        Err(_) => Ok(()),
    };
    match done {
        Ok(()) => Ok(go_to(&format!("/trials/{key}/rehearsal"))),
        Err(AppError::Invalid(faults)) => {
            let why: Vec<String> = faults.iter().map(|fault| sentence(&fault.detail)).collect();
            let show = shown(&state, caller.session()?, &actor, &key, Some(why.join(" "))).await?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&show))
        }
        Err(error) => Err(error.into()),
    }
}
