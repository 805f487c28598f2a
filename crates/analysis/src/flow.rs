//! From request to analysis: every request in exactly one place.

use crate::{
    reading::Reading,
    report::{Flow, FlowArm, NotEnrolled},
};

/// The flow of a trial, on its primary outcome.
pub(crate) fn flow(reading: &Reading<'_>) -> Flow {
    let by_cluster = reading.plan.allocation.is_by_cluster();
    let samples = reading.samples.get(reading.primary());
    let arms: Vec<FlowArm> = reading
        .plan
        .arms
        .iter()
        .zip(samples.into_iter().flatten())
        .enumerate()
        .map(|(index, (arm, sample))| FlowArm {
            arm: arm.key.clone(),
            name: arm.name.clone(),
            assigned: sample.assigned,
            clusters: by_cluster.then_some(sample.clusters_assigned),
            not_yet_mature: sample.not_yet_mature(),
            missing: sample.lost(),
            analysed: sample.analysed,
            handling: reading.evidence.handling.get(index).copied(),
        })
        .collect();
    let not_enrolled: Vec<NotEnrolled> = reading
        .evidence
        .not_enrolled
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| NotEnrolled { reason: reason.clone(), count: *count })
        .collect();
    let assigned = arms.iter().fold(0_u64, |sum, arm| sum.saturating_add(arm.assigned));
    let in_transition = reading.evidence.wedge.as_ref().map_or(0, |wedge| wedge.in_transition);
    let enrolled = assigned.saturating_add(in_transition);
    let requests = not_enrolled.iter().fold(enrolled, |sum, turned_away| sum.saturating_add(turned_away.count));
    Flow { requests, not_enrolled, assigned, in_transition, arms }
}
