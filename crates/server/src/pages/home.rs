//! The first page.

use actix_web::http::StatusCode;
use fairtrial_app::{Actor, Person, Trial, alerts::ReceiverView};
use fairtrial_domain::trial::{PersonRole, State as TrialState};
use fairtrial_pages::{
    frame::Section,
    home::{Show, Waiting},
};

use super::{frame, page, reviews, session, trials};
use crate::{
    access::Caller,
    problem::Problem,
    server::State,
    transport::{Answer, Call},
};

/// Most trials among the latest.
const LATEST: usize = 5;

/// `GET /`: the form for signing in, or what waits for whoever is signed in.
pub(crate) async fn show(call: Call) -> Answer {
    let Caller::Person(session) = &call.caller else {
        return session::shown(StatusCode::OK, call.request(), &call.state, "", None, None);
    };
    let actor = call.caller.actor()?;
    let mut own = call.state.app.trials_of(&actor)?;
    own.sort_by_key(|trial| std::cmp::Reverse(trials::changed(trial)));
    let mut waiting = Vec::new();
    for trial in &own {
        waiting.extend(waits(&call.state, &actor, &session.person, trial).await?);
    }
    if session.person.has(PersonRole::Administrator) {
        waiting.extend(call.state.app.receivers(&actor).await?.into_iter().filter_map(fails));
    }
    waiting.sort_by_key(|waiting| !waiting.urgent);
    let agency = call.state.app.agency_of(&actor)?.name;
    let show = Show {
        frame: frame::signed_in(&call.state, session, Section::Home),
        waiting,
        attention: reviews::attention(session, &call.state.app.attention(&actor).await?),
        latest: own.iter().take(LATEST).map(|trial| trials::row(&call.state, trial, &agency)).collect(),
        may_create: session.person.has(PersonRole::Designer),
    };
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

/// What a trial waits for from this person.
async fn waits(state: &State, actor: &Actor, person: &Person, trial: &Trial) -> Result<Option<Waiting>, Problem> {
    let title = &trial.plan.protocol().title;
    let (what, why, urgent) = match trial.state {
        TrialState::InReview => {
            let view = state.app.view_trial(actor, trial.key()).await?;
            if !view.open_verbs(person).contains(&fairtrial_domain::trial::Verb::Approve) {
                return Ok(None);
            }
            let what = format!("Read and sign the plan of \u{2018}{title}\u{2019}");
            return Ok(Some(Waiting {
                what,
                why: "Your signature is missing.".into(),
                address: format!("/trials/{}/review", trial.key()),
                urgent: false,
            }));
        }
        TrialState::Approved if person.has(PersonRole::Designer) => {
            (format!("Start \u{2018}{title}\u{2019}"), "Its plan has all signatures.", false)
        }
        TrialState::Suspended if person.has(PersonRole::Monitor) || person.has(PersonRole::Approver) => {
            (format!("Decide how \u{2018}{title}\u{2019} goes on"), "It is suspended.", true)
        }
        TrialState::FollowUp if person.has(PersonRole::Analyst) => (
            format!("Lock the data of \u{2018}{title}\u{2019} when the last outcomes are in"),
            "Enrolment has ended.",
            false,
        ),
        TrialState::DataLocked | TrialState::Reported
            if person.has(PersonRole::Manager) || person.has(PersonRole::Approver) =>
        {
            let what = format!("Decide what is done about the results of \u{2018}{title}\u{2019}");
            return Ok(Some(decision(trial, what, "Its data are locked.")));
        }
        TrialState::Decided | TrialState::Archived if person.has(PersonRole::Manager) => {
            let due = state.app.decision(actor, trial.key()).await?.and_then(|found| found.due);
            let what = format!("Say what became of \u{2018}{title}\u{2019}");
            return Ok(due.map(|_| decision(trial, what, "It was to become the usual version.")));
        }
        _ => return Ok(None),
    };
    Ok(Some(Waiting { what, why: why.into(), address: format!("/trials/{}", trial.key()), urgent }))
}

/// A receiver that did not take what it was told in three days: what calls for somebody may reach nobody.
fn fails(receiver: ReceiverView) -> Option<Waiting> {
    let since = frame::moment(receiver.failing_since.filter(|_| receiver.closed_at.is_none())?);
    Some(Waiting {
        what: format!("Find out why \u{2018}{}\u{2019} takes no alerts", receiver.name),
        why: format!("An alert was given up on {since}. What was given up can be sent again."),
        address: format!("/admin/receivers/{}", receiver.id),
        urgent: true,
    })
}

/// Something that is done on the page of the decision.
fn decision(trial: &Trial, what: String, why: &str) -> Waiting {
    Waiting { what, why: why.into(), address: format!("/trials/{}/decision", trial.key()), urgent: false }
}
