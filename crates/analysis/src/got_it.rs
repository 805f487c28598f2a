//! The effect on those who got the version because they were assigned to it.
//!
//! People are never compared by what they got: who gets what is not left to chance. Assignment is, so it serves as the
//! instrument: the difference as assigned, divided by the difference in the share of people who got the new version.

use fairtrial_domain::{
    projection::{Delivery, Observed, UnitEvidence, UnitRecord},
    protocol::{Allocation, GotIt, Outcome},
};
use fairtrial_stats::{
    Side, StatError,
    confidence_set::ConfidenceSet,
    instrumental::{ResidualSpread, anderson_rubin, complier_average},
    sufficient::CoMoments,
};

use crate::{
    comparison::finite,
    reading::Reading,
    report::{GotItReport, NotEstimable},
    sample::{absence_counts, step_of},
};

/// The effect on the primary outcome for every intervention arm; empty where the plan does not ask, and before the data are
/// locked.
pub(crate) fn got_it(reading: &Reading<'_>) -> Vec<GotItReport> {
    let plan = reading.plan;
    let primary = plan.outcomes.get(reading.primary());
    let (Some(what), Some(outcome), Some(control), true) =
        (plan.analysis.got_it, primary, plan.control(), reading.evidence.locked)
    else {
        return Vec::new();
    };
    plan.interventions()
        .map(|(index, arm)| {
            let mut found = GotItReport {
                arm: arm.key.clone(),
                control: control.key.clone(),
                outcome: outcome.key.clone(),
                what,
                share: None,
                share_in_control: None,
                estimate: None,
                lower: None,
                upper: None,
                level: reading.level,
                method: "two-stage least squares, Anderson-Rubin interval".into(),
                not_estimable: None,
            };
            if let Err(reason) = fill(&mut found, reading, outcome, index, what) {
                found.not_estimable = Some(reason);
            }
            found
        })
        .collect()
}

fn fill(
    found: &mut GotItReport,
    reading: &Reading<'_>,
    outcome: &Outcome,
    arm: usize,
    what: GotIt,
) -> Result<(), NotEstimable> {
    if matches!(reading.plan.allocation, Allocation::SteppedWedge { .. }) {
        let detail = "in a stepped wedge the versions follow each other in time; what people got is not told from when they came";
        return Err(NotEstimable::new("changes_over_time", detail));
    }
    let people = reading.evidence.units.as_ref().ok_or_else(|| {
        NotEstimable::new("not_recorded", "the evidence does not hold the people one by one, with what they got")
    })?;
    let (one, zero) = (
        arm_moments(reading, outcome, people, (arm, arm), what)?,
        arm_moments(reading, outcome, people, (reading.plan.control_index(), arm), what)?,
    );
    let share = |arm: &CoMoments| arm.means().get(1).copied().and_then(finite);
    found.share = share(&one);
    found.share_in_control = share(&zero);
    let reason = |error: StatError| NotEstimable::from(&error);
    let estimate = complier_average(&one, &zero, ResidualSpread::PerArm, Side::Two, found.level).map_err(reason)?;
    found.estimate = estimate.point.and_then(finite);
    match anderson_rubin(&one, &zero, found.level).map_err(reason)? {
        ConfidenceSet::Bounded { lower, upper } => {
            found.lower = finite(lower);
            found.upper = finite(upper);
        }
        ConfidenceSet::OutsideGap { .. } | ConfidenceSet::Everything => {
            let detail = "too few people got the new version because they were assigned to it: the data set no bound";
            found.not_estimable = Some(NotEstimable::new("unbounded", detail));
        }
    }
    Ok(())
}

/// Outcome and take-up of one arm's people, or of its clusters' means. `version` is the arm whose version counts.
fn arm_moments(
    reading: &Reading<'_>,
    outcome: &Outcome,
    people: &UnitEvidence,
    (assigned, version): (usize, usize),
    what: GotIt,
) -> Result<CoMoments, NotEstimable> {
    let (place, absence, step) = (reading.primary(), absence_counts(reading.plan, outcome), step_of(outcome)?);
    let mut rows: Vec<(usize, f64, f64)> = Vec::new();
    for unit in people.units.iter().filter(|unit| unit.counted && unit.arm == assigned) {
        let value = match unit.outcomes.get(place) {
            Some(Observed::Value(value)) => *value,
            Some(Observed::Nothing) if absence => 0,
            _ => continue,
        };
        let got = if got_version(unit, version, what) { 1.0 } else { 0.0 };
        rows.push((unit.group, step.scale(value as f64), got));
    }
    if reading.plan.allocation.is_by_cluster() {
        let mut sums = vec![(0.0, 0.0, 0.0); people.groups.len()];
        for (group, value, got) in rows {
            if let Some((n, values, gots)) = sums.get_mut(group) {
                *n += 1.0;
                *values += value;
                *gots += got;
            }
        }
        rows = sums.into_iter().filter(|sum| sum.0 > 0.0).map(|(n, value, got)| (0, value / n, got / n)).collect();
    }
    let (values, got): (Vec<f64>, Vec<f64>) = rows.into_iter().map(|(_, value, got)| (value, got)).unzip();
    CoMoments::of(&[&values, &got]).map_err(|error| NotEstimable::from(&error))
}

/// Whether a person got the version of an arm.
fn got_version(unit: &UnitRecord, version: usize, what: GotIt) -> bool {
    if let Some(given) = unit.given {
        return given == version;
    }
    unit.arm == version
        && match what {
            GotIt::Given => true,
            GotIt::Delivered => unit.delivery >= Delivery::Delivered,
            GotIt::Seen => unit.delivery == Delivery::Seen,
        }
}
