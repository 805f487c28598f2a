//! The watch over a running trial: lights for those who run it, and what the looks found for the monitor.

use actix_web::http::StatusCode;
use fairtrial_app::{Trial, people::sessions::Session, watch::NextLook};
use fairtrial_domain::{
    protocol::{HarmWatch, Protocol},
    trial::PersonRole,
};
use fairtrial_pages::{
    Moment,
    component::SummaryList,
    frame::Section,
    number::{grouped, plural},
    trial::{Look, Looks, Watch, corrections, crossing},
};

use super::{frame, page};
use crate::{
    problem::Problem,
    server::State,
    transport::{Answer, Call},
};

/// `GET /trials/{trial}/looks`
pub(crate) async fn show(call: Call) -> Answer {
    let session = call.caller.session()?;
    let view = call.state.app.looks(&call.caller.actor()?, call.part("trial")).await?;
    let plan = view.trial.plan.protocol();
    let mut frame = frame::signed_in(&call.state, session, Section::Trials);
    frame.facts.as_at = Some(Moment::new(call.state.app.ambient().now(), plan.time_zone));
    frame.facts.protocol_id = Some(view.trial.plan.id().to_string());
    let mut looks: Vec<Look> = view.looks.iter().map(|held| Look::of(plan, held)).collect();
    if let Some(last) = looks.pop() {
        looks.push(last.with_outlook(plan, &view.outlook));
    }
    let looks = Looks {
        frame,
        key: view.trial.key().to_owned(),
        title: plan.title.clone(),
        looks,
        charts: Looks::charts(plan, &view.boundaries, &view.arrivals, view.looks.last()),
        crossings: view.crossings.iter().map(|crossed| crossing(plan, crossed, view.last_correction)).collect(),
        corrections: view
            .corrections
            .map_or_else(Vec::new, |found| corrections(plan, found.corrected, found.retracted, &found.people)),
    };
    page(StatusCode::OK, fairtrial_pages::render(&looks))
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
