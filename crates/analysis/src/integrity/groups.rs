//! Do the arms have their planned shares within every group: strata, and whatever else is kept of people, such as a site or a
//! channel? A draw or a source that fails in one office hides in the sum of all.

use fairtrial_stats::special::elementary::exp;
use std::collections::BTreeMap;

use fairtrial_domain::{ProtocolId, projection::LevelCounts, protocol::Allocation};
use fairtrial_stats::sample_ratio;

use super::{gate, ratio, status_of};
use crate::{
    claims::Multiplicity,
    comparison::shown,
    deal::Dealt,
    reading::Reading,
    report::{Gate, GateStatus},
    sample::absence_counts,
};

/// People by group, then by arm.
type Groups = BTreeMap<String, Vec<u64>>;

/// Those assigned, by stratum, or by level of every factor. None where there are no groups, or whole clusters are assigned.
pub(super) fn sample_ratio_by_group(reading: &Reading<'_>) -> Option<Gate> {
    let assigned = by_stratum(reading, |cell| cell.assigned);
    check(reading, "sample_ratio_by_group", "The versions", &assigned)
}

/// Those whose primary outcome arrived, by stratum; none also where an outcome without a record counts as no.
pub(super) fn arrival_by_group(reading: &Reading<'_>) -> Option<Gate> {
    let primary = reading.plan.outcomes.get(reading.primary())?;
    if absence_counts(reading.plan, primary) {
        return None;
    }
    let arrived = by_stratum(reading, |cell| cell.tally.observed.min(cell.mature));
    check(reading, "arrival_by_group", "Those with an outcome", &arrived)
}

/// Those assigned, by every attribute that is kept of people and is no stratum; none where nothing is known of it.
pub(super) fn sample_ratio_by_attribute(reading: &Reading<'_>) -> Option<Gate> {
    let counted = &reading.evidence.by_level;
    // What was frozen before people were counted by level has them one by one, where the plan asked for that.
    let one_by_one = reading.evidence.units.as_ref().filter(|_| counted.is_empty());
    let counted_now = one_by_one.map(|people| people.by_level(reading.plan)).unwrap_or_default();
    let levels = counted.iter().chain(&counted_now);
    let of_level = |of: &LevelCounts| (format!("{}: {}", of.attribute, of.level), of.assigned.clone());
    check(reading, "sample_ratio_by_attribute", "The versions", &levels.map(of_level).collect())
}

fn by_stratum(reading: &Reading<'_>, people: impl Fn(&fairtrial_domain::projection::Cell) -> u64) -> Groups {
    let mut groups = Groups::new();
    let cells = reading.evidence.outcomes.get(reading.primary()).into_iter().flat_map(|outcome| &outcome.cells);
    for cell in cells.filter(|cell| !cell.group.is_empty()) {
        let counts = groups.entry(cell.group.clone()).or_insert_with(|| vec![0; reading.plan.arms.len()]);
        if let Some(count) = counts.get_mut(cell.arm) {
            *count = count.saturating_add(people(cell));
        }
    }
    groups
}

/// The groups share the error by Holm's procedure.
fn check(reading: &Reading<'_>, name: &str, who: &str, groups: &Groups) -> Option<Gate> {
    let by_person = !reading.plan.allocation.is_by_cluster();
    if !by_person || matches!(reading.plan.allocation, Allocation::SteppedWedge { .. }) || groups.len() < 2 {
        return None;
    }
    let p_of = |counts: &Vec<u64>| {
        if counts.iter().all(|count| *count == 0) {
            return None;
        }
        if ratio::again(reading) {
            return ratio::evidence_now(reading, counts).map(|ln_e| exp(-ln_e).min(1.0));
        }
        sample_ratio::test(counts, &ratio::ratio(reading)).ok().and_then(|test| shown(test.p_value))
    };
    let p_values: Vec<Option<f64>> = groups.values().map(p_of).collect();
    let adjusted = Multiplicity::Holm.adjusted(&p_values);
    let worst = groups.keys().zip(adjusted).filter_map(|(group, p)| Some((group, p?)));
    let (group, p) = worst.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let status = status_of(p);
    let detail = match status {
        GateStatus::Green => format!("{who} have the planned shares in all {} groups.", groups.len()),
        _ => format!("{who} do not have the planned shares among \u{201c}{group}\u{201d}."),
    };
    Some(gate(name, status, detail, Some(p.max(f64::MIN_POSITIVE))))
}

/// Whether the arms can have been drawn from the same people, or clusters, by everything that is kept of them together; none where
/// that cannot be asked.
pub(crate) fn baseline_balance(reading: &Reading<'_>, protocol_id: &ProtocolId) -> Option<Gate> {
    let name = "baseline_balance";
    let allocation = &reading.plan.allocation;
    // The site of a stepped wedge is dealt its place in the calendar.
    let (groups, what) = match allocation {
        Allocation::SteppedWedge { .. } => ("sites", "sites of different steps"),
        _ => ("clusters", "versions' clusters"),
    };
    match crate::baseline::together(reading, protocol_id) {
        _ if !reading.evidence.locked => None,
        Dealt::P(p) if allocation.is_by_cluster() => {
            let status = status_of(p);
            let detail = match status {
                GateStatus::Green => format!("The people of the {what} were alike, as far as chance goes."),
                _ => format!(
                    "The people of the {what} were further apart than chance puts them: the draw may not have been one, or who came \
                     was decided by somebody who knew it."
                ),
            };
            Some(gate(name, status, detail, Some(p)))
        }
        Dealt::P(p) => {
            let status = status_of(p);
            let detail = match status {
                GateStatus::Green => "Before the start the versions' people were alike, as far as chance goes.",
                _ => {
                    "Before the start the versions' people were further apart than chance puts them: the draw may not have been one."
                }
            };
            Some(gate(name, status, detail, Some(p)))
        }
        Dealt::TooFew(number) => {
            let detail = format!(
                "With {number} {groups} no difference between their people would stand out from chance, so they are not held against each \
                 other; read the table."
            );
            Some(gate(name, GateStatus::Green, detail, None))
        }
        Dealt::Nothing => None,
    }
}
