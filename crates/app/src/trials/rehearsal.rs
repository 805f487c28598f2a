//! A plan tried out on made-up people, within a bounded time and one at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use fairtrial_analysis::{
    design::{self, Question},
    rehearse::{HarmRehearsal, Rehearsal, RehearsalReport},
};
use fairtrial_domain::{Fault, LockedProtocol, ProtocolId, protocol::Protocol};
use tokio::sync::Semaphore;

use crate::{
    ambient::Ambient,
    error::AppError,
    state::{App, actor::Actor},
};

/// Trials under each truth, when there is time for them.
const TRIALS: u64 = 1_000;

/// Trials that are run before the clock is looked at again.
const AT_A_TIME: u64 = 4;

/// Seconds after which no further part is begun.
const SECONDS: i64 = 60;

/// Trials of each size of harm, when there is time for them.
const TRIALS_OF_HARM: u64 = 400;

/// Seconds after which no further trial with harm is begun.
const SECONDS_FOR_HARM: i64 = 10;

/// Rehearsals that are kept; the oldest are not told apart when it is full, and all are made again.
const MOST_KEPT: usize = 64;

/// The seed of every rehearsal: the same plan gives the same table.
const SEED: u64 = 1;

/// A rehearsal so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// What the trials tried so far have decided.
    pub report: Arc<RehearsalReport>,
    /// How soon the rules for harm stop such a trial; nothing where the plan has no measure that this can be told of.
    pub harm: Option<Arc<HarmRehearsal>>,
    /// Whether no more are to come.
    pub finished: bool,
}

/// Rehearsals that were made before or are under way, and the place in which one is made at a time.
#[derive(Debug)]
pub(crate) struct Rehearsals {
    kept: Arc<Mutex<HashMap<ProtocolId, Rehearsed>>>,
    place: Arc<Semaphore>,
}

impl Default for Rehearsals {
    fn default() -> Self {
        Self { kept: Arc::default(), place: Arc::new(Semaphore::new(1)) }
    }
}

/// What the numbers of a plan can show, in sentences.
#[must_use]
pub fn planning(plan: &Protocol) -> Vec<String> {
    let answered = Question::of(plan).and_then(|question| design::answer(&question));
    match answered {
        Ok(answer) => answer.sentences,
        Err(problem) => vec![format!("It cannot be worked out yet what this plan can show: {}.", problem.detail)],
    }
}

impl App {
    /// The rehearsal of a trial's plan, as far as it has come since the server started.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn rehearsed(&self, actor: &Actor, key: &str) -> Result<Option<Rehearsed>, AppError> {
        let trial = self.trial_of(actor, key)?;
        Ok(self.rehearsed_plan(trial.plan.id()))
    }

    /// The rehearsal of an exact plan, as far as it has come since the server started.
    pub(crate) fn rehearsed_plan(&self, plan: &ProtocolId) -> Option<Rehearsed> {
        let kept = self.rehearsals.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(plan).cloned()
    }

    /// Rehearses a trial's plan beside the threads that answer requests, for a minute at most. How many trials there was time
    /// for stands in the table, and makes it repeatable. Whoever does not wait for the end finds what there is so far.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Invalid`] for a plan that cannot be rehearsed, with the place and the reason.
    pub async fn rehearse(&self, actor: &Actor, key: &str) -> Result<Rehearsed, AppError> {
        actor.person()?;
        if let Some(found) = self.rehearsed(actor, key)?.filter(|found| found.finished) {
            return Ok(found);
        }
        let plan = Arc::clone(&self.trial_of(actor, key)?.plan);
        let place = Arc::clone(&self.rehearsals.place).acquire_owned().await;
        let place = place.map_err(|error| AppError::Internal(error.to_string()))?;
        if let Some(found) = self.rehearsed(actor, key)?.filter(|found| found.finished) {
            return Ok(found);
        }
        let (ambient, kept) = (self.ambient.clone(), Arc::clone(&self.rehearsals.kept));
        let running = tokio::task::spawn_blocking(move || {
            // Whoever asked may have gone away; the next one still waits until this one is done.
            let _place = place;
            run(&plan, &ambient, &kept)
        });
        running.await.map_err(|error| AppError::Internal(error.to_string()))?
    }
}

fn run(
    plan: &LockedProtocol,
    ambient: &Ambient,
    kept: &Mutex<HashMap<ProtocolId, Rehearsed>>,
) -> Result<Rehearsed, AppError> {
    let wrong =
        |problem: design::Problem| AppError::Invalid(vec![Fault::new(problem.field, "not_rehearsed", problem.detail)]);
    let rehearsal = Rehearsal::new(plan, TRIALS).map_err(wrong)?;
    let harm_until: DateTime<Utc> = ambient.now() + Duration::seconds(SECONDS_FOR_HARM);
    let harm = rehearsal.harm(TRIALS_OF_HARM, SEED, || ambient.now() < harm_until).map(Arc::new);
    let until: DateTime<Utc> = ambient.now() + Duration::seconds(SECONDS);
    let mut tried = rehearsal.run(0..AT_A_TIME, SEED);
    let mut done = AT_A_TIME;
    loop {
        let finished = done >= TRIALS || ambient.now() >= until;
        let report = Arc::new(rehearsal.report(&tried, done, SEED));
        let so_far = Rehearsed { report, harm: harm.clone(), finished };
        let mut all = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_KEPT && !all.contains_key(plan.id()) {
            all.clear();
        }
        all.insert(plan.id().clone(), so_far.clone());
        drop(all);
        if finished {
            return Ok(so_far);
        }
        let next = (done + AT_A_TIME).min(TRIALS);
        tried.merge(&rehearsal.run(done..next, SEED));
        done = next;
    }
}
