//! Do the arms have the shares that the plan gives them, when people enter and when their outcomes arrive?

use std::collections::BTreeMap;

use chrono::NaiveDate;
use fairtrial_domain::protocol::Allocation;
use fairtrial_stats::{
    PValue,
    sample_ratio::{self, SequentialRatio, mixture_ln_e},
};

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
/// While people are in the trial, and where looks were held, the check is read again and again: then it goes by evidence whose
/// error rate holds at all readings together, the largest of all days for those assigned. A trial that is read once, when its
/// data are locked, is tested once, with more power.
pub(super) fn sample_ratio(reading: &Reading<'_>) -> Gate {
    let plan = reading.plan;
    if matches!(plan.allocation, Allocation::SteppedWedge { .. }) {
        let detail =
            "In a stepped wedge the calendar decides how many people meet each version; the plan sets no shares.";
        return gate("sample_ratio", GateStatus::Green, detail, None);
    }
    let by_cluster = plan.allocation.is_by_cluster();
    let again = again(reading);
    let primary = reading.samples.get(reading.primary()).map(Vec::as_slice).unwrap_or_default();
    let people = plural(&plan.unit);
    if by_cluster {
        let clusters: Vec<u64> = primary.iter().map(|arm| arm.clusters_assigned).collect();
        return shares(reading, &clusters, "clusters", None);
    }
    let day_by_day = again.then(|| over_all_days(reading)).flatten();
    let assigned = shares(reading, &reading.evidence.assigned(plan.arms.len()), &people, day_by_day);
    let can_miss = plan.outcomes.get(reading.primary()).is_some_and(|outcome| !absence_counts(plan, outcome));
    if !can_miss {
        return assigned;
    }
    let arrived: Vec<u64> = primary.iter().map(|arm| arm.analysed).collect();
    let so_far = again.then(|| evidence_now(reading, &arrived)).flatten();
    let arrived = shares(reading, &arrived, &format!("{people} with an outcome"), so_far);
    if arrived.status > assigned.status { arrived } else { assigned }
}

/// ln of the largest evidence against the planned shares on any day so far.
fn over_all_days(reading: &Reading<'_>) -> Option<f64> {
    let mut days: BTreeMap<NaiveDate, Vec<u64>> = BTreeMap::new();
    for enrolled in &reading.evidence.enrolment {
        let counts = days.entry(enrolled.day).or_insert_with(|| vec![0; reading.plan.arms.len()]);
        if let Some(count) = counts.get_mut(enrolled.arm) {
            *count = count.saturating_add(enrolled.assigned);
        }
    }
    let mut sequence = SequentialRatio::new(&ratio(reading)).ok()?;
    for counts in days.values() {
        sequence.add(counts).ok()?;
    }
    Some(sequence.ln_e_max())
}

/// Whether the checks are read again and again: while people are in the trial, and where looks were held.
pub(super) fn again(reading: &Reading<'_>) -> bool {
    !reading.evidence.locked || !reading.evidence.looks.is_empty()
}

/// ln of the evidence against the planned shares in these counts: of those whose outcomes arrived, the days are not known.
pub(super) fn evidence_now(reading: &Reading<'_>, observed: &[u64]) -> Option<f64> {
    let shares: Vec<f64> = ratio(reading).iter().map(|share| *share as f64).collect();
    let all: f64 = shares.iter().sum();
    let shares: Vec<f64> = shares.iter().map(|share| share / all).collect();
    mixture_ln_e(observed, &shares).ok()
}

pub(super) fn ratio(reading: &Reading<'_>) -> Vec<u64> {
    reading.plan.ratio().iter().map(|share| u64::from(*share)).collect()
}

/// `ln_e` is evidence that may be read at every moment; without it, the counts are tested once.
fn shares(reading: &Reading<'_>, observed: &[u64], what: &str, ln_e: Option<f64>) -> Gate {
    let plan = reading.plan;
    let ratio = ratio(reading);
    if observed.iter().all(|count| *count == 0) {
        return gate("sample_ratio", GateStatus::Green, format!("There are no {what} yet."), None);
    }
    let test = match sample_ratio::test(observed, &ratio) {
        Ok(test) => test,
        Err(error) => {
            return gate("sample_ratio", GateStatus::Amber, format!("The shares could not be checked: {error}."), None);
        }
    };
    let p_value = match ln_e {
        Some(_) if test.impossible => test.p_value,
        Some(ln_e) => PValue::from_ln((-ln_e).min(0.0)),
        None => test.p_value,
    };
    let status = status_of(p_value.p());
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
    gate("sample_ratio", status, detail, shown(p_value))
}
