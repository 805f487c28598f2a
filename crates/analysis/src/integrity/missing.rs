//! Are outcomes missing more often in one arm?

use fairtrial_domain::protocol::{Allocation, Outcome, Role};
use fairtrial_stats::{
    Side, StatError,
    cluster::cluster_means_welch,
    sufficient::{Moments, Step},
    two_proportions,
};

use super::{AMBER_BELOW, RED_BELOW, gate};
use crate::{
    claims::Multiplicity,
    comparison::shown,
    reading::Reading,
    report::{Gate, GateStatus},
    sample::{ArmSample, absence_counts},
};

/// Share of missing outcomes above which even an equal share is amber.
const MUCH_MISSING: f64 = 0.2;
/// Difference between the arms' missing shares from which the primary outcome cannot be read, if it is beyond chance.
const TOO_UNEQUAL: f64 = 0.1;

/// The check over all outcomes that can be missing. Only the primary outcome can be red: its missing shares differ by a
/// tenth of all units or more, beyond chance.
pub(super) fn missing_outcomes(reading: &Reading<'_>) -> Gate {
    let plan = reading.plan;
    let can_miss = plan.outcomes.iter().enumerate().filter(|(_, outcome)| !absence_counts(plan, outcome));
    let found: Vec<Gate> = can_miss.filter_map(|(place, outcome)| of_outcome(reading, place, outcome)).collect();
    let worst = found.into_iter().max_by_key(|gate| gate.status);
    worst.unwrap_or_else(|| {
        gate("missing_outcomes", GateStatus::Green, "An outcome without a record counts as no, or as zero.", None)
    })
}

fn of_outcome(reading: &Reading<'_>, place: usize, outcome: &Outcome) -> Option<Gate> {
    let samples = reading.samples.get(place)?;
    let control = samples.get(reading.plan.control_index())?;
    let share = |arm: &ArmSample| if arm.mature == 0 { 0.0 } else { arm.missing as f64 / arm.mature as f64 };
    // In a stepped wedge the versions follow each other in time, and so does whatever else makes records go missing.
    let comparable = !matches!(reading.plan.allocation, Allocation::SteppedWedge { .. });
    let tested: Vec<(f64, Option<f64>)> = reading
        .plan
        .interventions()
        .filter_map(|(index, _)| samples.get(index))
        .map(|arm| (share(arm) - share(control), p_value(reading, arm, control).ok().flatten().filter(|_| comparable)))
        .collect();
    let p_values: Vec<Option<f64>> = tested.iter().map(|(_, p)| *p).collect();
    let adjusted = Multiplicity::Holm.adjusted(&p_values);
    let worst = tested.iter().zip(&adjusted).filter_map(|((difference, _), p)| Some((difference.abs(), (*p)?)));
    let (difference, p) = worst.min_by(|a, b| a.1.total_cmp(&b.1)).map_or((0.0, None), |(d, p)| (d, Some(p)));
    let overall = ratio(samples.iter().map(|arm| arm.missing), samples.iter().map(|arm| arm.mature));
    let below = |limit: f64| p.is_some_and(|p| p < limit);
    let readable = outcome.role != Role::Primary || difference < TOO_UNEQUAL;
    let name = &outcome.name;
    let percent = |share: f64| format!("{:.0} in 100", share * 100.0);
    let (status, detail) = if below(RED_BELOW) && !readable {
        let detail =
            format!("{name}: the share without a record differs by {} between two versions.", percent(difference));
        (GateStatus::Red, detail)
    } else if below(AMBER_BELOW) {
        let detail = format!(
            "{name}: records are missing more often in one version than in another (by {}), beyond chance.",
            percent(difference)
        );
        (GateStatus::Amber, detail)
    } else if overall > MUCH_MISSING {
        (GateStatus::Amber, format!("{name}: {} have no record.", percent(overall)))
    } else {
        (GateStatus::Green, format!("{name}: {} have no record, alike in all versions.", percent(overall)))
    };
    Some(gate("missing_outcomes", status, detail, p))
}

fn ratio(part: impl Iterator<Item = u64>, whole: impl Iterator<Item = u64>) -> f64 {
    let sum = |counts: &mut dyn Iterator<Item = u64>| counts.map(|count| count as f64).sum::<f64>();
    let (mut part, mut whole) = (part, whole);
    let whole = sum(&mut whole);
    if whole == 0.0 { 0.0 } else { sum(&mut part) / whole }
}

/// Two-sided p-value of equal missing shares; none when nobody, or everybody, is missing in both arms.
fn p_value(reading: &Reading<'_>, arm: &ArmSample, control: &ArmSample) -> Result<Option<f64>, StatError> {
    let same = |count: fn(&ArmSample) -> u64| count(arm) == 0 && count(control) == 0;
    if same(|arm| arm.missing) || same(|arm| arm.analysed) {
        return Ok(None);
    }
    let estimate = if reading.plan.allocation.is_by_cluster() {
        let moments = |arm: &ArmSample| -> Result<Vec<Moments>, StatError> {
            arm.missing_by_cluster.iter().map(|sums| sums.moments(Step::ONE)).collect()
        };
        cluster_means_welch(&moments(arm)?, &moments(control)?, 0.0, Side::Two, reading.level)?
    } else {
        two_proportions::risk_difference(arm.missing, arm.mature, control.missing, control.mature, reading.level)?
    };
    Ok(estimate.p_value.and_then(shown))
}
