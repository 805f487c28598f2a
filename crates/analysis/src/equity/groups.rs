//! The people of each declared group, small groups put together.

use std::collections::BTreeMap;

use fairtrial_domain::{
    allocation::levels_of,
    eligibility::{AttributeKind, AttributeValue},
    projection::{Cell, Evidence, Observed, OutcomeEvidence, Tally},
    protocol::{Allocation, Outcome, Protocol},
};

use crate::{
    release::Policy,
    report::NotEstimable,
    sample::{ArmSample, samples},
};

/// A group of people with its samples by arm.
pub(crate) struct Group {
    pub(crate) name: String,
    /// The declared groups that it was put together from; empty for one that stands alone.
    pub(crate) merged: Vec<String>,
    pub(crate) arms: Vec<ArmSample>,
}

/// The groups of an attribute for one outcome, in the order of its values; those that are too small put together along the
/// plan's tree.
pub(crate) fn groups_of(
    plan: &Protocol,
    evidence: &Evidence,
    attribute: &str,
    (place, outcome): (usize, &Outcome),
) -> Result<Vec<Group>, NotEstimable> {
    if matches!(plan.allocation, Allocation::SteppedWedge { .. }) {
        let detail = "in a stepped wedge the versions follow each other in time; groups are not compared across it";
        return Err(NotEstimable::new("changes_over_time", detail));
    }
    let declared = plan.attributes.iter().find(|found| found.name == attribute).map(|found| &found.kind);
    let values = match declared {
        Some(AttributeKind::Category { values }) => values.clone(),
        Some(AttributeKind::Boolean) => vec!["yes".to_owned(), "no".to_owned()],
        _ => return Err(NotEstimable::new("not_recorded", "this attribute has no few values to group by")),
    };
    let cells = cells_by_value(plan, evidence, attribute, (place, outcome))?;
    let alone = |value: &String| (value.clone(), vec![value.clone()]);
    let mut groups: Vec<(String, Vec<String>)> = values.iter().map(alone).collect();
    let sampled = |members: &[String]| {
        let own = together(members.iter().filter_map(|value| cells.get(value)).flatten());
        samples(plan, outcome, &OutcomeEvidence { outcome: outcome.key.clone(), cells: own }, &|_| true)
    };
    // Every step makes a group fewer or renames one along a tree without circles, so this ends.
    while let Some((small, into)) = groups.iter().enumerate().find_map(|(at, (name, members))| {
        is_small(&sampled(members)).then(|| larger(plan, attribute, name)).flatten().map(|into| (at, into))
    }) {
        let joins = |name: &str| name == into || larger(plan, attribute, name).as_deref() == Some(into.as_str());
        let (join, stay): (Vec<_>, Vec<_>) = groups.into_iter().enumerate().partition(|(_, (name, _))| joins(name));
        let members = join.iter().flat_map(|(_, (_, members))| members.clone()).collect();
        let at = join.first().map_or(small, |(at, _)| *at);
        groups = stay.iter().filter(|(place, _)| *place < at).map(|(_, group)| group.clone()).collect();
        groups.push((into, members));
        groups.extend(stay.into_iter().filter(|(place, _)| *place > at).map(|(_, group)| group));
    }
    Ok(groups
        .into_iter()
        .map(|(name, members)| {
            let arms = sampled(&members);
            let merged = if members.len() > 1 { members } else { Vec::new() };
            Group { name, merged, arms }
        })
        .collect())
}

/// One cell for each arm and group of the allocation, so that a cluster whose people are of several values stays one cluster.
fn together<'a>(cells: impl Iterator<Item = &'a Cell>) -> Vec<Cell> {
    let mut sums: BTreeMap<(usize, &str), Cell> = BTreeMap::new();
    for cell in cells {
        match sums.get_mut(&(cell.arm, cell.group.as_str())) {
            Some(sum) => {
                sum.assigned = sum.assigned.saturating_add(cell.assigned);
                sum.mature = sum.mature.saturating_add(cell.mature);
                sum.set_aside = sum.set_aside.saturating_add(cell.set_aside);
                sum.tally.merge(&cell.tally);
            }
            None => drop(sums.insert((cell.arm, &cell.group), cell.clone())),
        }
    }
    sums.into_values().collect()
}

/// Whether an arm has people of the group, and so few that a number about them would be a number about persons.
fn is_small(arms: &[ArmSample]) -> bool {
    let fewest = Policy::default().suppress_below();
    arms.iter().any(|arm| arm.analysed < fewest)
}

/// The larger group that a group belongs to.
fn larger(plan: &Protocol, attribute: &str, group: &str) -> Option<String> {
    let steps = plan.equity.iter().flat_map(|equity| &equity.merge);
    steps.filter(|step| step.attribute == attribute && step.group == group).map(|step| step.into.clone()).next()
}

/// Counts and sums of each value's people: from the groups of the allocation where these hold the attribute, else from the
/// people one by one.
fn cells_by_value(
    plan: &Protocol,
    evidence: &Evidence,
    attribute: &str,
    (place, outcome): (usize, &Outcome),
) -> Result<BTreeMap<String, Vec<Cell>>, NotEstimable> {
    let mut by_value: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    if let Some(level) = plan.allocation.balanced_by().iter().position(|name| name == attribute) {
        let found = evidence.outcomes.get(place).filter(|found| found.outcome == outcome.key);
        for cell in found.into_iter().flat_map(|found| &found.cells) {
            if let Some(value) = levels_of(&cell.group).get(level) {
                by_value.entry(value.clone()).or_default().push(cell.clone());
            }
        }
        return Ok(by_value);
    }
    let people = evidence.units.as_ref().ok_or_else(|| {
        let detail = "the evidence holds sums over people, and not who belongs to which group of this attribute";
        NotEstimable::new("not_recorded", detail)
    })?;
    let mut cells: BTreeMap<(String, usize, usize), Cell> = BTreeMap::new();
    let mut anybody = false;
    for unit in &people.units {
        let value = match unit.attributes.get(attribute) {
            Some(AttributeValue::Category(value)) => value.clone(),
            Some(AttributeValue::Boolean(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
            Some(AttributeValue::Number(_)) | None => continue,
        };
        anybody = true;
        let cell = cells.entry((value, unit.arm, unit.group)).or_insert_with(|| Cell {
            arm: unit.arm,
            group: people.group_of(unit).to_owned(),
            assigned: 0,
            mature: 0,
            set_aside: 0,
            tally: Tally::default(),
        });
        cell.assigned += 1;
        if !unit.counted {
            cell.set_aside += 1;
            continue;
        }
        match unit.outcomes.get(place) {
            Some(Observed::Value(value)) => {
                cell.mature += 1;
                cell.tally.add(*value);
            }
            Some(Observed::Nothing) => cell.mature += 1,
            Some(Observed::TooEarly) | None => {}
        }
    }
    if !anybody {
        return Err(NotEstimable::new("not_recorded", "nobody's value of this attribute was recorded"));
    }
    for ((value, ..), cell) in cells {
        by_value.entry(value).or_default().push(cell);
    }
    Ok(by_value)
}
