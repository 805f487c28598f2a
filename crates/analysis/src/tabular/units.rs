//! A table with one row per unit.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use fairtrial_domain::{
    Decimal, LockedProtocol,
    allocation::label_of,
    eligibility::{Attribute, AttributeKind, AttributeValue, Attributes},
    projection::{
        ArmDay, Cell, Delivery, EventCounts, Evidence, Observed, OutcomeEvidence, Tally, UnitEvidence, UnitRecord,
        matures_at,
    },
    protocol::{GotIt, Outcome, OutcomeKind, Protocol},
};

use super::{Column, ColumnMapping, Faults, Header, Row, TableFault, arm_of};

/// The columns that the plan asks for.
struct Columns {
    unit: Option<Column>,
    arm: Column,
    assigned_at: Option<Column>,
    cluster: Option<Column>,
    strata: Vec<Column>,
    /// What the plan adjusts for, and the groups of its equity check that the file has.
    attributes: Vec<(Attribute, Column)>,
    /// The arm whose version was really given, and how far it came, where the plan asks for those who got it.
    given: Option<Column>,
    delivery: Option<Column>,
    /// In the plan's order.
    outcomes: Vec<Column>,
}

/// One row with its meaning.
struct Unit {
    arm: usize,
    group: String,
    attributes: Attributes,
    given: Option<usize>,
    delivery: Delivery,
    /// Absent when the file has no dates.
    day: Option<NaiveDate>,
    /// In steps, in the plan's order.
    values: Vec<Option<i64>>,
}

/// Evidence from a table with one row per unit.
///
/// An outcome's cell holds the unit's final value in the outcome's unit: 1 or 0 for a binary one, else a number that is
/// a whole multiple of the outcome's step; a cap of the plan is applied. An empty cell (or a word of the mapping) is no
/// value; the plan's missing policy says what that means. `assigned_at` holds dates or RFC 3339 times, and units mature by
/// them at `as_of`. A file without that column is taken to hold people whose follow-up is over: all are mature, and
/// enrolment is put on the plan's last day, because no other is known.
///
/// Rows stand in the order of the assignments; with dates, in that of their days, and within a day as in the file. What the
/// plan adjusts for has a column each: a value of the plan's list, `yes` or `no`, or a number; an empty cell is not known.
///
/// # Errors
/// Every fault of the table, up to [`MOST_FAULTS`](super::MOST_FAULTS).
pub fn evidence_from_units(
    plan: &LockedProtocol,
    header: &[String],
    rows: impl IntoIterator<Item = Row>,
    mapping: &ColumnMapping,
    as_of: DateTime<Utc>,
) -> Result<Evidence, Vec<TableFault>> {
    let protocol = plan.protocol();
    let mut faults = Faults::default();
    let Some(columns) = columns(protocol, &Header { columns: header, mapping }, &mut faults) else {
        return Err(faults.0);
    };
    let mut gathered = Gathered::default();
    let mut seen = HashSet::new();
    for row in rows {
        if faults.full() {
            break;
        }
        if row.cells.len() != header.len() {
            let detail = format!("has {} cells, the header has {}", row.cells.len(), header.len());
            faults.add(Some(row.line), None, "wrong_width", detail);
            continue;
        }
        if let Some(column) = &columns.unit {
            let unit = column.cell(&row);
            if unit.is_empty() {
                faults.add(Some(row.line), Some(&column.name), "missing_unit", "names no unit");
            } else if !seen.insert(unit.to_owned()) {
                faults.add(Some(row.line), Some(&column.name), "duplicate_unit", "this unit stands in an earlier line");
            }
        }
        if let Some(unit) = read(plan, &columns, mapping, &row, as_of, &mut faults) {
            gathered.take(protocol, unit, as_of);
        }
    }
    if gathered.units == 0 && faults.0.is_empty() {
        faults.add(None, None, "no_rows", "the file has no rows under its header");
    }
    faults.or(gathered.evidence(protocol, as_of))
}

fn columns(plan: &Protocol, header: &Header<'_>, faults: &mut Faults) -> Option<Columns> {
    let unit = header.optional("unit", faults);
    if unit.is_none() && !header.mapping.one_row_per_unit() && !header.mapping.names("unit") {
        let detail = "the file has no column for the unit; name it with --column unit=…, or say --one-row-per-unit when \
                      each row is a unit of its own";
        faults.add(Some(1), None, "missing_column", detail);
    }
    let arm = header.needed("arm", faults);
    let assigned_at = header.optional("assigned_at", faults);
    let cluster = if plan.allocation.is_by_cluster() { header.needed("cluster", faults) } else { None };
    let strata: Vec<Option<Column>> =
        plan.allocation.balanced_by().iter().map(|name| header.needed(name, faults)).collect();
    let adjusts = |name: &str| plan.analysis.adjust_for.iter().any(|wanted| wanted == name);
    let groups =
        |name: &str| plan.equity.as_ref().is_some_and(|equity| equity.groups.iter().any(|group| group == name));
    let mut attributes = Vec::new();
    for attribute in &plan.attributes {
        let column = match attribute.name.as_str() {
            name if adjusts(name) => header.needed(name, faults),
            name if groups(name) => header.optional(name, faults),
            _ => None,
        };
        attributes.extend(column.map(|column| (attribute.clone(), column)));
    }
    let (given, delivery) = match plan.analysis.got_it {
        None => (None, None),
        Some(GotIt::Given) => (header.needed("given_arm", faults), None),
        Some(GotIt::Delivered | GotIt::Seen) => {
            (header.optional("given_arm", faults), header.needed("delivery", faults))
        }
    };
    let outcomes: Vec<Option<Column>> =
        plan.outcomes.iter().map(|outcome| header.needed(outcome.key.as_str(), faults)).collect();
    if !faults.0.is_empty() {
        return None;
    }
    let strata = strata.into_iter().collect::<Option<Vec<Column>>>()?;
    let outcomes = outcomes.into_iter().collect::<Option<Vec<Column>>>()?;
    Some(Columns { unit, arm: arm?, assigned_at, cluster, strata, attributes, given, delivery, outcomes })
}

/// Reads every cell before any is missed, so that all faults of a line come out at once.
fn read(
    plan: &LockedProtocol,
    columns: &Columns,
    mapping: &ColumnMapping,
    row: &Row,
    as_of: DateTime<Utc>,
    faults: &mut Faults,
) -> Option<Unit> {
    let protocol = plan.protocol();
    let arm = arm_of(plan, mapping, &columns.arm, row, faults);
    let day = columns.assigned_at.as_ref().map(|column| day(protocol, column, row, as_of, faults));
    let group = group(protocol, columns, row, faults);
    let attributes = attributes(columns, mapping, row, faults);
    let given = columns.given.as_ref().filter(|column| !mapping.is_missing(column.cell(row)));
    let given = given.map(|column| arm_of(plan, mapping, column, row, faults));
    let delivery = delivery(columns, mapping, row, faults);
    let values: Vec<Option<Option<i64>>> = protocol
        .outcomes
        .iter()
        .zip(&columns.outcomes)
        .map(|(outcome, column)| {
            let cell = column.cell(row);
            if mapping.is_missing(cell) {
                return Some(None);
            }
            let value = value(outcome, cell);
            if let Err(detail) = &value {
                faults.add(Some(row.line), Some(&column.name), "value_out_of_range", detail.clone());
            }
            value.ok().map(Some)
        })
        .collect();
    let day = match day {
        None => None,
        Some(day) => Some(day?),
    };
    let given = match given {
        None => None,
        Some(given) => Some(given?).filter(|given| Some(*given) != arm),
    };
    Some(Unit {
        arm: arm?,
        group: group?,
        attributes: attributes?,
        given,
        delivery: delivery?,
        day,
        values: values.into_iter().collect::<Option<Vec<_>>>()?,
    })
}

/// The day in the trial's zone.
fn day(plan: &Protocol, column: &Column, row: &Row, as_of: DateTime<Utc>, faults: &mut Faults) -> Option<NaiveDate> {
    let cell = column.cell(row);
    let as_date = || cell.parse::<NaiveDate>().ok().filter(|_| cell.len() == 10);
    let as_time =
        || DateTime::parse_from_rfc3339(cell).ok().map(|time| time.with_timezone(&plan.time_zone).date_naive());
    let Some(day) = as_date().or_else(as_time) else {
        let detail = format!("\"{cell}\" is neither a date such as 2027-03-01 nor a time such as 2027-03-01T09:30:00Z");
        faults.add(Some(row.line), Some(&column.name), "malformed_time", detail);
        return None;
    };
    if day > as_of.with_timezone(&plan.time_zone).date_naive() {
        faults.add(Some(row.line), Some(&column.name), "time_in_future", format!("{day} lies in the future"));
        return None;
    }
    Some(day)
}

fn group(plan: &Protocol, columns: &Columns, row: &Row, faults: &mut Faults) -> Option<String> {
    if let Some(column) = &columns.cluster {
        let cell = column.cell(row);
        let known = plan.allocation.roster().iter().any(|key| key.as_str() == cell);
        if !known {
            let detail = format!("\"{cell}\" is not on the plan's roster");
            faults.add(Some(row.line), Some(&column.name), "unknown_cluster", detail);
        }
        return known.then(|| cell.to_owned());
    }
    if let Some(column) = columns.strata.iter().find(|column| column.cell(row).is_empty()) {
        faults.add(Some(row.line), Some(&column.name), "missing_attribute", "the trial is balanced by this attribute");
        return None;
    }
    let parts: Vec<&str> = columns.strata.iter().map(|column| column.cell(row)).collect();
    Some(label_of(&parts))
}

/// What the plan adjusts for and groups by; an empty cell is not known.
fn attributes(columns: &Columns, mapping: &ColumnMapping, row: &Row, faults: &mut Faults) -> Option<Attributes> {
    let mut attributes = Attributes::new();
    for (attribute, column) in columns.attributes.iter().filter(|(_, column)| !mapping.is_missing(column.cell(row))) {
        let cell = column.cell(row);
        let read = match &attribute.kind {
            AttributeKind::Boolean => match cell {
                "yes" | "true" | "1" => Ok(AttributeValue::Boolean(true)),
                "no" | "false" | "0" => Ok(AttributeValue::Boolean(false)),
                _ => Err("must be yes or no".to_owned()),
            },
            AttributeKind::Integer { .. } => match cell.parse::<i64>() {
                Ok(number) => attribute.read(&number.into()),
                Err(_) => Err("must be a whole number".to_owned()),
            },
            AttributeKind::Category { .. } | AttributeKind::Decimal { .. } => attribute.read(&cell.into()),
        };
        match read {
            Ok(value) => drop(attributes.insert(attribute.name.clone(), value)),
            Err(detail) => {
                faults.add(
                    Some(row.line),
                    Some(&column.name),
                    "attribute_out_of_range",
                    format!("\"{cell}\" {detail}"),
                );
                return None;
            }
        }
    }
    Some(attributes)
}

/// How far the version came; nothing is known without a word.
fn delivery(columns: &Columns, mapping: &ColumnMapping, row: &Row, faults: &mut Faults) -> Option<Delivery> {
    let column = columns.delivery.as_ref().filter(|column| !mapping.is_missing(column.cell(row)));
    match column.map(|column| (column, column.cell(row))) {
        None => Some(Delivery::Unknown),
        Some((_, "failed" | "returned")) => Some(Delivery::Unknown),
        Some((_, "delivered")) => Some(Delivery::Delivered),
        Some((_, "seen")) => Some(Delivery::Seen),
        Some((column, cell)) => {
            let detail = format!("\"{cell}\" is none of: delivered, seen, failed, returned");
            faults.add(Some(row.line), Some(&column.name), "value_out_of_range", detail);
            None
        }
    }
}

/// A unit's value in steps.
fn value(outcome: &Outcome, cell: &str) -> Result<i64, String> {
    let value: Decimal = cell.parse().map_err(|_| format!("\"{cell}\" is not a number"))?;
    if outcome.kind == OutcomeKind::Binary && value != Decimal::ZERO && value != Decimal::ONE {
        return Err(format!("\"{cell}\" is neither 1 (it happened) nor 0"));
    }
    if outcome.kind == OutcomeKind::Count && value < Decimal::ZERO {
        return Err(format!("\"{cell}\" is below zero"));
    }
    if outcome.kind == OutcomeKind::Rating {
        let below = outcome.minimum.is_some_and(|minimum| value < minimum);
        if below || outcome.maximum.is_some_and(|maximum| value > maximum) {
            return Err(format!("\"{cell}\" lies outside the scale of the plan"));
        }
    }
    let steps = value
        .in_steps_of(outcome.step)
        .ok_or_else(|| format!("\"{cell}\" is no whole multiple of the plan's step of {}", outcome.step))?;
    Ok(outcome.cap_in_steps().map_or(steps, |cap| steps.min(cap)))
}

/// What the rows add up to.
#[derive(Default)]
struct Gathered {
    units: u64,
    values: u64,
    /// The people one by one, where the plan asks for them.
    people: Vec<UnitRecord>,
    groups: Vec<String>,
    group_places: HashMap<String, usize>,
    enrolment: BTreeMap<(NaiveDate, usize), u64>,
    /// By outcome, arm and group.
    cells: BTreeMap<(usize, usize, String), Cell>,
}

impl Gathered {
    fn take(&mut self, plan: &Protocol, unit: Unit, as_of: DateTime<Utc>) {
        self.units += 1;
        let mut outcomes = Vec::with_capacity(unit.values.len());
        *self.enrolment.entry((unit.day.unwrap_or(plan.monitoring.ends_on), unit.arm)).or_default() += 1;
        for (place, (outcome, value)) in plan.outcomes.iter().zip(&unit.values).enumerate() {
            let cell = self.cells.entry((place, unit.arm, unit.group.clone())).or_insert_with(|| Cell {
                arm: unit.arm,
                group: unit.group.clone(),
                assigned: 0,
                mature: 0,
                set_aside: 0,
                tally: Tally::default(),
            });
            cell.assigned += 1;
            let over = |day: NaiveDate| matures_at(day, plan.time_zone, outcome.follow_up_days) <= as_of;
            let mut observed = Observed::TooEarly;
            if unit.day.is_none_or(over) {
                cell.mature += 1;
                observed = Observed::Nothing;
                if let Some(value) = value {
                    cell.tally.add(*value);
                    self.values += 1;
                    observed = Observed::Value(*value);
                }
            }
            outcomes.push(observed);
        }
        if plan.asks_for_units() {
            self.keep(unit, outcomes);
        }
    }

    fn keep(&mut self, unit: Unit, outcomes: Vec<Observed>) {
        let next = self.groups.len();
        let group = *self.group_places.entry(unit.group.clone()).or_insert(next);
        if group == next {
            self.groups.push(unit.group);
        }
        self.people.push(UnitRecord {
            arm: unit.arm,
            group,
            attributes: unit.attributes,
            day: unit.day,
            counted: true,
            given: unit.given,
            delivery: unit.delivery,
            outcomes,
        });
    }

    fn evidence(mut self, plan: &Protocol, as_of: DateTime<Utc>) -> Evidence {
        self.people.sort_by_key(|unit| unit.day);
        let people = UnitEvidence { groups: self.groups, units: self.people };
        let by_level = people.by_level(plan);
        let units = plan.asks_for_units().then_some(people);
        let mut outcomes: Vec<OutcomeEvidence> = plan
            .outcomes
            .iter()
            .map(|outcome| OutcomeEvidence { outcome: outcome.key.clone(), cells: Vec::new() })
            .collect();
        for ((place, _, _), cell) in self.cells {
            if let Some(outcome) = outcomes.get_mut(place) {
                outcome.cells.push(cell);
            }
        }
        let enrolment =
            self.enrolment.into_iter().map(|((day, arm), assigned)| ArmDay { day, arm, assigned }).collect();
        let events = EventCounts { counted: self.values, ..EventCounts::default() };
        Evidence { enrolment, events, units, by_level, ..Evidence::of(as_of, 0, true, outcomes) }
    }
}
