//! How the answer came together: the primary outcome over the days on which people came in.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use fairtrial_domain::{
    projection::DayTally,
    protocol::{Allocation, OutcomeKind, Role},
};

use crate::{
    reading::Reading,
    report::{CourseArm, CoursePoint, CourseReport},
    sample::absence_counts,
};

/// Most points that a report keeps: more days are put together, so that a report does not grow with its trial.
const MOST_POINTS: usize = 60;

/// The share of people for whom a yes-or-no primary outcome happened, of all who had come in until a day.
///
/// None before the data are locked, for other kinds of outcome, for whole clusters and stepped wedges, whose people came in
/// by site, and where everybody came in on one day.
pub(crate) fn course(reading: &Reading<'_>) -> Option<CourseReport> {
    let (plan, evidence) = (reading.plan, reading.evidence);
    let outcome = plan.outcomes.iter().find(|outcome| outcome.role == Role::Primary)?;
    let told = evidence.locked
        && outcome.kind == OutcomeKind::Binary
        && !plan.allocation.is_by_cluster()
        && !matches!(plan.allocation, Allocation::SteppedWedge { .. });
    if !told {
        return None;
    }
    let mut days: BTreeMap<NaiveDate, Vec<&DayTally>> = BTreeMap::new();
    for cell in &evidence.by_day {
        days.entry(cell.day).or_default().push(cell);
    }
    let mut sums = vec![(0_u64, 0_u64); plan.arms.len()];
    let mut points = Vec::new();
    for (until, cells) in days {
        for cell in cells {
            let Some((analysed, events)) = sums.get_mut(cell.arm) else { continue };
            let with_value = match absence_counts(plan, outcome) {
                true => cell.mature,
                false => cell.tally.observed.min(cell.mature),
            };
            *analysed = analysed.saturating_add(with_value);
            *events = events.saturating_add(u64::try_from(cell.tally.sum).unwrap_or(0));
        }
        let arm = |(arm, (analysed, events)): (&fairtrial_domain::protocol::Arm, &(u64, u64))| CourseArm {
            arm: arm.key.clone(),
            analysed: *analysed,
            events: *events,
        };
        points.push(CoursePoint { until, arms: plan.arms.iter().zip(&sums).map(arm).collect() });
    }
    let points = thinned(points);
    (points.len() > 1).then(|| CourseReport { outcome: outcome.key.clone(), points })
}

/// An even selection with the last.
fn thinned(points: Vec<CoursePoint>) -> Vec<CoursePoint> {
    let stride = points.len().div_ceil(MOST_POINTS).max(1);
    let mut kept: Vec<CoursePoint> = points.into_iter().rev().step_by(stride).collect();
    kept.reverse();
    kept
}
