//! The same bounds where whole clusters were assigned.
//!
//! The comparison counts every cluster the same, whatever its size, so the bounds do too: a cluster's mean lies somewhere between
//! the one with all its lost people at the bottom of the scale and the one with all of them at the top. A cluster of which nobody
//! is seen may have any mean. Chance is that of the clusters, with Student's t for their number.

use fairtrial_domain::protocol::Outcome;
use fairtrial_stats::{
    StatError,
    missing::{Bounds, imbens_manski},
    special::{normal, student},
    sufficient::{FixedSums, Moments},
};

use super::tipping;
use crate::{
    comparison::{Method, finite},
    reading::Reading,
    report::{MissingBounds, NotEstimable},
    sample::{ArmSample, absence_counts, step_of},
};

/// People of one cluster.
struct Cluster {
    seen: f64,
    lost: f64,
    /// Mean of those seen; 0 where nobody is.
    mean: f64,
}

impl Cluster {
    /// Its mean when everybody lost has this value.
    fn with(&self, value: f64) -> f64 {
        (self.seen * self.mean + self.lost * value) / (self.seen + self.lost)
    }

    fn lost_share(&self) -> f64 {
        self.lost / (self.seen + self.lost)
    }
}

/// `limits` are the smallest and the largest value that a person can have.
pub(super) fn fill(
    found: &mut MissingBounds,
    reading: &Reading<'_>,
    method: &Method<'_>,
    (place, arm): (usize, usize),
    (arm1, arm0): (&ArmSample, &ArmSample),
    limits: Option<(f64, f64)>,
) -> Result<(), NotEstimable> {
    arm1.readable()?;
    arm0.readable()?;
    let one = clusters(reading, method.outcome, place, arm)?;
    let zero = clusters(reading, method.outcome, place, reading.plan.control_index())?;
    if let Some((smallest, largest)) = limits {
        worst_and_best(found, (&one, &zero), (smallest, largest)).map_err(|error| NotEstimable::from(&error))?;
    }
    // A cluster of which nobody is seen is in no comparison, so nothing is supposed of it here.
    let seen: Vec<&Cluster> = one.iter().filter(|cluster| cluster.seen > 0.0).collect();
    let average =
        |of: fn(&Cluster) -> f64| seen.iter().map(|cluster| of(cluster)).sum::<f64>() / seen.len().max(1) as f64;
    let (mean, share) = (average(|cluster| cluster.mean), average(Cluster::lost_share));
    tipping(found, reading, method, (arm1, arm0), (mean, share, limits));
    Ok(())
}

/// The clusters of an arm of which somebody was followed up, or is set aside.
fn clusters(reading: &Reading<'_>, outcome: &Outcome, place: usize, arm: usize) -> Result<Vec<Cluster>, NotEstimable> {
    let absence_counts = absence_counts(reading.plan, outcome);
    let step = step_of(outcome)?;
    let cells = reading.evidence.outcomes.get(place).into_iter().flat_map(|outcome| &outcome.cells);
    let mut clusters = Vec::new();
    for cell in cells.filter(|cell| cell.arm == arm) {
        let seen = if absence_counts { cell.mature } else { cell.tally.observed.min(cell.mature) };
        let lost = cell.mature.saturating_sub(seen).saturating_add(cell.set_aside);
        if seen.saturating_add(lost) == 0 {
            continue;
        }
        let sums = FixedSums { n: seen, s1: cell.tally.sum, s2: cell.tally.sum_of_squares };
        let mean = match seen {
            0 => 0.0,
            _ => sums.moments(step).map_err(|error| NotEstimable::from(&error))?.mean,
        };
        clusters.push(Cluster { seen: seen as f64, lost: lost as f64, mean });
    }
    Ok(clusters)
}

fn worst_and_best(
    found: &mut MissingBounds,
    (one, zero): (&[Cluster], &[Cluster]),
    (smallest, largest): (f64, f64),
) -> Result<(), StatError> {
    let means = |clusters: &[Cluster], value: f64| -> Result<Moments, StatError> {
        Moments::of(&clusters.iter().map(|cluster| cluster.with(value)).collect::<Vec<f64>>())
    };
    let end = |value1: f64, value0: f64| -> Result<(f64, f64), StatError> {
        let (one, zero) = (means(one, value1)?, means(zero, value0)?);
        Ok((one.mean - zero.mean, error(&one, &zero, found.level)?))
    };
    let ((lower, low), (upper, high)) = (end(smallest, largest)?, end(largest, smallest)?);
    found.smallest = finite(lower);
    found.largest = finite(upper);
    let interval = imbens_manski(&Bounds { lower, upper }, low, high, found.level)?;
    found.lower = finite(interval.lower.max(smallest - largest));
    found.upper = finite(interval.upper.min(largest - smallest));
    Ok(())
}

/// Standard error of a difference of means of clusters, widened by what Student's t with Welch's degrees of freedom asks beyond the
/// normal distribution for an interval of this level. The critical value of Imbens and Manski is no further out than that of such
/// an interval, where the two differ less: so it is wide enough.
fn error(one: &Moments, zero: &Moments, level: f64) -> Result<f64, StatError> {
    let part = |arm: &Moments| -> Result<(f64, f64), StatError> {
        let n = arm.n as f64;
        Ok((arm.variance()? / n, n - 1.0))
    };
    let ((v1, df1), (v0, df0)) = (part(one)?, part(zero)?);
    let variance = v1 + v0;
    if variance <= 0.0 {
        return Ok(0.0);
    }
    let df = variance * variance / (v1 * v1 / df1 + v0 * v0 / df0);
    let tail = 1.0 - (1.0 - level) / 2.0;
    Ok(variance.sqrt() * student::quantile(tail, df) / normal::quantile(tail))
}
