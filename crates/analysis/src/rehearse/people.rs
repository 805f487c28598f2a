//! Made-up people, assigned by the real allocator.

use chrono::{DateTime, Days, NaiveDate, Utc};
use fairtrial_domain::{
    Pseudonym,
    allocation::{AllocationSecret, Allocator, Progress, Subject, label_of},
    eligibility::AttributeKind,
    projection::{Alike, ArmDay, Cell, Evidence, OutcomeEvidence, PeriodCell, Tally, WedgeEvidence},
    protocol::{Outcome, Protocol},
};
use fairtrial_stats::special::normal;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{
    assumed::Assumed,
    covariates::Covariates,
    rollout::{Rollout, crossings},
    timeline::Stage,
};
use crate::comparison::PERIOD_CORRELATION;

/// The draws of one trial.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// A stream of its own for each trial of a seed.
    pub(super) fn new(seed: u64, trial: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(trial);
        Self(generator)
    }

    /// A number strictly between 0 and 1, of 32 bits.
    fn share(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.0.next_u32()) * bound as u64) >> 32) as usize
    }
}

/// Exact sums of one cell.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    observed: u64,
    sum: i128,
    squares: i128,
}

/// The block of a stratum that is being filled. The allocator draws a block whole, so it is asked once for each.
#[derive(Debug, Clone, Default)]
struct Block {
    arms: std::vec::IntoIter<usize>,
    number: u64,
}

impl Block {
    fn next(&mut self, allocator: &Allocator, stratum: &str) -> Option<usize> {
        if let Some(arm) = self.arms.next() {
            return Some(arm);
        }
        self.arms = allocator.block(stratum, self.number)?.into_iter();
        self.number += 1;
        self.arms.next()
    }
}

/// One made-up trial under all truths.
#[derive(Debug)]
pub(super) struct TrialRun<'a> {
    plan: &'a Protocol,
    assumed: &'a Assumed,
    stages: &'a [Stage],
    groups: Vec<String>,
    /// What is adjusted for beside the groups.
    covariates: Option<Covariates>,
    /// The days, where sites change over one after the other.
    rollout: Option<Rollout>,
    /// When each site changes over in this trial.
    crossings: Vec<(String, NaiveDate, NaiveDate)>,
    /// Combinations of covariates, or periods where sites change over; 1 without either. A cell is one of an arm, a group and a
    /// combination, in this order.
    combinations: usize,
    clusters: usize,
    arms: usize,
    control: usize,
    /// By stage, then by cell: people assigned.
    assigned: Vec<Vec<u64>>,
    /// By stage, modelled outcome and cell: people whose outcome is known.
    mature: Vec<Vec<Vec<u64>>>,
    /// By truth, stage, modelled outcome and cell.
    sums: Vec<Vec<Vec<Vec<Sums>>>>,
}

impl<'a> TrialRun<'a> {
    pub(super) fn new(plan: &'a Protocol, assumed: &'a Assumed, stages: &'a [Stage]) -> Self {
        let roster = plan.allocation.roster();
        let groups = if roster.is_empty() {
            strata_of(plan, plan.allocation.balanced_by())
        } else {
            roster.iter().map(|key| key.as_str().to_owned()).collect()
        };
        let (covariates, rollout) = (Covariates::of(plan), Rollout::of(plan));
        let periods = rollout.as_ref().map(Rollout::periods);
        Self {
            plan,
            assumed,
            stages,
            groups,
            combinations: periods.or(covariates.as_ref().map(Covariates::len)).unwrap_or(1),
            covariates,
            rollout,
            crossings: Vec::new(),
            clusters: roster.len(),
            arms: plan.arms.len(),
            control: plan.control_index(),
            assigned: Vec::new(),
            mature: Vec::new(),
            sums: Vec::new(),
        }
    }

    /// Makes up one trial: everybody whom the plan lets in, and what becomes of them under each truth.
    pub(super) fn enrol(&mut self, draw: &mut Draw) {
        let cells = self.arms * self.groups.len() * self.combinations;
        let outcomes = self.assumed.models.len();
        let truths = self.assumed.truths.len();
        let mut secret = [0; 32];
        draw.0.fill_bytes(&mut secret);
        let allocator = Allocator::of(self.plan, AllocationSecret::new(secret));
        let mut progress = Progress::default();
        let with_blocks = if allocator.has_blocks() { self.groups.len() } else { 0 };
        let mut blocks = vec![Block::default(); with_blocks];
        self.crossings = crossings(&allocator);
        let common = self.likeness(draw);
        let (shared, own) = (self.assumed.icc.sqrt(), (1.0 - self.assumed.icc).max(0.0).sqrt());
        let mut assigned = vec![0_u64; cells];
        let mut mature = vec![vec![0_u64; cells]; outcomes];
        let mut sums = vec![vec![vec![Sums::default(); cells]; outcomes]; truths];
        self.assigned = vec![Vec::new(); self.stages.len()];
        self.mature = vec![vec![Vec::new(); outcomes]; self.stages.len()];
        self.sums = vec![vec![vec![Vec::new(); outcomes]; self.stages.len()]; truths];
        let people = self.plan.monitoring.max_units;
        for number in 0..=people {
            self.keep(number, &assigned, &mature, &sums);
            if number == people {
                break;
            }
            let group = if self.groups.len() == 1 { 0 } else { draw.below(self.groups.len()) };
            let label = self.groups.get(group).map_or("", String::as_str);
            let day = self.rollout.as_ref().map_or_else(NaiveDate::default, |rollout| rollout.day_of(number));
            let arm = match blocks.get_mut(group) {
                Some(block) => block.next(&allocator, label),
                None => pseudonym(number)
                    .and_then(|unit| allocator.assign(&mut progress, &Subject { unit: &unit, group: label, day })),
            };
            let arm = arm.unwrap_or(self.control);
            let combination = match &self.rollout {
                Some(rollout) => rollout.period_of(day),
                None if self.combinations == 1 => 0,
                None => draw.below(self.combinations),
            };
            let common = common.get(group).and_then(|periods| periods.get(combination).or(periods.first())).copied();
            let cell = (arm * self.groups.len() + group) * self.combinations + combination;
            assigned[cell] += 1;
            let lost = self.assumed.attrition > 0.0 && draw.share() < self.assumed.attrition;
            for (place, model) in self.assumed.models.iter().enumerate() {
                let mut position = draw.share();
                if let Some(covariates) = &self.covariates {
                    position = covariates.place(combination, position);
                }
                if let Some(common) = common.filter(|_| shared > 0.0) {
                    position = normal::cdf(shared * common + own * normal::quantile(position));
                }
                mature[place][cell] += 1;
                if lost {
                    continue;
                }
                let current =
                    if arm == self.control { model.values.first().map(|values| values.at(position)) } else { None };
                for (truth, sums) in sums.iter_mut().enumerate() {
                    let value = match current {
                        Some(value) => value,
                        None => model.values.get(truth + 1).and_then(|values| values.at(position)),
                    };
                    if let Some(value) = value {
                        let sums = &mut sums[place][cell];
                        sums.observed += 1;
                        sums.sum += i128::from(value);
                        sums.squares += i128::from(value) * i128::from(value);
                    }
                }
            }
        }
    }

    /// What the people of each cluster have in common; of each period too where sites change over, half of it for good, as their
    /// analysis supposes.
    fn likeness(&self, draw: &mut Draw) -> Vec<Vec<f64>> {
        let mut normal = || normal::quantile(draw.share());
        let lasting = PERIOD_CORRELATION.sqrt();
        let passing = (1.0 - PERIOD_CORRELATION).sqrt();
        let of_cluster = |_| match &self.rollout {
            None => vec![normal()],
            Some(rollout) => {
                let own = normal();
                (0..rollout.periods()).map(|_| lasting * own + passing * normal()).collect()
            }
        };
        (0..self.clusters).map(of_cluster).collect()
    }

    /// Keeps what each stage will see, once the people whom it sees are in.
    fn keep(&mut self, number: u64, assigned: &[u64], mature: &[Vec<u64>], sums: &[Vec<Vec<Sums>>]) {
        for (at, stage) in self.stages.iter().enumerate() {
            if stage.assigned == number {
                self.assigned[at] = assigned.to_vec();
            }
            for (place, model) in self.assumed.models.iter().enumerate() {
                if stage.mature.get(model.place) == Some(&number) {
                    self.mature[at][place].clone_from(&mature[place]);
                    for (truth, sums) in sums.iter().enumerate() {
                        self.sums[truth][at][place].clone_from(&sums[place]);
                    }
                }
            }
        }
    }

    /// The evidence of one stage under one truth.
    pub(super) fn evidence(&self, truth: usize, stage: usize, found: &Stage, locked: bool) -> Evidence {
        let first = self.rollout.as_ref().map_or_else(NaiveDate::default, |rollout| rollout.first);
        let day = first.checked_add_days(Days::new(u64::from(found.day))).unwrap_or(first);
        let width = self.groups.len();
        let cells = |place: Option<usize>| -> Vec<Cell> {
            let cell = |cell: usize| {
                let counted = |combination: &usize| !self.in_transition(cell % width, *combination);
                let own: Vec<usize> =
                    (0..self.combinations).filter(counted).map(|own| cell * self.combinations + own).collect();
                let (assigned, mature, tally) = self.found(truth, stage, place, &own);
                Cell {
                    arm: cell / width,
                    group: self.groups[cell % width].clone(),
                    assigned,
                    mature,
                    set_aside: 0,
                    tally,
                }
            };
            (0..self.arms * width).map(cell).collect()
        };
        let place_of = |outcome: usize| self.assumed.models.iter().position(|model| model.place == outcome);
        let of_outcome = |(index, outcome): (usize, &Outcome)| OutcomeEvidence {
            outcome: outcome.key.clone(),
            cells: cells(place_of(index)),
        };
        let outcomes: Vec<OutcomeEvidence> = self.plan.outcomes.iter().enumerate().map(of_outcome).collect();
        let all = || outcomes.first().into_iter().flat_map(|outcome| &outcome.cells);
        let people = |arm: usize| all().filter(|cell| cell.arm == arm).map(|cell| cell.assigned).sum();
        let enrolment = (0..self.arms).map(|arm| ArmDay { day: first, arm, assigned: people(arm) }).collect();
        let alike = self.covariates.as_ref().map_or_else(Vec::new, |covariates| {
            let of = |index: usize| {
                place_of(index).map_or_else(Vec::new, |place| self.alike(covariates, truth, stage, place))
            };
            (0..self.plan.outcomes.len()).map(of).collect()
        });
        let as_of = day.and_hms_opt(0, 0, 0).map_or(DateTime::<Utc>::UNIX_EPOCH, |time| time.and_utc());
        Evidence {
            enrolment,
            wedge: self.rollout.as_ref().map(|rollout| self.by_period(rollout, truth, stage, &place_of)),
            alike,
            ..Evidence::of(as_of, 0, locked, outcomes)
        }
    }

    /// People assigned, people whose outcome is known and their values, in these cells together.
    fn found(&self, truth: usize, stage: usize, place: Option<usize>, cells: &[usize]) -> (u64, u64, Tally) {
        let of = |counts: Option<&Vec<u64>>| {
            counts.map_or(0, |counts| cells.iter().filter_map(|cell| counts.get(*cell)).sum::<u64>())
        };
        let known = place.and_then(|place| self.sums[truth][stage].get(place));
        let known = known.into_iter().flat_map(|sums| cells.iter().filter_map(|cell| sums.get(*cell)));
        let tally = known.fold(Tally::default(), |all, sums| Tally {
            observed: all.observed + sums.observed,
            sum: all.sum + sums.sum,
            sum_of_squares: all.sum_of_squares + sums.squares,
        });
        let mature = place.map_or(0, |place| of(self.mature[stage].get(place)));
        (of(self.assigned.get(stage)), mature, tally)
    }

    /// Whether a site has the new version in a period and does not count yet.
    fn in_transition(&self, group: usize, period: usize) -> bool {
        let crossing = self.groups.get(group).and_then(|site| self.crossings.iter().find(|(key, ..)| key == site));
        let start = self.rollout.as_ref().and_then(|rollout| rollout.starts.get(period.checked_sub(1)?));
        crossing.zip(start).is_some_and(|((_, on, counted_from), start)| (on..counted_from).contains(&start))
    }

    /// Every site in every period.
    fn by_period(
        &self,
        rollout: &Rollout,
        truth: usize,
        stage: usize,
        place_of: &impl Fn(usize) -> Option<usize>,
    ) -> WedgeEvidence {
        let width = self.groups.len();
        let found = |group: usize, period: usize, place: Option<usize>| {
            let of_arm = |arm: usize| (arm * width + group) * self.combinations + period;
            self.found(truth, stage, place, &(0..self.arms).map(of_arm).collect::<Vec<_>>())
        };
        let sites = || (0..rollout.periods()).flat_map(|period| (0..width).map(move |group| (group, period)));
        let of_outcome = |index: usize| {
            let cell = |(group, period): (usize, usize)| {
                let (assigned, mature, tally) = found(group, period, place_of(index));
                PeriodCell { period, site: self.groups[group].clone(), assigned, mature, tally }
            };
            sites().map(cell).collect()
        };
        let changing = sites().filter(|(group, period)| self.in_transition(*group, *period));
        WedgeEvidence {
            in_transition: changing.map(|(group, period)| found(group, period, None).0).sum(),
            starts: rollout.starts.clone(),
            crossings: self.crossings.clone(),
            outcomes: (0..self.plan.outcomes.len()).map(of_outcome).collect(),
        }
    }

    /// The people of one modelled outcome added up by what is adjusted for.
    fn alike(&self, covariates: &Covariates, truth: usize, stage: usize, place: usize) -> Vec<Alike> {
        let known = self.mature[stage].get(place).zip(self.sums[truth][stage].get(place));
        let cells = known.into_iter().flat_map(|(mature, sums)| mature.iter().zip(sums)).enumerate();
        let alike = |(cell, (mature, sums)): (usize, (&u64, &Sums))| {
            let (of_group, combination) = (cell / self.combinations, cell % self.combinations);
            let group = self.groups.get(of_group % self.groups.len()).map_or("", String::as_str);
            Alike {
                arm: of_group / self.groups.len(),
                cluster: if self.clusters > 0 { group.to_owned() } else { String::new() },
                values: covariates.values(self.plan, group, combination),
                mature: *mature,
                tally: Tally { observed: sums.observed, sum: sums.sum, sum_of_squares: sums.squares },
            }
        };
        cells.filter(|(_, (mature, _))| **mature > 0).map(alike).collect()
    }
}

fn pseudonym(number: u64) -> Option<Pseudonym> {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Pseudonym::from_bytes(&bytes)
}

/// The labels of all strata, or of all levels of the factors.
pub(crate) fn strata_of(plan: &Protocol, names: &[String]) -> Vec<String> {
    let mut labels: Vec<Vec<String>> = vec![Vec::new()];
    for name in names {
        let values = match plan.attributes.iter().find(|attribute| attribute.name == *name).map(|a| &a.kind) {
            Some(AttributeKind::Category { values }) => values.clone(),
            _ => vec!["yes".to_owned(), "no".to_owned()],
        };
        let with =
            |before: &Vec<String>, value: &String| before.iter().chain([value]).cloned().collect::<Vec<String>>();
        labels = labels
            .iter()
            .flat_map(|before| values.iter().map(|value| with(before, value)).collect::<Vec<_>>())
            .collect();
    }
    labels.iter().map(|levels| label_of(levels)).collect()
}
