//! Connecting an app to a trial.

use actix_web::http::StatusCode;
use chrono::DateTime;
use fairtrial_domain::trial::PersonRole;
use fairtrial_pages::{
    Moment,
    frame::Section,
    integration::{LastCall, Seen, Show},
};

use super::{frame, page};
use crate::transport::{Answer, Call};

/// `GET /trials/{trial}/integration`
pub(crate) async fn show(call: Call) -> Answer {
    let (session, actor) = (call.caller.session()?, call.caller.actor()?);
    let trial = call.state.app.trial_of(&actor, call.part("trial"))?;
    let found = call.state.app.seen(&actor, trial.key()).await?;
    let plan = trial.plan.protocol();
    let moment = |at| Moment::new(at, plan.time_zone);
    let mut frame = frame::signed_in(&call.state, session, Section::Trials);
    frame.facts.as_at = Some(moment(call.state.app.ambient().now()));
    frame.facts.protocol_id = Some(trial.plan.id().to_string());
    let seen = Seen {
        test_key_used: found.test_key_used.map(moment),
        live_key_used: found.live_key_used.map(moment),
        assigned: found.assigned,
        delivered: found.delivered,
        outcomes: found.outcomes,
        strangers: found.strangers,
        opted_out: found.opted_out,
        repeated: found.repeated,
    };
    let origin = super::register::public_address(&call);
    let administrator = session.person.has(PersonRole::Administrator);
    let now = call.state.app.ambient().now_micros();
    let touchpoint = plan.touchpoint.as_ref().map(|place| place.as_str());
    let calls = call.state.tail.look(trial.agency_id, trial.key(), touchpoint, now);
    let last = calls.iter().map(|seen| {
        let key = found.keys.iter().find(|key| key.id == seen.key_id);
        let at = DateTime::from_timestamp_micros(seen.at).unwrap_or_default();
        LastCall {
            at: moment(at),
            key: key.map_or_else(|| "a key that is gone".to_owned(), |key| key.name.clone()),
            live: key.is_none_or(|key| key.live),
            what: what(seen.path).to_owned(),
            verdict: seen.verdict.clone(),
            status: seen.status,
        }
    });
    let show = Show::new(frame, plan, trial.state, &origin, seen, administrator).with_calls(last.collect());
    page(StatusCode::OK, fairtrial_pages::render(&show))
}

/// What a call asked for, in words; the path of its row where there are none.
fn what(path: &'static str) -> &'static str {
    match path {
        "/v1/trials/{trial}/assignments" | "/v1/touchpoints/{touchpoint}/assignments" => "Which version?",
        "/v1/trials/{trial}/assignments/lookup" => "Looked up",
        "/v1/events" => "Events",
        "/v1/trials/{trial}/delivery" => "Delivery",
        "/v1/trials/{trial}/override" => "Another version, for care",
        "/v1/trials/{trial}/harms" => "Harm",
        "/v1/optouts" | "/v1/optouts/withdraw" => "Opt-out",
        other => other,
    }
}
