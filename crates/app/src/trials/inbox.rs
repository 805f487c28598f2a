//! What happens with trials after their start that whoever signs plans should know. Amendments that wait are among the reviews.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fairtrial_analysis::report::GateStatus;
use fairtrial_domain::trial::State;
use fairtrial_store::messages;

use super::reviews::REVIEWERS;
use crate::{
    error::AppError,
    state::{
        App,
        actor::Actor,
        directory::{Trial, instant},
    },
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
    /// So many messages wait for an answer.
    Messages(u64),
    /// Results should have been public by now.
    Overdue,
}

impl App {
    /// What happened with the trials of the actor's agency after their start, the newest first: harm in trials that are not over,
    /// messages that wait, results that are overdue. Nothing for people who do not sign plans.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a program; when the database fails.
    pub async fn after_start(&self, actor: &Actor) -> Result<Vec<Event>, AppError> {
        let person = actor.person()?;
        if !REVIEWERS.iter().any(|role| person.has(*role)) {
            return Ok(Vec::new());
        }
        let trials = self.trials_of(actor)?;
        let agency = self.agency_of(actor)?;
        let ids: Vec<i64> = trials.iter().map(|trial| trial.id).collect();
        let rows = self.store.read(move |c| messages::of_trials(c, &ids, MOST)).await?;
        let mut events = Vec::new();
        for trial in trials {
            let waiting = rows.iter().filter(|(row, answer)| row.trial_id == trial.id && answer.is_none());
            let oldest = waiting.clone().map(|(row, _)| row.sent_at).min();
            if let Some(oldest) = oldest {
                let matter = Matter::Messages(waiting.count() as u64);
                events.push(Event { trial: Arc::clone(&trial), matter, since: instant(oldest) });
            }
            events.extend(self.harm_of(&trial));
            if let Some(since) = self.entry_of(&trial, &agency).overdue_since {
                events.push(Event { trial, matter: Matter::Overdue, since });
            }
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.since));
        Ok(events)
    }

    /// The harm in a trial in which people still are, or whose outcomes are still collected.
    fn harm_of(&self, trial: &Arc<Trial>) -> Option<Event> {
        if !trial.state.collects_events() {
            return None;
        }
        let safety = self.monitoring(trial).safety;
        let crossed = trial.crossings.last().map(|crossing| instant(crossing.crossed_at));
        let looked = trial.looks.last().map(|look| instant(look.held_at));
        let since = crossed.or(looked).or(trial.started_at).unwrap_or(trial.created_at);
        let stands = trial.state == State::Suspended || trial.state == State::FollowUp;
        let reason = trial.state_reason.clone().filter(|_| stands);
        (safety.status != GateStatus::Green).then(|| Event {
            trial: Arc::clone(trial),
            matter: Matter::Harm(safety.detail, reason),
            since,
        })
    }
}
