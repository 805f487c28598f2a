//! Randomisation inference: the trial's own allocator draws again, and chance is seen to do what it did.
//!
//! If no version changes anything for anybody (the sharp null hypothesis), every person's outcome would have been the same under
//! any other draw. So the allocation is drawn again many times, by the very code that assigned people, with another secret each
//! time: blocks, strata, clusters and minimisation are repeated as they were. The p-value is the share of draws, the true one
//! among them, whose difference is at least as far from none: `(r + 1) / (m + 1)` (Phipson and Smyth 2010). It needs no model,
//! and holds at any size.
//!
//! Secrets come from the protocol id and a digest of the people, so that anybody with the same plan and data gets the same
//! p-value. The difference is divided by its standard error in each draw, so that the test also holds in large samples when
//! the versions only have the same mean (Chung and Romano 2013). With several new versions each draw redraws all of them, and
//! the hypothesis is that none changes anything.

mod allocate;

use fairtrial_domain::{
    ProtocolId,
    allocation::{AllocationSecret, Allocator},
    projection::{Observed, UnitEvidence},
    protocol::{Allocation, Outcome},
};
use fairtrial_stats::sufficient::{FixedSums, Moments, Step};
use sha2::{Digest, Sha256};

use crate::{
    comparison::finite,
    reading::Reading,
    report::{NotEstimable, RedrawReport},
    sample::{absence_counts, step_of},
};

pub use allocate::Redrawn;

/// Most people drawn in all.
const MOST_DRAWN: u64 = 200_000_000;
/// Differences nearer to each other than this share are equal: rounding must not make a draw less extreme than it is.
const TIE: f64 = 1e-9;

/// The p-values of the primary outcome for every intervention arm; empty where the plan does not ask, and before the data are
/// locked.
pub(crate) fn redraw(reading: &Reading<'_>, protocol_id: &ProtocolId) -> Vec<RedrawReport> {
    let plan = reading.plan;
    let primary = plan.outcomes.get(reading.primary());
    let (Some(redraws), Some(outcome), Some(control), true) =
        (plan.analysis.redraws, primary, plan.control(), reading.evidence.locked)
    else {
        return Vec::new();
    };
    let found = statistics(reading, outcome, redraws, protocol_id);
    plan.interventions()
        .map(|(index, arm)| {
            let mut report = RedrawReport {
                arm: arm.key.clone(),
                control: control.key.clone(),
                outcome: outcome.key.clone(),
                redraws,
                seed: None,
                statistic: None,
                p_value: None,
                not_estimable: None,
            };
            match &found {
                Ok(found) => {
                    report.seed = Some(found.seed.clone());
                    match found.arms.iter().find(|(place, ..)| *place == index) {
                        Some((_, Some(statistic), extreme)) => {
                            report.statistic = finite(*statistic);
                            report.p_value = finite((*extreme + 1) as f64 / f64::from(redraws + 1));
                        }
                        _ => {
                            let detail = "an arm has fewer than two values, or nothing varies";
                            report.not_estimable = Some(NotEstimable::new("not_estimable", detail));
                        }
                    }
                }
                Err(reason) => report.not_estimable = Some(reason.clone()),
            }
            report
        })
        .collect()
}

/// What the draws showed: by arm the observed difference over its standard error, and how many draws were as extreme.
struct Found {
    seed: String,
    arms: Vec<(usize, Option<f64>, u32)>,
}

fn statistics(
    reading: &Reading<'_>,
    outcome: &Outcome,
    redraws: u32,
    protocol_id: &ProtocolId,
) -> Result<Found, NotEstimable> {
    let plan = reading.plan;
    if matches!(plan.allocation, Allocation::SteppedWedge { .. }) {
        let detail = "a stepped wedge is compared by drawing the order of its sites again in the first place: its own p-value \
                      is the one asked for here";
        return Err(NotEstimable::new("already_redrawn", detail));
    }
    let people = reading.evidence.units.as_ref().ok_or_else(|| {
        NotEstimable::new("not_recorded", "the evidence does not hold the people one by one, in their order")
    })?;
    if u64::from(redraws).saturating_mul(people.units.len() as u64) > MOST_DRAWN {
        let most = MOST_DRAWN / (people.units.len() as u64).max(1);
        let detail = format!("with so many people the allocation is drawn again at most {most} times");
        return Err(NotEstimable::new("too_large", detail));
    }
    let absence = absence_counts(plan, outcome);
    let primary = reading.primary();
    let values: Vec<Option<i64>> = people
        .units
        .iter()
        .map(|unit| match unit.outcomes.get(primary).filter(|_| unit.counted)? {
            Observed::Value(value) => Some(*value),
            Observed::Nothing if absence => Some(0),
            Observed::Nothing | Observed::TooEarly => None,
        })
        .collect();
    let step = step_of(outcome)?;
    let seed = seed(protocol_id, people);
    let drawn: Vec<usize> = people.units.iter().map(|unit| unit.arm).collect();
    let groups = plan.allocation.is_by_cluster().then_some(people.groups.len());
    let spread = Spread { people, values: &values, arms: plan.arms.len(), groups, step };
    let own = spread.of(&drawn);
    let studentised = |sums: &[Vec<Moments>], arm: usize| {
        Some(welch_ratio(sums.get(arm)?.first()?, sums.get(plan.control_index())?.first()?))?
    };
    let mut arms: Vec<(usize, Option<f64>, u32)> =
        plan.interventions().map(|(index, _)| (index, studentised(&own, index), 0)).collect();
    let mut redrawn = Redrawn::of(people);
    for number in 0..redraws {
        let allocator = Allocator::of(plan, AllocationSecret::new(secret(&seed, number)));
        let again = spread.of(redrawn.arms(&allocator, plan.control_index()));
        for (arm, observed, extreme) in &mut arms {
            let Some(observed) = observed else { continue };
            // A draw without a comparison counts against the finding.
            let as_far = studentised(&again, *arm).is_none_or(|t| t.abs() >= observed.abs() * (1.0 - TIE));
            *extreme += u32::from(as_far);
        }
    }
    Ok(Found { seed: fairtrial_domain::canonical::hex(&seed), arms })
}

/// Values added up by arm: over people, or over the means of clusters.
struct Spread<'a> {
    people: &'a UnitEvidence,
    values: &'a [Option<i64>],
    arms: usize,
    /// Number of clusters, where these are what is compared.
    groups: Option<usize>,
    step: Step,
}

impl Spread<'_> {
    /// One list of moments per arm: of one member, or none where there are no values.
    fn of(&self, drawn: &[usize]) -> Vec<Vec<Moments>> {
        let width = self.groups.unwrap_or(1);
        let mut sums = vec![FixedSums::default(); self.arms * width];
        for ((unit, value), arm) in self.people.units.iter().zip(self.values).zip(drawn) {
            let Some(value) = value else { continue };
            let group = if self.groups.is_some() { unit.group } else { 0 };
            if let Some(sums) = sums.get_mut(arm * width + group) {
                sums.n += 1;
                sums.s1 += i128::from(*value);
                sums.s2 += i128::from(*value) * i128::from(*value);
            }
        }
        sums.chunks(width)
            .map(|own| {
                let moments = own.iter().filter(|sums| sums.n > 0).filter_map(|sums| sums.moments(self.step).ok());
                if self.groups.is_none() {
                    return moments.collect();
                }
                let means: Vec<f64> = moments.map(|moments| moments.mean).collect();
                Moments::of(&means).ok().into_iter().collect()
            })
            .collect()
    }
}

/// The difference over its standard error; none below two values an arm, infinite when nothing varies but the means differ.
fn welch_ratio(arm1: &Moments, arm0: &Moments) -> Option<f64> {
    let variance = |arm: &Moments| Some(arm.variance().ok()? / arm.n as f64);
    let (difference, variance) = (arm1.mean - arm0.mean, variance(arm1)? + variance(arm0)?);
    match (variance > 0.0, difference == 0.0) {
        (true, _) => Some(difference / variance.sqrt()),
        (false, true) => Some(0.0),
        (false, false) => Some(difference.signum() * f64::MAX),
    }
}

/// 32 bytes that depend on the plan and the people alone.
fn seed(protocol_id: &ProtocolId, people: &UnitEvidence) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"fairtrial/1/redraw/");
    hash.update(protocol_id.as_str());
    for unit in &people.units {
        // Every part has an end that the next cannot be taken for.
        hash.update([0]);
        hash.update((unit.arm as u64).to_be_bytes());
        let group = people.group_of(unit);
        hash.update((group.len() as u64).to_be_bytes());
        hash.update(group);
        hash.update([u8::from(unit.counted)]);
        for outcome in &unit.outcomes {
            let (kind, value) = match outcome {
                Observed::TooEarly => (0, 0),
                Observed::Nothing => (1, 0),
                Observed::Value(value) => (2, *value),
            };
            hash.update([kind]);
            hash.update(value.to_be_bytes());
        }
    }
    hash.finalize().into()
}

/// The secret of one draw.
fn secret(seed: &[u8; 32], number: u32) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed);
    hash.update(number.to_be_bytes());
    hash.finalize().into()
}
