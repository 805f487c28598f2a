//! How the answer came together, in released numbers.

use chrono::NaiveDate;
use fairtrial_domain::{ArmKey, protocol::Protocol};
use serde::Serialize;

use super::{Count, Policy, ReleaseKey, ReleasedReport, arm::place, count::Rounder};
use crate::{
    Report,
    report::{CoursePoint, VerdictKind},
};

/// The share of people for whom the primary outcome happened, of all who had come in until a day, from released counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReleasedCourse {
    /// The outcome's name for people.
    pub outcome: String,
    /// In the order of time.
    pub points: Vec<ReleasedPoint>,
}

/// All who had come in until the end of a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasedPoint {
    /// The day.
    pub until: NaiveDate,
    /// The arms in the plan's order.
    pub arms: Vec<ReleasedCourseArm>,
}

/// One arm's people until then.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleasedCourseArm {
    /// Which arm.
    pub arm: ArmKey,
    /// People counted.
    pub analysed: Count,
    /// People for whom it happened.
    pub events: Count,
    /// The share, from these two.
    pub share: f64,
}

/// Most points that are shown: more would tell more and be read no better.
const MOST_POINTS: usize = 16;

/// The course of a trial for people of the agency, beside its released report.
///
/// Days are put together until in every arm so many people came in between two points that neither those with the outcome nor
/// those without it are few: no difference between two points is a small number. None where the released report hides the
/// outcome of an arm, where the trial cannot be read, and where fewer than two such points remain.
#[must_use]
pub fn release_course(
    plan: &Protocol,
    report: &Report,
    released: &ReleasedReport,
    key: &ReleaseKey,
) -> Option<ReleasedCourse> {
    let course = report.course.as_ref().filter(|_| report.locked && report.verdict.kind != VerdictKind::Invalid)?;
    let outcome = released.outcomes.iter().find(|outcome| outcome.outcome == course.outcome)?;
    let policy = released.policy;
    if plan.key != report.trial || outcome.arms.iter().any(|arm| arm.events.value().is_none() || arm.mean.is_none()) {
        return None;
    }
    let rounder = Rounder { key, trial: &report.trial, policy };
    let points: Option<Vec<ReleasedPoint>> =
        coarse(&course.points, policy).into_iter().map(|point| shown(point, rounder)).collect();
    let points = points.filter(|points| points.len() > 1)?;
    Some(ReleasedCourse { outcome: outcome.name.clone(), points })
}

/// The points between which enough people came in; the last holds everybody.
fn coarse(points: &[CoursePoint], policy: Policy) -> Vec<&CoursePoint> {
    let mut kept: Vec<&CoursePoint> = Vec::new();
    for point in points {
        if enough(kept.last().copied(), point, policy) {
            kept.push(point);
        }
    }
    let stride = kept.len().div_ceil(MOST_POINTS).max(1);
    let mut kept: Vec<&CoursePoint> = kept.into_iter().rev().step_by(stride).collect();
    kept.reverse();
    // Whoever came after the last of them belongs to it: the end takes its place.
    if let (Some(end), Some(last)) = (points.last(), kept.last_mut()) {
        *last = end;
    }
    kept
}

fn enough(before: Option<&CoursePoint>, point: &CoursePoint, policy: Policy) -> bool {
    point.arms.iter().enumerate().all(|(place, arm)| {
        let (analysed, events) =
            before.and_then(|point| point.arms.get(place)).map_or((0, 0), |arm| (arm.analysed, arm.events));
        let (people, with) = (arm.analysed.saturating_sub(analysed), arm.events.saturating_sub(events));
        people >= policy.sums_below()
            && with >= policy.suppress_below()
            && people.saturating_sub(with) >= policy.suppress_below()
    })
}

fn shown(point: &CoursePoint, rounder: Rounder<'_>) -> Option<ReleasedPoint> {
    let arm = |arm: &crate::report::CourseArm| {
        let place = place(&arm.arm);
        let analysed = rounder.count(&place, arm.analysed);
        let events = rounder.events(&place, arm.analysed, Some(arm.events));
        let share = events.value()? as f64 / analysed.value()?.max(1) as f64;
        Some(ReleasedCourseArm { arm: arm.arm.clone(), analysed, events, share: share.min(1.0) })
    };
    let arms: Option<Vec<_>> = point.arms.iter().map(arm).collect();
    Some(ReleasedPoint { until: point.until, arms: arms? })
}
