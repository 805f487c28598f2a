//! What happens with trials after their start that people should hear of without opening each. Amendments that wait are among the
//! reviews.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use fairtrial_analysis::{monitor::LookDecision, report::GateStatus};
use fairtrial_domain::{
    protocol::{Action, Role},
    trial::{PersonRole, State},
};
use fairtrial_store::{audit, messages};

use super::reviews::REVIEWERS;
use crate::{
    error::AppError,
    state::{
        App,
        actor::Actor,
        directory::{Trial, instant},
    },
    watch::looks::{action_on_harm, begins},
};

/// Messages that are looked at.
const MOST: i64 = 500;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// With which trial.
    pub trial: Arc<Trial>,
    /// What.
    pub matter: Matter,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// Somebody seems to be harmed: what the light of the trial says, and why it stands where it stands.
    Harm(String, Option<String>),
    /// The trial is suspended, and why.
    Suspended(Option<String>),
    /// Checks of the data are red, by their names for programs. No number of an arm is among them.
    Checks(Vec<String>),
    /// So many messages wait for an answer.
    Messages(u64),
    /// Enrolment should have ended after this day.
    PastEnd(NaiveDate),
    /// Results should have been public by now.
    Overdue,
}

/// Who hears what calls for attention: everybody who runs trials, signs them, watches over them, or reads their results.
pub const HEARERS: &[PersonRole] = &[
    PersonRole::Designer,
    PersonRole::Approver,
    PersonRole::Privacy,
    PersonRole::Ethics,
    PersonRole::MaoriGovernance,
    PersonRole::Monitor,
    PersonRole::Manager,
    PersonRole::Analyst,
];

impl App {
    /// What calls for attention in the trials of the actor's agency, the newest first: harm, a stop, checks that are red, enrolment
    /// past its end, results that are overdue. Each is gone as soon as it is mended. Nothing for people who have no part in trials.
    ///
    /// Nothing is computed for it: what is red is noted while trials are watched.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a program; when the database fails.
    pub async fn attention(&self, actor: &Actor) -> Result<Vec<Event>, AppError> {
        let person = actor.person()?;
        if !HEARERS.iter().any(|role| person.has(*role)) {
            return Ok(Vec::new());
        }
        let agency = self.agency_of(actor)?;
        let mut events = Vec::new();
        for trial in self.trials_of(actor)? {
            if trial.state.collects_events() {
                events.extend(self.stopped(&trial).await?);
                events.extend(red_checks(&trial));
                events.extend(self.past_end(&trial));
            }
            if let Some(since) = self.entry_of(&trial, &agency).overdue_since {
                events.push(Event { trial, matter: Matter::Overdue, since });
            }
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.since));
        Ok(events)
    }

    /// What happened with the trials of the actor's agency after their start, the newest first: all that calls for attention, harm
    /// that was reported in trials that are not over, messages that wait. Nothing for people who do not sign plans.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a program; when the database fails.
    pub async fn after_start(&self, actor: &Actor) -> Result<Vec<Event>, AppError> {
        let person = actor.person()?;
        if !REVIEWERS.iter().any(|role| person.has(*role)) {
            return Ok(Vec::new());
        }
        let mut events = self.attention(actor).await?;
        let trials = self.trials_of(actor)?;
        let ids: Vec<i64> = trials.iter().map(|trial| trial.id).collect();
        let rows = self.store.read(move |c| messages::of_trials(c, &ids, MOST)).await?;
        for trial in trials {
            let waiting = rows.iter().filter(|(row, answer)| row.trial_id == trial.id && answer.is_none());
            let oldest = waiting.clone().map(|(row, _)| row.sent_at).min();
            if let Some(oldest) = oldest {
                let matter = Matter::Messages(waiting.count() as u64);
                events.push(Event { trial: Arc::clone(&trial), matter, since: instant(oldest) });
            }
            events.extend(self.reported_harm(&trial));
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.since));
        Ok(events)
    }

    /// A boundary for harm that was crossed, or whatever else has suspended the trial.
    async fn stopped(&self, trial: &Arc<Trial>) -> Result<Option<Event>, AppError> {
        let harmful = serde_json::to_value(LookDecision::Harmful).ok();
        let at_look = trial.looks.iter().find(|look| harmful.as_ref().is_some_and(|word| *word == look.decision));
        let crossed = trial.crossings.first().map(|crossing| crossing.crossed_at);
        // Where it stopped the trial, and two people have let it go on since, they have seen it.
        let plan = trial.plan.protocol();
        let mut harms = plan.outcomes.iter().filter(|outcome| outcome.role == Role::Harm);
        let going_on = matches!(trial.state, State::Enrolling | State::EnrolmentPaused) && !trial.halted;
        let stands = !going_on || harms.any(|outcome| action_on_harm(outcome) == Action::Notify);
        let crossed = crossed.into_iter().chain(at_look.map(|look| look.held_at)).min().filter(|_| stands);
        let suspended = trial.state == State::Suspended;
        let reason = trial.state_reason.clone().filter(|_| suspended || trial.state == State::FollowUp);
        let event = |matter, since| Some(Event { trial: Arc::clone(trial), matter, since });
        if let Some(crossed) = crossed {
            let detail = "A boundary for harm was crossed.".to_owned();
            return Ok(event(Matter::Harm(detail, reason), instant(crossed)));
        }
        if trial.reverted {
            let since = trial.ended_at.unwrap_or(trial.created_at);
            return Ok(event(Matter::Harm("The trial was stopped for harm.".to_owned(), reason), since));
        }
        if !suspended {
            return Ok(None);
        }
        let subject = trial.key().to_owned();
        let entry = self.store.read(move |c| audit::latest(c, &subject, "trial.suspend")).await?;
        let since = entry.map_or(trial.started_at.unwrap_or(trial.created_at), |entry| instant(entry.at));
        Ok(event(Matter::Suspended(reason), since))
    }

    /// Enrolment that goes on after the last day that the plan names.
    pub(crate) fn past_end(&self, trial: &Arc<Trial>) -> Option<Event> {
        let plan = trial.plan.protocol();
        let open = matches!(trial.state, State::Enrolling | State::EnrolmentPaused);
        let last = plan.monitoring.ends_on;
        let over = begins(plan, last.succ_opt()?);
        (open && over <= self.ambient.now()).then(|| Event {
            trial: Arc::clone(trial),
            matter: Matter::PastEnd(last),
            since: over,
        })
    }

    /// Harm that was reported in a trial in which no boundary was crossed.
    fn reported_harm(&self, trial: &Arc<Trial>) -> Option<Event> {
        if !trial.state.collects_events() {
            return None;
        }
        let safety = self.monitoring(trial).safety;
        let looked = trial.looks.last().map(|look| instant(look.held_at));
        let since = looked.or(trial.started_at).unwrap_or(trial.created_at);
        (safety.status == GateStatus::Amber).then(|| Event {
            trial: Arc::clone(trial),
            matter: Matter::Harm(safety.detail, None),
            since,
        })
    }
}

/// The checks of a trial's data that are red now.
fn red_checks(trial: &Arc<Trial>) -> Option<Event> {
    let since = trial.red_checks.first().map(|check| instant(check.since))?;
    let names = trial.red_checks.iter().map(|check| check.gate.clone()).collect();
    Some(Event { trial: Arc::clone(trial), matter: Matter::Checks(names), since })
}
