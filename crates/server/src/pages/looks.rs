//! The watch over a running trial: lights for those who run it, and what the looks found for the monitor.

use actix_web::http::StatusCode;
use fairtrial_analysis::{monitor::SeenOutcome, report::LookHeld};
use fairtrial_app::{AppError, Trial, people::sessions::Session, watch::NextLook};
use fairtrial_domain::{
    protocol::{HarmWatch, Protocol},
    trial::{PersonRole, Verb},
};
use fairtrial_pages::{
    Moment,
    component::{ErrorSummary, SummaryList},
    frame::Section,
    number::{grouped, plural},
    trial::{Look, Looks, Watch, Watching, corrections, crossing},
};

use super::{faults_of_form, frame, go_to, page};
use crate::{
    access::Caller,
    problem::{Code, Problem},
    server::State,
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/looks`
pub(crate) async fn show(call: Call) -> Answer {
    let (state, key) = (&call.state, call.part("trial"));
    let looks = shown(state, &call.caller, key, String::new(), ErrorSummary::default()).await?;
    page(StatusCode::OK, fairtrial_pages::render(&looks))
}

async fn shown(
    state: &State,
    caller: &Caller,
    key: &str,
    typed: String,
    errors: ErrorSummary,
) -> Result<Looks, Problem> {
    let (session, actor) = (caller.session()?, caller.actor()?);
    let view = state.app.looks(&actor, key).await?;
    let plan = view.trial.plan.protocol();
    let mut frame = frame::signed_in(state, session, Section::Trials);
    frame.facts.as_at = Some(Moment::new(state.app.ambient().now(), plan.time_zone));
    frame.facts.protocol_id = Some(view.trial.plan.id().to_string());
    let masked = view.masked.as_ref();
    let of_look = |(held, seen): (&LookHeld, &Vec<SeenOutcome>)| Look::of(plan, held, seen, masked);
    let mut looks: Vec<Look> = view.looks.iter().zip(&view.seen).map(of_look).collect();
    // What may be expected of the end is said of the new versions.
    if let Some(last) = looks.pop() {
        looks.push(if masked.is_some() { last } else { last.with_outlook(plan, &view.outlook) });
    }
    let watching = !view.trial.state.is_locked() && session.person.has(PersonRole::Monitor);
    let verbs = state.app.view_trial(&actor, key).await?.open_verbs(&session.person);
    let may_stop = verbs.contains(&Verb::Stop);
    Ok(Looks {
        frame,
        key: view.trial.key().to_owned(),
        title: plan.title.clone(),
        looks,
        charts: Looks::charts(plan, &view.boundaries, &view.arrivals, view.looks.last(), masked),
        crossings: view.crossings.iter().map(|crossed| crossing(plan, crossed, view.last_correction, masked)).collect(),
        corrections: view
            .corrections
            .map_or_else(Vec::new, |found| corrections(plan, found.corrected, found.retracted, &found.people, masked)),
        masked: masked.is_some(),
        watching: watching.then_some(Watching { may_stop, typed, errors }),
    })
}

/// `POST /trials/{trial}/looks/unmask`
pub(crate) async fn unmask(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let (form, state, caller) = call.form(&["reason"]).await?;
    match state.app.unmask(&caller.actor()?, &key, form.get("reason")).await {
        Ok(()) => Ok(go_to(&format!("/trials/{key}/looks"))),
        Err(error @ AppError::Invalid(_)) => {
            let mut errors = faults_of_form(error)?;
            errors.faults.iter_mut().for_each(|fault| fault.field = Some("reason-unmask".into()));
            let again = shown(&state, &caller, &key, form.get("reason").to_owned(), errors).await?;
            page(Code::NotAcceptable.http_status(), fairtrial_pages::render(&again))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /trials/{trial}/looks/continue`: back to the trial, whose history tells it.
pub(crate) async fn let_go_on(call: Call) -> Answer {
    let key = call.part("trial").to_owned();
    let (_, state, caller) = call.form(&[]).await?;
    state.app.let_go_on(&caller.actor()?, &key).await?;
    Ok(go_to(&format!("/trials/{key}")))
}

/// How the watch over a started trial stands, for its page.
pub(super) async fn watch(state: &State, session: &Session, trial: &Trial) -> Result<Watch, Problem> {
    let (plan, found) = (trial.plan.protocol(), state.app.monitoring(trial));
    let people = plural(&plan.unit);
    let mut facts = SummaryList::default().row(
        "Followed up in full",
        format!("{} of {} planned", grouped(found.followed_up), grouped(plan.monitoring.max_units)),
    );
    let held = found.looks_held.iter().map(|(look, at)| format!("Look {look}: {}", Moment::new(*at, plan.time_zone)));
    facts = facts.rows_of("Looks held", held.collect());
    if let Some(next) = &found.next {
        facts = facts.row("Next look", next_look(next, &people));
    } else if found.halted {
        facts = facts.row("Next look", "None while a boundary keeps the trial stopped");
    } else if found.looks_planned > 1 {
        facts = facts.row("Next look", "The lock of the data");
    }
    let watched = found.watched.iter().map(|(name, watch)| format!("{name}: {}", how_closely(*watch, plan)));
    facts = facts.rows_of("Harm is watched", watched.collect());
    facts = facts.row("Reports of harm", grouped(found.harm_reports));
    let concealment = state.app.concealment(trial).await?;
    facts = facts.row("Looked whether somebody would be assigned, before assigning", grouped(concealment.looks_ahead));
    facts = facts.row("Assigned more than once under several names", grouped(concealment.asked_again));
    let mut health = found.health;
    let reconciled = state.app.reconciliation(trial).await?;
    health.extend(reconciled.map(|status| ("reconciliation".to_owned(), status)));
    health.push(("concealment".into(), concealment.status));
    Ok(Watch {
        safety: (found.safety.status, found.safety.detail),
        health,
        facts,
        may_read_looks: trial.state.is_locked() || session.person.has(PersonRole::Monitor),
    })
}

fn next_look(next: &NextLook, people: &str) -> String {
    let day = next.expected_on.map(|day| day.format("%-d %B %Y").to_string());
    match (next.needs, day) {
        (None, Some(day)) => format!("Look {}, on {day}", next.look),
        (None, None) => format!("Look {}, as soon as anybody has been followed up", next.look),
        (Some(needs), None) => format!("Look {}, when {} {people} have been followed up", next.look, grouped(needs)),
        (Some(needs), Some(day)) => {
            let about = if next.certain { "on" } else { "about" };
            format!("Look {}, when {} {people} have been followed up: {about} {day}", next.look, grouped(needs))
        }
    }
}

fn how_closely(watch: HarmWatch, plan: &Protocol) -> &'static str {
    match watch {
        HarmWatch::EveryEvent => "whenever it happens",
        HarmWatch::Daily => "every day",
        HarmWatch::Looks if plan.monitoring.looks.len() > 1 => "at the planned looks",
        HarmWatch::Looks => "when the data are locked",
    }
}
