//! What the made-up trials decided.

use fairtrial_domain::{
    LockedProtocol, ProtocolId, TrialKey,
    protocol::{Aim, Protocol},
};
use serde::Serialize;

use super::{
    assumed::{Assumed, Truth},
    timeline::Stage,
};
use crate::{
    monitor::{Judged, LookDecision},
    words::{grouped, plural},
};

/// Exact counts of the trials tried, which can be added in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// By truth, then by decision.
    decided: Vec<[u64; LookDecision::ALL.len()]>,
    /// By truth: people who entered, and days until the answer, in sum.
    people: Vec<u64>,
    days: Vec<u64>,
    /// By truth and stage: how many ended there.
    ended: Vec<Vec<u64>>,
}

impl Tried {
    pub(super) fn new(truths: usize, stages: usize) -> Self {
        Self {
            decided: vec![[0; LookDecision::ALL.len()]; truths],
            people: vec![0; truths],
            days: vec![0; truths],
            ended: vec![vec![0; stages]; truths],
        }
    }

    pub(super) fn add(&mut self, truth: usize, stage: usize, judged: &Judged, people: u64, day: u32) {
        let place = LookDecision::ALL.iter().position(|decision| *decision == judged.decision);
        if let (Some(place), Some(decided)) = (place, self.decided.get_mut(truth)) {
            decided[place] += 1;
        }
        if let Some(ended) = self.ended.get_mut(truth).and_then(|stages| stages.get_mut(stage)) {
            *ended += 1;
        }
        let add = |sums: &mut Vec<u64>, more: u64| {
            if let Some(sum) = sums.get_mut(truth) {
                *sum += more;
            }
        };
        add(&mut self.people, people);
        add(&mut self.days, u64::from(day));
    }

    /// Adds the trials of another part of the rehearsal.
    pub fn merge(&mut self, other: &Self) {
        let pairs = |mine: &mut [u64], theirs: &[u64]| mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
        self.decided.iter_mut().zip(&other.decided).for_each(|(a, b)| pairs(a, b));
        pairs(&mut self.people, &other.people);
        pairs(&mut self.days, &other.days);
        self.ended.iter_mut().zip(&other.ended).for_each(|(a, b)| pairs(a, b));
    }
}

/// A share of the trials with its Monte Carlo error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub trials: u64,
    /// Their share.
    pub share: f64,
    /// Standard error of the share, from the number of trials.
    pub monte_carlo_error: f64,
}

impl Share {
    pub(super) fn of(trials: u64, all: u64) -> Self {
        let share = trials as f64 / all.max(1) as f64;
        Self { trials, share, monte_carlo_error: (share * (1.0 - share) / all.max(1) as f64).sqrt() }
    }
}

/// What the trials under one truth decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decided {
    /// The rule held: adopt.
    pub succeeded: Share,
    /// It does not do enough, shown at the end.
    pub failed: Share,
    /// Given up at a look because success had become unlikely.
    pub futile: Share,
    /// Stopped for harm.
    pub harmful: Share,
    /// Not enough information.
    pub undecided: Share,
    /// The data could not be read.
    pub invalid: Share,
}

/// One truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioReport {
    /// What is true.
    pub truth: Truth,
    /// What would have been decided.
    pub decided: Decided,
    /// People who would have entered, on average.
    pub expected_people: f64,
    /// Days until the answer, on average.
    pub expected_days: f64,
    /// Share of the trials that ended at each look, the end last.
    pub ended_at_look: Vec<Share>,
}

/// A whole rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RehearsalReport {
    /// Which trial.
    pub trial: TrialKey,
    /// Which plan, to the byte.
    pub protocol_id: ProtocolId,
    /// Trials under each truth.
    pub trials: u64,
    /// The seed that repeats it.
    pub seed: u64,
    /// People in a trial that goes to its end.
    pub people: u64,
    /// People who enter on a day.
    pub units_per_day: f64,
    /// Days of the looks, the end last.
    pub look_days: Vec<u32>,
    /// The truths in order.
    pub scenarios: Vec<ScenarioReport>,
    /// What is assumed because the plan does not say it.
    pub assumptions: Vec<String>,
    /// What people read.
    pub sentences: Vec<String>,
}

pub(super) fn report(
    plan: &LockedProtocol,
    assumed: &Assumed,
    stages: &[Stage],
    per_day: f64,
    notes: &[String],
    tried: &Tried,
    (trials, seed): (u64, u64),
) -> RehearsalReport {
    let protocol = plan.protocol();
    let scenarios: Vec<ScenarioReport> = assumed
        .truths
        .iter()
        .enumerate()
        .map(|(place, truth)| {
            let share = |decision: LookDecision| {
                let found = LookDecision::ALL.iter().position(|known| *known == decision);
                let count = tried.decided.get(place).and_then(|counts| counts.get(found?)).copied().unwrap_or(0);
                Share::of(count, trials)
            };
            let mean = |sums: &[u64]| sums.get(place).copied().unwrap_or(0) as f64 / trials.max(1) as f64;
            ScenarioReport {
                truth: *truth,
                decided: Decided {
                    succeeded: share(LookDecision::Succeeded),
                    failed: share(LookDecision::Failed),
                    futile: share(LookDecision::Futile),
                    harmful: share(LookDecision::Harmful),
                    undecided: share(LookDecision::KeepGoing),
                    invalid: share(LookDecision::Invalid),
                },
                expected_people: mean(&tried.people),
                expected_days: mean(&tried.days),
                ended_at_look: tried.ended.get(place).into_iter().flatten().map(|n| Share::of(*n, trials)).collect(),
            }
        })
        .collect();
    let people = protocol.monitoring.max_units;
    let sentences = scenarios.iter().map(|scenario| sentence(scenario, people, protocol)).collect();
    RehearsalReport {
        trial: protocol.key.clone(),
        protocol_id: plan.id().clone(),
        trials,
        seed,
        people,
        units_per_day: per_day,
        look_days: stages.iter().map(|stage| stage.day).collect(),
        scenarios,
        assumptions: notes.to_vec(),
        sentences,
    }
}

fn sentence(scenario: &ScenarioReport, people: u64, plan: &Protocol) -> String {
    let unit = &plan.unit;
    let decided = &scenario.decided;
    let of_100 = |share: f64| format!("{:.1}", share * 100.0);
    let right = match scenario.truth {
        Truth::NoEffect if plan.aim == Aim::NotWorse => format!(
            "of 100 trials {} would have rightly said adopt, and {} would have wrongly given it up",
            of_100(decided.succeeded.share),
            of_100(decided.failed.share + decided.futile.share)
        ),
        Truth::NoEffect => format!(
            "of 100 trials {} would have wrongly said adopt, and {} would have said that it does not do enough",
            of_100(decided.succeeded.share),
            of_100(decided.failed.share + decided.futile.share)
        ),
        Truth::Worthwhile => format!(
            "of 100 trials {} would have found it, and {} would have wrongly given it up",
            of_100(decided.succeeded.share),
            of_100(decided.failed.share + decided.futile.share)
        ),
        Truth::HalfOfIt => format!("of 100 trials {} would have said adopt", of_100(decided.succeeded.share)),
        Truth::Harm => format!(
            "of 100 trials {} would have been stopped for harm, and {} would have wrongly said adopt",
            of_100(decided.harmful.share),
            of_100(decided.succeeded.share)
        ),
        Truth::HarmAtMargin => format!(
            "which is as much as the plan accepts, of 100 trials {} would have been stopped for harm all the same, and {} would have said \
             adopt",
            of_100(decided.harmful.share),
            of_100(decided.succeeded.share)
        ),
    };
    format!(
        "If the truth is {}, {right}; it would have taken {} of {} {} and {:.0} days on average.",
        scenario.truth.words(),
        grouped(scenario.expected_people.round() as u64),
        grouped(people),
        plural(unit),
        scenario.expected_days
    )
}
