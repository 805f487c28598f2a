//! What the arms were like before the start: a table to read, and one check of the draw.
//!
//! Chance makes arms differ a little in everything, so no row is tested by itself and nothing is adjusted for because of it. One test
//! over all rows together asks whether the draw can have been a draw.

use fairtrial_domain::{
    Decimal, ProtocolId,
    eligibility::{AttributeKind, AttributeValue},
    projection::{UnitEvidence, UnitRecord},
    protocol::{Allocation, Protocol},
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use sha2::{Digest, Sha256};

use crate::{
    comparison::finite,
    deal::{self, Cluster, Dealt},
    reading::Reading,
    report::{BaselineArm, BaselineRow},
};

/// Times that the versions are dealt out again among the people.
const DEALS: u32 = 1_999;
/// Most people times columns that are gone through so often; beyond, the check is left out.
const MOST_CELLS: usize = 200_000;

/// One column: an attribute, or one of its levels, by person; none where it was not said.
struct Column {
    attribute: String,
    level: Option<String>,
    values: Vec<Option<f64>>,
}

/// The rows of the table. Empty before the data are locked, and where the people are not at hand one by one.
pub(crate) fn baseline(reading: &Reading<'_>) -> Vec<BaselineRow> {
    let (plan, Some(people), true) = (reading.plan, &reading.evidence.units, reading.evidence.locked) else {
        return Vec::new();
    };
    let arms = plan.arms.len();
    columns(plan, people, &|_| true).iter().filter_map(|column| row(plan, people, column, arms)).collect()
}

fn row(plan: &Protocol, people: &UnitEvidence, column: &Column, arms: usize) -> Option<BaselineRow> {
    let mut sums = vec![(0_u64, 0.0, 0.0); arms];
    for (unit, value) in people.units.iter().zip(&column.values) {
        if let (Some(value), Some((n, sum, squares))) = (value, sums.get_mut(unit.arm)) {
            (*n, *sum, *squares) = (*n + 1, *sum + value, *squares + value * value);
        }
    }
    if sums.iter().all(|(n, ..)| *n == 0) {
        return None;
    }
    let moments = |(n, sum, squares): &(u64, f64, f64)| {
        let mean = sum / *n as f64;
        (mean, (squares / *n as f64 - mean * mean).max(0.0))
    };
    let control = sums.get(plan.control_index()).map(moments);
    let arm = |(place, sums): (usize, &(u64, f64, f64))| {
        let (mean, variance) = moments(sums);
        let from = control.filter(|_| place != plan.control_index());
        let differs = from.map(|(other, spread)| (mean - other) / (0.5 * (variance + spread)).sqrt());
        Some(BaselineArm {
            arm: plan.arms.get(place)?.key.clone(),
            known: sums.0,
            mean: finite(mean),
            standardised_difference: differs.and_then(finite),
        })
    };
    let arms = sums.iter().enumerate().filter_map(arm).collect();
    Some(BaselineRow { attribute: column.attribute.clone(), level: column.level.clone(), arms })
}

/// The columns of the attributes that are wanted, in the plan's order; those of which nothing was ever said are left out.
fn columns(plan: &Protocol, people: &UnitEvidence, wanted: &impl Fn(&str) -> bool) -> Vec<Column> {
    let mut columns = Vec::new();
    for attribute in plan.attributes.iter().filter(|attribute| wanted(&attribute.name)) {
        let name = &attribute.name;
        if !people.units.iter().any(|unit| unit.attributes.contains_key(name)) {
            continue;
        }
        let column = |level: Option<&str>, of: &dyn Fn(&AttributeValue) -> Option<f64>| {
            let value = |unit: &UnitRecord| unit.attributes.get(name).and_then(of);
            Column {
                attribute: name.clone(),
                level: level.map(str::to_owned),
                values: people.units.iter().map(value).collect(),
            }
        };
        let mark = |is: bool| Some(if is { 1.0 } else { 0.0 });
        match &attribute.kind {
            AttributeKind::Category { values } => columns.extend(values.iter().map(|level| {
                column(Some(level), &|value| match value {
                    AttributeValue::Category(own) => mark(own == level),
                    _ => None,
                })
            })),
            AttributeKind::Boolean => columns.push(column(Some("yes"), &|value| match value {
                AttributeValue::Boolean(yes) => mark(*yes),
                _ => None,
            })),
            AttributeKind::Integer { .. } | AttributeKind::Decimal { .. } => {
                columns.push(column(None, &|value| match value {
                    AttributeValue::Number(number) => Some(Decimal::to_f64(*number)),
                    _ => None,
                }));
            }
        }
    }
    columns
}

/// Whether the arms can have been drawn from the same people, by everything that is kept of them and that the allocation does not
/// balance: the share of deals, the true one among them, whose arms are at least as far apart. Nothing where nothing is kept of
/// people, or they are too many.
///
/// How far apart is the sum over the columns of the arms' squared distances from the average, each in the column's own variance. Who
/// is dealt is decided within strata where the allocation has them, so that it is a deal that could have been (Hansen and Bowers
/// 2008, Statistical Science 23:219-236, with a permutation in the place of their approximation). Where whole clusters are assigned,
/// the versions are dealt among them, and in a stepped wedge the places in its calendar.
pub(crate) fn together(reading: &Reading<'_>, protocol_id: &ProtocolId) -> Dealt {
    let Some(people) = &reading.evidence.units else { return Dealt::Nothing };
    let dealt = match reading.plan.allocation.is_by_cluster() {
        true => among_clusters(reading, people, protocol_id),
        false => among_people(reading.plan, people, protocol_id).map(Dealt::P),
    };
    dealt.unwrap_or(Dealt::Nothing)
}

fn among_clusters(reading: &Reading<'_>, people: &UnitEvidence, protocol_id: &ProtocolId) -> Option<Dealt> {
    let days = reading.evidence.wedge.as_ref().map(|wedge| {
        let mut days: Vec<_> = wedge.crossings.iter().map(|(_, first, _)| *first).collect();
        days.sort_unstable();
        days.dedup();
        (&wedge.crossings, days)
    });
    let label = |unit: &UnitRecord| match &days {
        None => Some(unit.arm),
        Some((crossings, days)) => {
            let site = people.group_of(unit);
            let (_, first, _) = crossings.iter().find(|(name, ..)| name == site)?;
            days.binary_search(first).ok()
        }
    };
    // A cluster whose people have two labels is a fault that other checks name.
    let mut of_groups: Vec<Option<Cluster>> = vec![None; people.groups.len()];
    for unit in &people.units {
        let place = of_groups.get_mut(unit.group)?;
        match place {
            None => *place = Some(Cluster { label: label(unit)?, people: 1 }),
            Some(cluster) if days.is_some() || cluster.label == unit.arm => cluster.people += 1,
            Some(_) => return None,
        }
    }
    let columns = columns(reading.plan, people, &|_| true);
    let totals = columns.iter().filter_map(|column| centred(&column.values)).map(|values| {
        let mut totals = vec![0.0; people.groups.len()];
        for (unit, value) in people.units.iter().zip(values) {
            totals.iter_mut().skip(unit.group).take(1).for_each(|total| *total += value);
        }
        totals.into_iter().zip(&of_groups).filter_map(|(total, of)| of.map(|_| total)).collect()
    });
    let totals: Vec<Vec<f64>> = totals.collect();
    let clusters: Vec<Cluster> = of_groups.iter().flatten().copied().collect();
    Some(deal::again(&clusters, &totals, &format!("baseline/{protocol_id}")))
}

fn among_people(plan: &Protocol, people: &UnitEvidence, protocol_id: &ProtocolId) -> Option<f64> {
    let balanced = plan.allocation.balanced_by();
    let columns = columns(plan, people, &|name| !balanced.iter().any(|balanced| balanced == name));
    let columns: Vec<Vec<f64>> = columns.iter().filter_map(|column| centred(&column.values)).collect();
    let (n, arms) = (people.units.len(), plan.arms.len());
    if columns.is_empty() || n.saturating_mul(columns.len()) > MOST_CELLS {
        return None;
    }
    let in_blocks = matches!(plan.allocation, Allocation::PermutedBlocks { .. });
    let mut decks: Vec<Vec<usize>> = vec![Vec::new(); if in_blocks { people.groups.len().max(1) } else { 1 }];
    for (number, unit) in people.units.iter().enumerate() {
        decks.get_mut(if in_blocks { unit.group } else { 0 })?.push(number);
    }
    let mut dealt: Vec<usize> = people.units.iter().map(|unit| unit.arm).collect();
    let mut sizes = vec![0.0_f64; arms];
    dealt.iter().for_each(|arm| sizes.iter_mut().skip(*arm).take(1).for_each(|size| *size += 1.0));
    let own = apart(&columns, &dealt, &sizes);
    let seed: [u8; 32] = Sha256::digest(format!("fairtrial/1/baseline/{protocol_id}")).into();
    let mut random = ChaCha8Rng::from_seed(seed);
    let mut as_far = 0_u32;
    for _ in 0..DEALS {
        for deck in &decks {
            for last in (1..deck.len()).rev() {
                let other = ((u64::from(random.next_u32()) * (last as u64 + 1)) >> 32) as usize;
                if let (Some(one), Some(two)) = (deck.get(last), deck.get(other)) {
                    dealt.swap(*one, *two);
                }
            }
        }
        as_far += u32::from(apart(&columns, &dealt, &sizes) >= own * (1.0 - 1e-9));
    }
    Some(f64::from(as_far + 1) / f64::from(DEALS + 1))
}

/// A column with mean 0 and variance 1, those of whom it is not said at its mean; none where nothing varies.
fn centred(values: &[Option<f64>]) -> Option<Vec<f64>> {
    let said: Vec<f64> = values.iter().flatten().copied().collect();
    let n = said.len() as f64;
    let mean = said.iter().sum::<f64>() / n;
    let variance = said.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    (variance > 1e-12 * mean.abs().max(1.0)).then(|| {
        let sd = variance.sqrt();
        values.iter().map(|value| value.map_or(0.0, |value| (value - mean) / sd)).collect()
    })
}

/// How far apart the arms are.
fn apart(columns: &[Vec<f64>], dealt: &[usize], sizes: &[f64]) -> f64 {
    let mut sums = vec![0.0_f64; sizes.len()];
    let of = |column: &Vec<f64>| {
        sums.fill(0.0);
        for (value, arm) in column.iter().zip(dealt) {
            if let Some(sum) = sums.get_mut(*arm) {
                *sum += value;
            }
        }
        sums.iter().zip(sizes).map(|(sum, size)| if *size > 0.0 { sum * sum / size } else { 0.0 }).sum::<f64>()
    };
    columns.iter().map(of).sum()
}
