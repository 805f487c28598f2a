//! A table with counts per arm: what a published trial usually gives.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fairtrial_domain::{
    LockedProtocol,
    projection::{ArmDay, Cell, EventCounts, Evidence, OutcomeEvidence, Tally},
    protocol::OutcomeKind,
};

use super::{Column, ColumnMapping, Faults, Header, Row, TableFault, arm_of};

/// Units and events, by place of the outcome and of the arm.
type Counts = BTreeMap<(usize, usize), (u64, u64)>;

/// Evidence from counts per arm: columns `arm`, `units`, `events`, and `outcome` when the plan has more than one.
///
/// Binary outcomes only; every arm once for every outcome, with the same number of units; not for clusters, whose spread
/// is not in such a table. All units are mature and none is missing. Enrolment is put on the plan's last day, because no
/// other is known.
///
/// # Errors
/// Every fault of the table, up to [`MOST_FAULTS`](super::MOST_FAULTS).
pub fn evidence_from_counts(
    plan: &LockedProtocol,
    header: &[String],
    rows: impl IntoIterator<Item = Row>,
    mapping: &ColumnMapping,
    as_of: DateTime<Utc>,
) -> Result<Evidence, Vec<TableFault>> {
    let protocol = plan.protocol();
    let mut faults = Faults::default();
    if protocol.allocation.is_by_cluster() {
        let detail = "the plan assigns whole clusters: counts per arm do not show how clusters differ; use one row per \
                      unit";
        faults.add(None, None, "clusters_need_units", detail);
    }
    for outcome in protocol.outcomes.iter().filter(|outcome| outcome.kind != OutcomeKind::Binary) {
        let detail =
            format!("{} is not binary: counts per arm do not show how it spreads; use one row per unit", outcome.key);
        faults.add(None, None, "not_binary", detail);
    }
    let columns = Header { columns: header, mapping };
    let arm = columns.needed("arm", &mut faults);
    let units = columns.needed("units", &mut faults);
    let events = columns.needed("events", &mut faults);
    let several = protocol.outcomes.len() > 1;
    let outcome = if several { columns.needed("outcome", &mut faults) } else { None };
    let (Some(arm), Some(units), Some(events), true) = (arm, units, events, faults.0.is_empty()) else {
        return Err(faults.0);
    };
    let mut counts = Counts::new();
    for row in rows {
        if faults.full() {
            break;
        }
        let place = match &outcome {
            None => Some(0),
            Some(column) => outcome_of(plan, column, &row, &mut faults),
        };
        let arm_place = arm_of(plan, mapping, &arm, &row, &mut faults);
        let (people, happened) = (number(&units, &row, &mut faults), number(&events, &row, &mut faults));
        let (Some(place), Some(arm_place), Some(people), Some(happened)) = (place, arm_place, people, happened) else {
            continue;
        };
        if happened > people {
            faults.add(Some(row.line), Some(&events.name), "value_out_of_range", "more events than units");
        }
        if counts.insert((place, arm_place), (people, happened)).is_some() {
            faults.add(Some(row.line), Some(&arm.name), "not_unique", "this arm stands in an earlier line");
        }
    }
    check_whole(plan, &counts, &mut faults);
    faults.or(evidence(plan, &counts, as_of))
}

fn outcome_of(plan: &LockedProtocol, column: &Column, row: &Row, faults: &mut Faults) -> Option<usize> {
    let cell = column.cell(row);
    let place = plan.protocol().outcomes.iter().position(|outcome| outcome.key.as_str() == cell);
    if place.is_none() {
        faults.add(Some(row.line), Some(&column.name), "unknown_outcome", format!("no outcome has the key \"{cell}\""));
    }
    place
}

fn number(column: &Column, row: &Row, faults: &mut Faults) -> Option<u64> {
    let cell = column.cell(row);
    let number = cell.parse().ok().filter(|number| *number <= 1_000_000_000_000_u64);
    if number.is_none() {
        let detail = format!("\"{cell}\" is not a whole number of units");
        faults.add(Some(row.line), Some(&column.name), "value_out_of_range", detail);
    }
    number
}

/// Every arm for every outcome, with the same units throughout.
fn check_whole(plan: &LockedProtocol, counts: &Counts, faults: &mut Faults) {
    if !faults.0.is_empty() {
        return;
    }
    let protocol = plan.protocol();
    for (place, outcome) in protocol.outcomes.iter().enumerate() {
        for (arm_place, arm) in protocol.arms.iter().enumerate() {
            match (counts.get(&(place, arm_place)), counts.get(&(0, arm_place))) {
                (None, _) => {
                    let detail = format!("the file has no line for arm {} and outcome {}", arm.key, outcome.key);
                    faults.add(None, None, "missing_arm", detail);
                }
                (Some((people, _)), Some((first, _))) if people != first => {
                    let detail = format!(
                        "arm {} has {people} units for outcome {}, {first} for the first",
                        arm.key, outcome.key
                    );
                    faults.add(None, None, "unequal_units", detail);
                }
                _ => {}
            }
        }
    }
}

fn evidence(plan: &LockedProtocol, counts: &Counts, as_of: DateTime<Utc>) -> Evidence {
    let protocol = plan.protocol();
    let arms = 0..protocol.arms.len();
    let count = |place: usize, arm: usize| counts.get(&(place, arm)).copied().unwrap_or((0, 0));
    let cell = |place: usize, arm: usize| {
        let (people, happened) = count(place, arm);
        let tally = Tally { observed: people, sum: happened.into(), sum_of_squares: happened.into() };
        Cell { arm, group: String::new(), assigned: people, mature: people, set_aside: 0, tally }
    };
    let outcomes = protocol.outcomes.iter().enumerate().map(|(place, outcome)| OutcomeEvidence {
        outcome: outcome.key.clone(),
        cells: arms.clone().map(|arm| cell(place, arm)).collect(),
    });
    let day = protocol.monitoring.ends_on;
    let enrolment = arms.clone().map(|arm| ArmDay { day, arm, assigned: count(0, arm).0 }).collect();
    let counted = counts.values().fold(0_u64, |sum, (_, happened)| sum.saturating_add(*happened));
    let events = EventCounts { counted, ..EventCounts::default() };
    Evidence { enrolment, events, ..Evidence::of(as_of, 0, true, outcomes.collect()) }
}
