//! Made-up people, assigned by the real allocator.

use chrono::{DateTime, Days, NaiveDate, Utc};
use fairtrial_domain::{
    Pseudonym,
    allocation::{AllocationSecret, Allocator, Progress, Subject, label_of},
    eligibility::AttributeKind,
    projection::{Alike, ArmDay, Cell, Evidence, OutcomeEvidence, Tally},
    protocol::Protocol,
};
use fairtrial_stats::special::normal;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{assumed::Assumed, covariates::Covariates, timeline::Stage};

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
    /// Combinations of covariates; 1 without any. A cell is one of an arm, a group and a combination, in this order.
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
        let covariates = Covariates::of(plan);
        Self {
            plan,
            assumed,
            stages,
            groups,
            combinations: covariates.as_ref().map_or(1, Covariates::len),
            covariates,
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
        let common: Vec<f64> = (0..self.clusters).map(|_| normal::quantile(draw.share())).collect();
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
            let arm = match blocks.get_mut(group) {
                Some(block) => block.next(&allocator, label),
                None => pseudonym(number).and_then(|unit| {
                    allocator.assign(&mut progress, &Subject { unit: &unit, group: label, day: NaiveDate::default() })
                }),
            };
            let arm = arm.unwrap_or(self.control);
            let common = common.get(group).copied();
            let combination = if self.combinations == 1 { 0 } else { draw.below(self.combinations) };
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
        let first = NaiveDate::default();
        let day = first.checked_add_days(Days::new(u64::from(found.day))).unwrap_or(first);
        let width = self.groups.len();
        let cells = |place: Option<usize>| -> Vec<Cell> {
            (0..self.arms * width)
                .map(|cell| {
                    let own = cell * self.combinations..(cell + 1) * self.combinations;
                    let of = |counts: Option<&Vec<u64>>| {
                        counts.and_then(|counts| counts.get(own.clone())).map_or(0, |counts| counts.iter().sum())
                    };
                    let mature = place.map_or(0, |place| of(self.mature[stage].get(place)));
                    let sums = place.and_then(|place| self.sums[truth][stage].get(place)?.get(own.clone()));
                    let sums = sums.into_iter().flatten().fold(Sums::default(), |all, sums| Sums {
                        observed: all.observed + sums.observed,
                        sum: all.sum + sums.sum,
                        squares: all.squares + sums.squares,
                    });
                    Cell {
                        arm: cell / width,
                        group: self.groups[cell % width].clone(),
                        assigned: of(self.assigned.get(stage)),
                        mature,
                        set_aside: 0,
                        tally: Tally { observed: sums.observed, sum: sums.sum, sum_of_squares: sums.squares },
                    }
                })
                .collect()
        };
        let place_of = |outcome: usize| self.assumed.models.iter().position(|model| model.place == outcome);
        let outcomes =
            self.plan.outcomes.iter().enumerate().map(|(index, outcome)| OutcomeEvidence {
                outcome: outcome.key.clone(),
                cells: cells(place_of(index)),
            });
        let of_arm = width * self.combinations;
        let people = |arm: usize| self.assigned[stage].iter().skip(arm * of_arm).take(of_arm).sum();
        let alike = self.covariates.as_ref().map_or_else(Vec::new, |covariates| {
            let of = |index: usize| {
                place_of(index).map_or_else(Vec::new, |place| self.alike(covariates, truth, stage, place))
            };
            (0..self.plan.outcomes.len()).map(of).collect()
        });
        let as_of = day.and_hms_opt(0, 0, 0).map_or(DateTime::<Utc>::UNIX_EPOCH, |time| time.and_utc());
        Evidence {
            enrolment: (0..self.arms).map(|arm| ArmDay { day: first, arm, assigned: people(arm) }).collect(),
            alike,
            ..Evidence::of(as_of, 0, locked, outcomes.collect())
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
