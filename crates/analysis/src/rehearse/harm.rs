//! How soon the plan's rules for harm would stop a trial, by how many people the new version harms.

use std::{collections::BTreeMap, ops::Range};

use fairtrial_domain::{
    Decimal, OutcomeKey,
    projection::Evidence,
    protocol::{Allocation, Better, Outcome, OutcomeKind, Protocol, Role},
};
use serde::Serialize;

use super::{
    Rehearsal,
    assumed::{Assumed, Model, Truth, Values},
    people::{Draw, TrialRun},
    result::Share,
    timeline::Stage,
};
use crate::{
    comparison::Remembered,
    monitor::{
        LookDecision, LookSizes, crossed_by_day, crossed_by_events, is_watched_daily, judge, watched_at_every_event,
    },
    words::{grouped, plural},
};

/// How many more people are harmed, as one in so many, from rare to frequent.
const ONE_IN: [u32; 10] = [200, 100, 50, 25, 20, 10, 5, 4, 3, 2];

/// Sizes of harm that are tried for one measure.
const SIZES: usize = 3;

/// Days at which a measure that is watched between looks is looked at. A live trial looks more often, and so never later.
const CHECKS: u32 = 60;

/// How soon the rules for harm stop a trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HarmRehearsal {
    /// Made-up trials of each size of harm.
    pub trials: u64,
    /// Trials that were stopped for harm although the new version harms nobody more.
    pub mistaken: Share,
    /// By measure of the plan, what was found.
    pub measures: Vec<HarmMeasure>,
    /// What people read, a sentence for each size.
    pub sentences: Vec<String>,
}

/// One harm measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HarmMeasure {
    /// Which outcome.
    pub outcome: OutcomeKey,
    /// What it is called.
    pub name: String,
    /// Share of people to whom it happens under the current version.
    pub usual: f64,
    /// How much worse the plan accepts it to get: its margin.
    pub margin: f64,
    /// Trials that were stopped for harm although it got worse by exactly this margin; nothing without one.
    pub at_margin: Option<Share>,
    /// What was tried, the rarest harm first.
    pub sizes: Vec<HarmSize>,
}

/// One size of harm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HarmSize {
    /// One in so many people is harmed who would not be under the current version.
    pub one_in: u32,
    /// Trials in which the rules found it before or at the end.
    pub found: Share,
    /// People in the trial when half of all trials had found it; nothing where fewer did.
    pub half_by: Option<u64>,
    /// Whether that is the end of the trial.
    pub only_at_the_end: bool,
}

/// One made-up world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum World {
    /// Nobody is harmed more than now.
    NoHarm,
    /// The measure with this place gets worse by exactly its margin.
    AtMargin(usize),
    /// One in so many is harmed by that measure who would not be now.
    OneIn(usize, u32),
}

impl World {
    /// By how much a measure is worse here.
    fn more(self, place: usize, margin: f64) -> f64 {
        match self {
            Self::AtMargin(measure) if measure == place => margin,
            Self::OneIn(measure, one_in) if measure == place => 1.0 / f64::from(one_in),
            _ => 0.0,
        }
    }
}

/// Where made-up trials were stopped for harm. Parts of a rehearsal can be added in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarmTried {
    trials: u64,
    /// By world, how many trials were stopped at which number of people.
    stopped: Vec<BTreeMap<u64, u64>>,
}

impl HarmTried {
    /// Trials of each world so far.
    #[must_use]
    pub fn trials(&self) -> u64 {
        self.trials
    }

    /// Adds the trials of another part of the rehearsal.
    pub fn merge(&mut self, other: &Self) {
        self.trials += other.trials;
        for (mine, theirs) in self.stopped.iter_mut().zip(&other.stopped) {
            for (people, trials) in theirs {
                *mine.entry(*people).or_default() += trials;
            }
        }
    }
}

/// One moment at which harm is looked for.
#[derive(Debug, Clone)]
struct Check {
    stage: Stage,
    is_look: bool,
}

impl Rehearsal<'_> {
    /// Runs the made-up trials with these numbers through the boundaries that stop live ones. Nothing where the plan has no harm
    /// measure that either happens to somebody or does not.
    ///
    /// Outcomes count once a person's follow-up is over, and what is watched between looks is looked at on 60 days at most: a live
    /// trial is stopped no later.
    #[must_use]
    pub fn run_harm(&self, trials: Range<u64>, seed: u64) -> Option<HarmTried> {
        let plan = self.plan.protocol();
        let measures = self.measures(plan);
        if measures.is_empty() {
            return None;
        }
        let worlds = worlds_of(&measures);
        let assumed = self.worlds(plan, &worlds);
        let checks = self.checks(plan);
        let stages: Vec<Stage> = checks.iter().map(|check| check.stage.clone()).collect();
        let known = Remembered::default();
        let mut run = TrialRun::new(plan, &assumed, &stages);
        let mut tried = HarmTried { trials: 0, stopped: vec![BTreeMap::new(); worlds.len()] };
        for trial in trials {
            run.enrol(&mut Draw::new(seed, trial));
            for (world, stopped) in tried.stopped.iter_mut().enumerate() {
                if let Some(people) = stopped_at(plan, &run, world, &checks, &known) {
                    *stopped.entry(people).or_default() += 1;
                }
            }
            tried.trials += 1;
        }
        Some(tried)
    }

    /// What was found, for people to read.
    #[must_use]
    pub fn report_harm(&self, tried: &HarmTried) -> HarmRehearsal {
        let plan = self.plan.protocol();
        let measures = self.measures(plan);
        report(plan, &measures, &worlds_of(&measures), tried)
    }

    /// The harm measures that can be made up, with their places and what happens under the current version.
    fn measures<'p>(&self, plan: &'p Protocol) -> Vec<(usize, &'p Outcome, f64)> {
        // There every comparison draws the order of the sites again, thousands of times: a look a day would take minutes.
        if matches!(plan.allocation, Allocation::SteppedWedge { .. }) {
            return Vec::new();
        }
        let usual = |place: usize| {
            let model = self.assumed.models.iter().find(|model| model.place == place)?;
            match model.values.first() {
                Some(Values::Share(share)) => Some(*share),
                _ => None,
            }
        };
        let harm = plan.outcomes.iter().enumerate();
        let harm = harm.filter(|(_, outcome)| {
            outcome.role == Role::Harm && outcome.kind == OutcomeKind::Binary && outcome.better == Better::Decrease
        });
        harm.filter_map(|(place, outcome)| Some((place, outcome, usual(place)?))).collect()
    }

    /// The plan's assumptions, with these worlds in the place of its truths. The new version works as hoped in each: harm is
    /// found beside success.
    fn worlds(&self, plan: &Protocol, worlds: &[World]) -> Assumed {
        let hoped = Truth::ALL.iter().position(|truth| *truth == Truth::Worthwhile).map_or(0, |place| place + 1);
        let model = |model: &Model| {
            let usual = model.values.first().cloned();
            let harm = plan.outcomes.get(model.place).is_some_and(|outcome| outcome.role == Role::Harm);
            let margin = plan.outcomes.get(model.place).map_or(0.0, margin_of);
            let here = |world: &World| match (&usual, harm) {
                (Some(Values::Share(share)), true) => {
                    Some(Values::Share((share + world.more(model.place, margin)).min(1.0)))
                }
                (_, true) => usual.clone(),
                _ => model.values.get(hoped).cloned(),
            };
            let values = std::iter::once(usual.clone()).chain(worlds.iter().map(here)).flatten().collect();
            Model { place: model.place, values }
        };
        Assumed {
            truths: vec![Truth::Harm; worlds.len()],
            models: self.assumed.models.iter().map(model).collect(),
            attrition: self.assumed.attrition,
            icc: self.assumed.icc,
        }
    }

    /// The looks and the end, and where something is watched between them the days on which it is looked at.
    fn checks(&self, plan: &Protocol) -> Vec<Check> {
        let mut checks: Vec<Check> =
            self.stages.iter().map(|stage| Check { stage: stage.clone(), is_look: true }).collect();
        let watched = is_watched_daily(plan) || watched_at_every_event(plan).next().is_some();
        let (Some(first), Some(last)) = (self.stages.first().cloned(), self.stages.last().map(|stage| stage.day))
        else {
            return checks;
        };
        if watched {
            let people = plan.monitoring.max_units;
            let entered = |day: f64| if day <= 0.0 { 0 } else { ((day * self.per_day).floor() as u64).min(people) };
            let every = last.div_ceil(CHECKS).max(1);
            let days = (1..last / every + 1).map(|number| number * every).filter(|day| *day < last);
            checks.extend(days.map(|day| {
                let known = |outcome: &Outcome| entered(f64::from(day) - f64::from(outcome.follow_up_days));
                let mature = plan.outcomes.iter().map(known).collect();
                let stage = Stage { day, assigned: entered(f64::from(day)), mature, bounds: first.bounds.clone() };
                Check { stage, is_look: false }
            }));
            checks.sort_by_key(|check| (check.stage.day, check.is_look));
        }
        checks
    }
}

/// Nobody harmed more, then for each measure its margin, where it has one, and the sizes that are tried.
fn worlds_of(measures: &[(usize, &Outcome, f64)]) -> Vec<World> {
    let of = |(place, outcome, usual): &(usize, &Outcome, f64)| {
        let margin = margin_of(outcome);
        let accepted = margin > 0.0 && usual + margin <= 1.0;
        let beyond = sizes(outcome, *usual).into_iter().map(|one_in| World::OneIn(*place, one_in));
        accepted.then_some(World::AtMargin(*place)).into_iter().chain(beyond).collect::<Vec<_>>()
    };
    std::iter::once(World::NoHarm).chain(measures.iter().flat_map(of)).collect()
}

fn margin_of(outcome: &Outcome) -> f64 {
    outcome.margin.map_or(0.0, Decimal::to_f64)
}

/// The sizes that are tried: the smallest that lie beyond the margin, and leave somebody who is not harmed.
fn sizes(outcome: &Outcome, usual: f64) -> Vec<u32> {
    let margin = margin_of(outcome);
    let beyond = ONE_IN.into_iter().filter(|one_in| {
        let more = 1.0 / f64::from(*one_in);
        more > margin * (1.0 + 1e-9) && usual + more <= 1.0
    });
    beyond.take(SIZES).collect()
}

/// People in a made-up trial when it was stopped for harm; nothing when it was not.
fn stopped_at(plan: &Protocol, run: &TrialRun<'_>, world: usize, checks: &[Check], known: &Remembered) -> Option<u64> {
    let mut sizes = LookSizes::default();
    for (number, Check { stage, is_look }) in checks.iter().enumerate() {
        let last = number + 1 == checks.len();
        let evidence = run.evidence(world, number, stage, last);
        if crossed_between(plan, &evidence) {
            return Some(stage.assigned);
        }
        if !is_look {
            continue;
        }
        sizes.add(plan, &evidence, Some(&stage.mature));
        let bounds = stage.bounds.clone().exactly(plan, &sizes, last, known);
        let judged = judge(plan, &evidence, &bounds, last, known);
        if judged.decision == LookDecision::Harmful {
            return Some(stage.assigned);
        }
        if judged.ends() {
            return None;
        }
    }
    None
}

/// Whether a boundary of what is watched between looks is crossed.
fn crossed_between(plan: &Protocol, evidence: &Evidence) -> bool {
    let by_event = |(place, outcome): (usize, &Outcome)| {
        let (mut harmed, mut among) = (vec![0_u64; plan.arms.len()], vec![0_u64; plan.arms.len()]);
        for cell in evidence.outcomes.get(place).into_iter().flat_map(|found| &found.cells) {
            if let (Some(harmed), Some(among)) = (harmed.get_mut(cell.arm), among.get_mut(cell.arm)) {
                *harmed += cell.tally.observed;
                *among += cell.assigned;
            }
        }
        !crossed_by_events(plan, outcome, &harmed, &among).is_empty()
    };
    watched_at_every_event(plan).any(by_event) || !crossed_by_day(plan, evidence).is_empty()
}

fn report(plan: &Protocol, measures: &[(usize, &Outcome, f64)], worlds: &[World], tried: &HarmTried) -> HarmRehearsal {
    let (people, trials) = (plan.monitoring.max_units, tried.trials);
    let mut mistaken = Share::of(0, trials);
    let mut at_margin: Vec<(usize, Share)> = Vec::new();
    let mut sizes: Vec<(usize, HarmSize)> = Vec::new();
    for (world, stopped) in worlds.iter().zip(&tried.stopped) {
        let share = Share::of(stopped.values().sum(), trials);
        match *world {
            World::NoHarm => mistaken = share,
            World::AtMargin(place) => at_margin.push((place, share)),
            World::OneIn(place, one_in) => {
                let half_by = half_by(stopped, trials);
                let only_at_the_end = half_by.is_some_and(|by| by >= people);
                sizes.push((place, HarmSize { one_in, found: share, half_by, only_at_the_end }));
            }
        }
    }
    let measures: Vec<HarmMeasure> = measures
        .iter()
        .map(|(place, outcome, usual)| HarmMeasure {
            outcome: outcome.key.clone(),
            name: outcome.name.clone(),
            usual: *usual,
            margin: margin_of(outcome),
            at_margin: at_margin.iter().find(|(of, _)| of == place).map(|(_, share)| *share),
            sizes: sizes.iter().filter(|(of, _)| of == place).map(|(_, size)| size.clone()).collect(),
        })
        .collect();
    let units = plural(&plan.unit);
    let mut sentences: Vec<String> = measures
        .iter()
        .flat_map(|measure| measure.sizes.iter().map(|size| sentence(&measure.name, size, &units)))
        .collect();
    sentences.push(format!(
        "If it harms nobody more than now, {} of 100 such trials would be stopped by mistake.",
        of_100(mistaken)
    ));
    sentences.extend(measures.iter().filter_map(|measure| {
        let share = measure.at_margin?;
        Some(format!(
            "{}: if it harms exactly as many more as the plan accepts ({} in 100), {} of 100 such trials would be stopped.",
            measure.name,
            in_100(measure.margin),
            of_100(share)
        ))
    }));
    HarmRehearsal { trials, mistaken, measures, sentences }
}

/// People in a trial when half of all trials had been stopped.
fn half_by(stopped: &BTreeMap<u64, u64>, trials: u64) -> Option<u64> {
    let mut sum = 0;
    let half = trials.div_ceil(2).max(1);
    stopped
        .iter()
        .find(|(_, trials)| {
            sum += **trials;
            sum >= half
        })
        .map(|(people, _)| *people)
}

/// A margin in people of 100: 2, or 0.5.
fn in_100(margin: f64) -> String {
    let text = format!("{:.2}", margin * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn of_100(share: Share) -> String {
    format!("{:.0}", share.share * 100.0)
}

fn sentence(name: &str, size: &HarmSize, units: &str) -> String {
    let harms = format!("{name}: if it harms 1 in {} more than now,", size.one_in);
    let found = of_100(size.found);
    match size.half_by {
        Some(by) if size.only_at_the_end => format!(
            "{harms} we will know it only at the end, when all {} {units} are in (in {found} of 100 such trials).",
            grouped(by)
        ),
        Some(by) => format!(
            "{harms} we will stop after about {} {units}: half of the trials by then, {found} of 100 in all.",
            grouped(about(by))
        ),
        None => format!("{harms} only {found} of 100 such trials would find it."),
    }
}

/// A number to two digits.
fn about(number: u64) -> u64 {
    let unit = 10_u64.pow(number.max(1).ilog10().saturating_sub(1));
    (number + unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::about;

    #[test]
    fn about_keeps_two_digits() {
        for (number, shown) in [(0, 0), (7, 7), (99, 99), (143, 140), (145, 150), (1_234, 1_200), (9_960, 10_000)] {
            assert_eq!(about(number), shown, "{number}");
        }
    }
}
