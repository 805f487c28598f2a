//! Connecting an app to a trial.

use actix_web::http::StatusCode;
use fairtrial_domain::trial::PersonRole;
use fairtrial_pages::{
    Moment,
    frame::Section,
    integration::{Seen, Show},
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
    };
    let origin = super::register::public_address(&call);
    let administrator = session.person.has(PersonRole::Administrator);
    let show = Show::new(frame, plan, trial.state, &origin, seen, administrator);
    page(StatusCode::OK, fairtrial_pages::render(&show))
}
