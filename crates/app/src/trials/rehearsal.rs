//! A plan tried out on made-up people, within a bounded time and one at a time.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use chrono::{DateTime, Duration, Utc};
use fairtrial_analysis::{
    design::{self, Problem, Question},
    preview::{Ending, preview},
    rehearse::{HarmRehearsal, HarmTried, Rehearsal, RehearsalReport, Tried},
};
use fairtrial_domain::{Fault, LockedProtocol, ProtocolId, protocol::Protocol};
use tokio::sync::Semaphore;

use crate::{
    ambient::Ambient,
    aside::aside,
    error::AppError,
    state::{App, actor::Actor},
};

/// Trials under each truth, when there is time for them.
const TRIALS: u64 = 1_000;

/// Trials that each thread runs before the clock is looked at again.
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

/// What the numbers of a plan can show, in sentences: its main question, and its whole decision rule where that asks more.
#[must_use]
pub fn planning(plan: &Protocol) -> Vec<String> {
    let answered = Question::of(plan).and_then(|question| design::answer(&question));
    match answered {
        Ok(answer) => answer.sentences.into_iter().chain(design::rule_plan(plan).chance()).collect(),
        Err(problem) => vec![format!("It cannot be worked out yet what this plan can show: {}.", problem.detail)],
    }
}

impl App {
    /// When a trial of this plan would be full if it started today, in sentences.
    #[must_use]
    pub fn forecast(&self, plan: &Protocol) -> Vec<String> {
        design::forecast(plan, self.ambient.now().with_timezone(&plan.time_zone).date_naive())
    }

    /// The rehearsal of a trial's plan, as far as it has come since the server started.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn rehearsed(&self, actor: &Actor, key: &str) -> Result<Option<Rehearsed>, AppError> {
        let trial = self.trial_of(actor, key)?;
        Ok(self.rehearsed_plan(trial.plan.id()))
    }

    /// What the report of a trial will say for each way in which it can end, from made-up numbers; or what its plan would have to say
    /// before that can be told.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn endings(&self, actor: &Actor, key: &str) -> Result<Result<Vec<Ending>, Problem>, AppError> {
        let plan = Arc::clone(&self.trial_of(actor, key)?.plan);
        aside(move || preview(&plan)).await
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
        let running = aside(move || {
            // Whoever asked may have gone away; the next one still waits until this one is done.
            let _place = place;
            run(&plan, &ambient, &kept)
        });
        running.await?
    }
}

/// As many threads as trials are shared out over, of so many cores: one is left for whoever else asks something of this computer.
#[must_use]
pub fn threads() -> u64 {
    thread::available_parallelism().map_or(1, |cores| cores.get() as u64).saturating_sub(1).max(1)
}

/// Runs a part for each thread beside each other, and adds them up. Every trial has a stream of draws of its own and sums are whole
/// numbers, so that the result is the same for any number of threads.
fn shared_out<T: Send>(
    threads: u64,
    trials: Range<u64>,
    run: impl Fn(Range<u64>) -> T + Sync,
    merge: impl Fn(&mut T, &T),
) -> Result<T, AppError> {
    let all = trials.end.saturating_sub(trials.start);
    let threads = threads.clamp(1, all.max(1));
    let start = |number: u64| trials.start + all / threads * number + (all % threads).min(number);
    let ended_badly = |_| AppError::Internal("a part of the rehearsal did not end well".to_owned());
    thread::scope(|scope| {
        let run = &run;
        let others: Vec<_> = (1..threads)
            .map(|number| {
                let part = start(number)..start(number + 1);
                scope.spawn(move || run(part))
            })
            .collect();
        let mut sum = run(start(0)..start(1));
        for other in others {
            merge(&mut sum, &other.join().map_err(ended_badly)?);
        }
        Ok(sum)
    })
}

/// The trials with these numbers, shared out over threads.
///
/// # Errors
/// When a thread ended badly.
pub fn try_out(rehearsal: &Rehearsal<'_>, threads: u64, trials: Range<u64>, seed: u64) -> Result<Tried, AppError> {
    shared_out(threads, trials, |part| rehearsal.run(part, seed), Tried::merge)
}

/// The same of the rules for harm; nothing where the plan has no measure of which this can be told.
///
/// # Errors
/// When a thread ended badly.
pub fn try_out_harm(
    rehearsal: &Rehearsal<'_>,
    threads: u64,
    trials: Range<u64>,
    seed: u64,
) -> Result<Option<HarmTried>, AppError> {
    let merge = |sum: &mut Option<HarmTried>, more: &Option<HarmTried>| {
        if let (Some(sum), Some(more)) = (sum, more) {
            sum.merge(more);
        }
    };
    shared_out(threads, trials, |part| rehearsal.run_harm(part, seed), merge)
}

/// How soon the rules for harm stop such a trial: made-up trials until there is no more time, a few at least.
fn harm(rehearsal: &Rehearsal<'_>, ambient: &Ambient) -> Result<Option<Arc<HarmRehearsal>>, AppError> {
    let until = ambient.now() + Duration::seconds(SECONDS_FOR_HARM);
    let at_a_time = AT_A_TIME * threads();
    let Some(mut tried) = try_out_harm(rehearsal, threads(), 0..at_a_time.min(TRIALS_OF_HARM), SEED)? else {
        return Ok(None);
    };
    while tried.trials() < TRIALS_OF_HARM && ambient.now() < until {
        let next = (tried.trials() + at_a_time).min(TRIALS_OF_HARM);
        if let Some(more) = try_out_harm(rehearsal, threads(), tried.trials()..next, SEED)? {
            tried.merge(&more);
        }
    }
    Ok(Some(Arc::new(rehearsal.report_harm(&tried))))
}

fn run(
    plan: &LockedProtocol,
    ambient: &Ambient,
    kept: &Mutex<HashMap<ProtocolId, Rehearsed>>,
) -> Result<Rehearsed, AppError> {
    let wrong =
        |problem: design::Problem| AppError::Invalid(vec![Fault::new(problem.field, "not_rehearsed", problem.detail)]);
    let rehearsal = Rehearsal::new(plan, TRIALS).map_err(wrong)?;
    let harm = harm(&rehearsal, ambient)?;
    let until: DateTime<Utc> = ambient.now() + Duration::seconds(SECONDS);
    let at_a_time = AT_A_TIME * threads();
    let mut done = at_a_time.min(TRIALS);
    let mut tried = try_out(&rehearsal, threads(), 0..done, SEED)?;
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
        let next = (done + at_a_time).min(TRIALS);
        tried.merge(&try_out(&rehearsal, threads(), done..next, SEED)?);
        done = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_threads_gives_the_same() {
        let document = include_bytes!("../../../../docs/examples/fines-letter.protocol.json");
        let plan = LockedProtocol::from_json(document).expect("the example is a plan");
        let rehearsal = Rehearsal::new(&plan, 7).expect("it can be rehearsed");
        let (one, harm) = (rehearsal.run(0..7, 3), rehearsal.run_harm(0..7, 3));
        assert!(harm.as_ref().is_some_and(|harm| harm.trials() == 7));
        for threads in [0, 1, 2, 3, 7, 50] {
            assert_eq!(try_out(&rehearsal, threads, 0..7, 3), Ok(one.clone()), "{threads} threads");
            assert_eq!(try_out_harm(&rehearsal, threads, 0..7, 3), Ok(harm.clone()), "{threads} threads");
        }
        assert_ne!(try_out(&rehearsal, 2, 0..7, 4), Ok(one), "another seed gives another table");
    }
}
