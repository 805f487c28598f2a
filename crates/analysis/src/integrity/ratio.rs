//! Do the arms have the shares that the plan gives them, when people enter and when their outcomes arrive?

use fairtrial_domain::protocol::Allocation;
use fairtrial_stats::sample_ratio;

use super::{gate, status_of};
use crate::{
    comparison::shown,
    reading::Reading,
    report::{Gate, GateStatus},
    sample::absence_counts,
    words::{grouped, plural},
};

/// The sample-ratio check: exact where the numbers are small. Where whole clusters are assigned, clusters are counted.
///
/// Shares are counted twice: of those assigned, and, where the primary outcome can be missing, of those whose primary
/// outcome arrived, because a source that fails in one version is how a fair draw most often becomes an unfair record. The
/// worse of the two counts.
///
/// It holds for one look. Whoever reads it every day meets a false amber in about one of a hundred days' first looks and
/// a false red in one of a thousand.
pub(super) fn sample_ratio(reading: &Reading<'_>) -> Gate {
    let plan = reading.plan;
    if matches!(plan.allocation, Allocation::SteppedWedge { .. }) {
        let detail =
            "In a stepped wedge the calendar decides how many people meet each version; the plan sets no shares.";
        return gate("sample_ratio", GateStatus::Green, detail, None);
    }
    let by_cluster = plan.allocation.is_by_cluster();
    let primary = reading.samples.get(reading.primary()).map(Vec::as_slice).unwrap_or_default();
    let people = plural(&plan.unit);
    if by_cluster {
        let clusters: Vec<u64> = primary.iter().map(|arm| arm.clusters_assigned).collect();
        return shares(reading, &clusters, "clusters");
    }
    let assigned = shares(reading, &reading.evidence.assigned(plan.arms.len()), &people);
    let can_miss = plan.outcomes.get(reading.primary()).is_some_and(|outcome| !absence_counts(plan, outcome));
    if !can_miss {
        return assigned;
    }
    let arrived: Vec<u64> = primary.iter().map(|arm| arm.analysed).collect();
    let arrived = shares(reading, &arrived, &format!("{people} with an outcome"));
    if arrived.status > assigned.status { arrived } else { assigned }
}

fn shares(reading: &Reading<'_>, observed: &[u64], what: &str) -> Gate {
    let plan = reading.plan;
    let ratio: Vec<u64> = plan.ratio().iter().map(|share| u64::from(*share)).collect();
    if observed.iter().all(|count| *count == 0) {
        return gate("sample_ratio", GateStatus::Green, format!("There are no {what} yet."), None);
    }
    let test = match sample_ratio::test(observed, &ratio) {
        Ok(test) => test,
        Err(error) => {
            return gate("sample_ratio", GateStatus::Amber, format!("The shares could not be checked: {error}."), None);
        }
    };
    let status = status_of(test.p_value.p());
    let names = |index: usize| plan.arms.get(index).map_or("", |arm| arm.name.as_str());
    let most = observed
        .iter()
        .zip(&test.expected)
        .map(|(count, expected)| (*count as f64 - expected) / expected.max(1.0).sqrt())
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(index, _)| index);
    let (count, expected) =
        (observed.get(most).copied().unwrap_or(0), test.expected.get(most).copied().unwrap_or(0.0).round());
    let detail = match status {
        GateStatus::Green => {
            let counts: Vec<String> = observed.iter().map(|count| grouped(*count)).collect();
            format!("The versions have the planned shares: {} {what}.", counts.join(", "))
        }
        GateStatus::Amber => format!(
            "More {what} than expected were recorded in \u{201c}{}\u{201d} ({}, planned for {}).",
            names(most),
            grouped(count),
            grouped(expected as u64)
        ),
        GateStatus::Red => format!(
            "Far more {what} were recorded in \u{201c}{}\u{201d} ({}) than planned for ({}).",
            names(most),
            grouped(count),
            grouped(expected as u64)
        ),
    };
    gate("sample_ratio", status, detail, shown(test.p_value))
}
