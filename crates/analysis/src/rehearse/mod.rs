//! The whole design tried out on made-up people before anybody is assigned.
//!
//! The allocator is the one that assigns people, and looks, claims, integrity checks and verdicts are those of a live trial:
//! only the people are made up. A rehearsal says what the trial would have decided under four or five truths, how many people it
//! would have taken and how long. It depends on the plan and the seed alone: trial `t` draws from its own stream of
//! ChaCha8, and results are added up in whole numbers, so that any split over threads and machines gives the same.

mod assumed;
mod covariates;
mod harm;
mod people;
mod result;
mod rollout;
mod timeline;

use std::ops::Range;

use fairtrial_domain::{LockedProtocol, protocol::Protocol};

use crate::{
    comparison::Remembered,
    design::Problem,
    monitor::{Judged, LookSizes, judge},
};
use assumed::{Assumed, assumptions};
use covariates::Covariates;
use people::{Draw, TrialRun};
use rollout::Rollout;
use timeline::{Stage, timeline};

pub use assumed::Truth;
pub(crate) use assumed::control_of;
pub use harm::{HarmMeasure, HarmRehearsal, HarmSize, HarmTried};
pub(crate) use people::strata_of;
pub use result::{Decided, RehearsalReport, ScenarioReport, Share, Tried};

/// Most people in all trials of one rehearsal together.
const MOST_PEOPLE: u64 = 400_000_000;

/// A plan ready to be rehearsed.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    plan: &'a LockedProtocol,
    assumed: Assumed,
    stages: Vec<Stage>,
    /// Units that enter on a day.
    per_day: f64,
    notes: Vec<String>,
}

impl<'a> Rehearsal<'a> {
    /// Prepares a plan. `trials` is how many are to be run under each truth.
    ///
    /// # Errors
    /// What the plan would have to say, by JSON pointer; or `trials` when there are none, or too many people in all.
    pub fn new(plan: &'a LockedProtocol, trials: u64) -> Result<Self, Problem> {
        let protocol = plan.protocol();
        let people = protocol.monitoring.max_units;
        if trials == 0 {
            return Err(Problem::new("trials", "must be at least 1"));
        }
        if people.saturating_mul(trials) > MOST_PEOPLE {
            let most = MOST_PEOPLE / people.max(1);
            let detail = format!("with {people} people each, at most {most} trials can be rehearsed at once");
            return Err(Problem::new("trials", detail));
        }
        let (assumed, mut notes) = assumptions(protocol)?;
        let (stages, per_day, rate_note) = timeline(protocol)?;
        notes.extend(rate_note);
        notes.extend(rollout_notes(protocol));
        let beside = |name: &&String| !protocol.allocation.balanced_by().contains(name);
        let unknown: Vec<&str> = protocol.analysis.adjust_for.iter().filter(beside).map(String::as_str).collect();
        if !unknown.is_empty() {
            let names = unknown.join(", ");
            if Covariates::of(protocol).is_none() {
                let detail = "these have too many values to be gone through here: the arms are compared without them, which finds an \
                              effect a little less often";
                notes.push(format!("{names}: {detail}."));
            } else if protocol.planning.explained_by_covariates.is_none() {
                let detail = "the plan adjusts for this and does not say how it goes with the outcome; it is taken to tell nothing of it, \
                              so that an effect is found a little less often here";
                notes.push(format!("{names}: {detail}."));
            }
        }
        Ok(Self { plan, assumed, stages, per_day, notes })
    }

    /// Runs the trials with these numbers under all truths.
    ///
    /// They share their draws: who enters, who gets which arm, and who stands where among people. What differs between
    /// them is the truth alone.
    #[must_use]
    pub fn run(&self, trials: Range<u64>, seed: u64) -> Tried {
        let mut tried = Tried::new(self.assumed.truths.len(), self.stages.len());
        let known = Remembered::default();
        let mut run = TrialRun::new(self.plan.protocol(), &self.assumed, &self.stages);
        for trial in trials {
            run.enrol(&mut Draw::new(seed, trial));
            for truth in 0..self.assumed.truths.len() {
                let (stage, judged) = self.decide(&run, truth, &known);
                if let Some(found) = self.stages.get(stage) {
                    tried.add(truth, stage, &judged, found.assigned, found.day);
                }
            }
        }
        tried
    }

    /// Goes from look to look until one decides.
    fn decide(&self, run: &TrialRun<'_>, truth: usize, known: &Remembered) -> (usize, Judged) {
        let last = self.stages.len() - 1;
        let plan = self.plan.protocol();
        let mut decided = (last, Judged::undecided());
        let mut sizes = LookSizes::default();
        for (number, stage) in self.stages.iter().enumerate() {
            let evidence = run.evidence(truth, number, stage, number == last);
            sizes.add(plan, &evidence, Some(&stage.mature));
            let bounds = stage.bounds.clone().exactly(plan, &sizes, number == last, known);
            decided = (number, judge(plan, &evidence, &bounds, number == last, known));
            if decided.1.ends() {
                break;
            }
        }
        decided
    }

    /// The table: under each truth, what the trials decided.
    #[must_use]
    pub fn report(&self, tried: &Tried, trials: u64, seed: u64) -> RehearsalReport {
        result::report(self.plan, &self.assumed, &self.stages, self.per_day, &self.notes, tried, (trials, seed))
    }
}

/// What is assumed where sites change over one after the other, for people to read.
fn rollout_notes(plan: &Protocol) -> Vec<String> {
    let Some(rollout) = Rollout::of(plan) else { return Vec::new() };
    let first = rollout.first.format("%-d %B %Y");
    let mut notes = vec![
        format!("People come evenly to all sites from {first} on, and nothing changes over time but the version."),
        "Half of what makes the people of a site alike is taken to last; the other half comes and goes with each period.".to_owned(),
        "How soon the rules for harm would stop the trial is not tried out where sites change over one after the other; what they find \
         at the looks and at the end is in the table."
            .to_owned(),
    ];
    if rollout.full_early {
        let detail =
            "at this rate the trial is full before its last day of enrolment, and whoever comes later is not in it";
        notes.push(format!("With {} people a day, {detail}.", rollout.per_day));
    }
    notes
}
