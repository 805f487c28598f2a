//! What missing outcomes could hide: between which limits the difference lies whatever they are, and how far from the others
//! they would have to be to change the finding.

mod clusters;

use fairtrial_domain::{
    projection::Observed,
    protocol::{Outcome, OutcomeKind},
};
use fairtrial_stats::{
    missing::{BoundedOutcome, Bounds, Trimming, imbens_manski, lee_bounds, manski_bounds},
    sufficient::Moments,
};

use crate::{
    comparison::{Method, finite, gain},
    reading::Reading,
    report::{MissingBounds, NotEstimable},
    sample::{ArmSample, step_of},
};

/// Most values that are laid out in order for the trimming bounds.
const MOST_TRIMMED: u64 = 2_000_000;

/// The bounds for every intervention arm; empty where nobody's outcome is lost, and before the data are locked.
pub(crate) fn missing_bounds(reading: &Reading<'_>, place: usize, outcome: &Outcome) -> Vec<MissingBounds> {
    let (plan, method) = (reading.plan, Method::of(reading.plan, outcome));
    let control = plan.control();
    let (Some(control), true, false) = (control, reading.evidence.locked, method.over_time) else { return Vec::new() };
    plan.interventions()
        .filter_map(|(index, arm)| {
            let (arm1, arm0) = reading.pair(place, index)?;
            if arm1.lost() == 0 && arm0.lost() == 0 {
                return None;
            }
            let mut found = MissingBounds {
                arm: arm.key.clone(),
                control: control.key.clone(),
                lost: arm1.lost(),
                lost_in_control: arm0.lost(),
                smallest: None,
                largest: None,
                lower: None,
                upper: None,
                level: reading.level,
                smallest_where_seen: None,
                largest_where_seen: None,
                tipping_shift: None,
                tips_within_limits: None,
                not_estimable: None,
            };
            match fill(&mut found, reading, &method, (place, index), (arm1, arm0)) {
                Ok(()) => {}
                Err(reason) => found.not_estimable = Some(reason),
            }
            Some(found)
        })
        .collect()
}

/// The smallest and the largest value that a unit can have; none for an outcome without limits.
fn limits(outcome: &Outcome) -> Option<(f64, f64)> {
    let number = |value: Option<fairtrial_domain::Decimal>| value.map(fairtrial_domain::Decimal::to_f64);
    let (minimum, maximum, cap) = (number(outcome.minimum), number(outcome.maximum), number(outcome.cap));
    match outcome.kind {
        OutcomeKind::Binary => Some((0.0, 1.0)),
        OutcomeKind::Rating => minimum.zip(maximum),
        OutcomeKind::Count | OutcomeKind::Duration => Some((0.0, cap?)),
        OutcomeKind::Amount => minimum.filter(|minimum| *minimum >= 0.0).and(cap).map(|cap| (0.0, cap)),
    }
}

fn fill(
    found: &mut MissingBounds,
    reading: &Reading<'_>,
    method: &Method<'_>,
    (place, arm): (usize, usize),
    (arm1, arm0): (&ArmSample, &ArmSample),
) -> Result<(), NotEstimable> {
    if method.by_cluster {
        return clusters::fill(found, reading, method, (place, arm), (arm1, arm0), limits(method.outcome));
    }
    let outcome = method.outcome;
    let (seen1, seen0) = (arm1.moments(outcome)?, arm0.moments(outcome)?);
    let limits = limits(outcome);
    if let Some((smallest, largest)) = limits {
        worst_and_best(found, (&seen1, arm1.lost()), (&seen0, arm0.lost()), (smallest, largest))?;
    }
    if let Some(bounds) = trimmed(reading, method, (place, arm), (arm1, arm0))? {
        found.smallest_where_seen = finite(bounds.lower);
        found.largest_where_seen = finite(bounds.upper);
    }
    let share = arm1.lost() as f64 / (arm1.analysed as f64 + arm1.lost() as f64).max(1.0);
    tipping(found, reading, method, (arm1, arm0), (seen1.mean, share, limits));
    Ok(())
}

/// Every lost value at the end of the scale that is worst, then best, for the new version.
fn worst_and_best(
    found: &mut MissingBounds,
    (seen1, lost1): (&Moments, u64),
    (seen0, lost0): (&Moments, u64),
    (smallest, largest): (f64, f64),
) -> Result<(), NotEstimable> {
    let reason = |error: fairtrial_stats::StatError| NotEstimable::from(&error);
    let arm = |seen: &Moments, lost: u64| BoundedOutcome { observed: seen.n, missing: lost, mean: seen.mean };
    let bounds = manski_bounds(&arm(seen1, lost1), &arm(seen0, lost0), smallest, largest).map_err(reason)?;
    found.smallest = finite(bounds.lower);
    found.largest = finite(bounds.upper);
    // Variance of an arm's mean when those lost have one and the same value.
    let variance = |seen: &Moments, lost: u64, value: f64| {
        let (n, m) = (seen.n as f64, lost as f64);
        let m2 = seen.m2 + n * m / (n + m) * (seen.mean - value).powi(2);
        if n + m > 1.0 { m2 / (n + m - 1.0) / (n + m) } else { f64::NAN }
    };
    let low = (variance(seen1, lost1, smallest) + variance(seen0, lost0, largest)).sqrt();
    let high = (variance(seen1, lost1, largest) + variance(seen0, lost0, smallest)).sqrt();
    let interval = imbens_manski(&bounds, low, high, found.level).map_err(reason)?;
    found.lower = finite(interval.lower.max(smallest - largest));
    found.upper = finite(interval.upper.min(largest - smallest));
    Ok(())
}

/// Lee's bounds, on those who would be seen with either version; none where the values are not at hand one by one.
fn trimmed(
    reading: &Reading<'_>,
    method: &Method<'_>,
    (place, arm): (usize, usize),
    (arm1, arm0): (&ArmSample, &ArmSample),
) -> Result<Option<Bounds>, NotEstimable> {
    let values = |position: usize, sample: &ArmSample| -> Result<Option<Vec<f64>>, NotEstimable> {
        if sample.analysed > MOST_TRIMMED {
            return Ok(None);
        }
        if method.outcome.kind == OutcomeKind::Binary {
            let events = sample.events()?;
            return Ok(Some((0..sample.analysed).map(|n| if n < events { 1.0 } else { 0.0 }).collect()));
        }
        let Some(people) = &reading.evidence.units else { return Ok(None) };
        let step = step_of(method.outcome)?;
        let own = people.units.iter().filter(|unit| unit.arm == position && unit.counted);
        let value = |unit: &fairtrial_domain::projection::UnitRecord| match unit.outcomes.get(place) {
            Some(Observed::Value(value)) => Some(step.scale(*value as f64)),
            _ => None,
        };
        let values: Vec<f64> = own.filter_map(value).collect();
        // Where no record counts as nought the values are not only those recorded.
        Ok((values.len() as u64 == sample.analysed).then_some(values))
    };
    let (Some(one), Some(zero)) = (values(arm, arm1)?, values(reading.plan.control_index(), arm0)?) else {
        return Ok(None);
    };
    match lee_bounds(&one, arm1.lost(), &zero, arm0.lost(), Trimming::Fractional) {
        Ok(found) => Ok(Some(found.bounds)),
        Err(error) => Err(NotEstimable::from(&error)),
    }
}

/// How much worse than those seen the lost people of the new version would have to be, on average, for a shown gain or loss to
/// be shown no more. `seen1` is the mean of those seen with the new version, and `share` how much of the arm's mean rests with the lost.
/// The lost people of the control arm are taken to be like those seen there, and the interval to stay as
/// wide as it is.
fn tipping(
    found: &mut MissingBounds,
    reading: &Reading<'_>,
    method: &Method<'_>,
    (arm1, arm0): (&ArmSample, &ArmSample),
    (seen1, share, limits): (f64, f64, Option<(f64, f64)>),
) {
    let Ok(estimate) = method.difference(arm1, arm0, reading.level) else { return };
    let (lower, upper) = (estimate.interval.lower, estimate.interval.upper);
    // The end that is nearer to none, when none is excluded.
    let end = match (lower > 0.0, upper < 0.0) {
        (true, _) => lower,
        (_, true) => upper,
        _ => return,
    };
    if share <= 0.0 {
        return;
    }
    let shift = -end / share;
    found.tipping_shift = finite(gain(method.outcome, shift));
    found.tips_within_limits = limits.map(|(smallest, largest)| (smallest..=largest).contains(&(seen1 + shift)));
}
