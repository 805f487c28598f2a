//! Attributes as columns of numbers.

use std::collections::BTreeMap;

use fairtrial_domain::{
    Decimal,
    eligibility::{AttributeKind, AttributeValue, Attributes},
    protocol::Protocol,
};
use fairtrial_stats::sufficient::{CoMoments, Moments};

use crate::report::NotEstimable;

/// The values of what is adjusted for, in the order of the plan; absent where nothing was said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Values(Vec<Option<AttributeValue>>);

impl Values {
    /// From the levels of strata or factors, which are texts.
    pub(super) fn from_levels<'a>(
        plan: &Protocol,
        names: &[String],
        level_of: impl Fn(&str) -> Option<&'a str>,
    ) -> Self {
        let value = |name: &String| {
            let level = level_of(name)?;
            let boolean = plan.attributes.iter().any(|a| a.name == *name && a.kind == AttributeKind::Boolean);
            Some(match (boolean, level) {
                (true, "yes" | "true") => AttributeValue::Boolean(true),
                (true, "no" | "false") => AttributeValue::Boolean(false),
                _ => AttributeValue::Category(level.to_owned()),
            })
        };
        Self(names.iter().map(value).collect())
    }

    /// From texts, in the same order.
    pub(super) fn from_texts(plan: &Protocol, names: &[String], texts: &[Option<String>]) -> Self {
        let value = |(name, text): (&String, &Option<String>)| {
            let declared = plan.attributes.iter().find(|attribute| attribute.name == *name)?;
            declared.read_text(text.as_ref()?)
        };
        Self(names.iter().zip(texts).map(value).collect())
    }

    /// From what was said of a person.
    pub(super) fn from_attributes(names: &[String], attributes: &Attributes) -> Self {
        Self(names.iter().map(|name| attributes.get(name).cloned()).collect())
    }

    /// The stratum as a text that no other stratum has.
    pub(super) fn label(&self) -> String {
        let text = |value: &Option<AttributeValue>| match value {
            Some(AttributeValue::Category(level)) => level.clone(),
            Some(AttributeValue::Boolean(yes)) => yes.to_string(),
            Some(AttributeValue::Number(number)) => number.to_string(),
            None => String::new(),
        };
        fairtrial_domain::allocation::label_of(&self.0.iter().map(text).collect::<Vec<_>>())
    }
}

/// How one attribute becomes columns.
#[derive(Debug, Clone, PartialEq)]
enum Columns {
    /// A column of 0 and 1 for each of these values; the value left out is what the others are held against.
    Levels(Vec<AttributeValue>),
    /// The number, with this one where none was said.
    Number { mean: f64 },
}

/// How the attributes become columns: the same for all arms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Encoding(Vec<(Columns, bool)>);

impl Encoding {
    /// The encoding for these values of so many people each.
    pub(super) fn of<'a>(plan: &Protocol, values: impl Iterator<Item = (&'a Values, u64)> + Clone) -> Self {
        let names = &plan.analysis.adjust_for;
        let columns = names.iter().enumerate().map(|(place, name)| {
            let own = || values.clone().map(move |(values, n)| (values.0.get(place).and_then(Option::as_ref), n));
            let some_absent = own().any(|(value, n)| value.is_none() && n > 0);
            let kind = plan.attributes.iter().find(|attribute| attribute.name == *name).map(|found| &found.kind);
            let columns = match kind {
                Some(AttributeKind::Integer { .. } | AttributeKind::Decimal { .. }) => {
                    let said = own().filter_map(|(value, n)| Some((number(value?)?, n as f64)));
                    let (sum, people) = said.fold((0.0, 0.0), |(sum, all), (value, n)| (sum + value * n, all + n));
                    Columns::Number { mean: if people > 0.0 { sum / people } else { 0.0 } }
                }
                Some(AttributeKind::Category { values }) => {
                    Columns::Levels(values.iter().skip(1).cloned().map(AttributeValue::Category).collect())
                }
                Some(AttributeKind::Boolean) | None => Columns::Levels(vec![AttributeValue::Boolean(true)]),
            };
            (columns, some_absent)
        });
        Self(columns.collect())
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        let own = |(columns, absent): &(Columns, bool)| {
            usize::from(*absent)
                + match columns {
                    Columns::Levels(levels) => levels.len(),
                    Columns::Number { .. } => 1,
                }
        };
        self.0.iter().map(own).sum()
    }

    pub(super) fn encode(&self, values: &Values) -> Vec<f64> {
        let mark = |is: bool| if is { 1.0 } else { 0.0 };
        let mut row = Vec::with_capacity(self.width());
        for ((columns, some_absent), value) in self.0.iter().zip(&values.0) {
            match columns {
                Columns::Levels(levels) => {
                    row.extend(levels.iter().map(|level| mark(value.as_ref() == Some(level))));
                }
                Columns::Number { mean } => row.push(value.as_ref().and_then(number).unwrap_or(*mean)),
            }
            if *some_absent {
                row.push(mark(value.is_none()));
            }
        }
        row
    }
}

fn number(value: &AttributeValue) -> Option<f64> {
    match value {
        AttributeValue::Number(number) => Some(Decimal::to_f64(*number)),
        _ => None,
    }
}

/// A cluster's name, the covariates of people who share them, and the moments of their outcome.
pub(super) type Row<'a> = (&'a str, Vec<f64>, Moments);

/// Outcome and covariates of people who were assigned one by one.
pub(super) fn co_moments(rows: &[Row<'_>], width: usize) -> Result<CoMoments, NotEstimable> {
    let n = rows.iter().fold(0_u64, |all, (_, _, moments)| all.saturating_add(moments.n));
    let k = width + 1;
    let variable = |row: &Row<'_>, i: usize| if i == 0 { row.2.mean } else { row.1.get(i - 1).copied().unwrap_or(0.0) };
    let mean = |i: usize| rows.iter().map(|row| row.2.n as f64 * variable(row, i)).sum::<f64>() / n.max(1) as f64;
    let means: Vec<f64> = (0..k).map(mean).collect();
    let mut centred = vec![0.0; k * k];
    for i in 0..k {
        for j in i..k {
            let between = |row: &Row<'_>| {
                row.2.n as f64 * (variable(row, i) - means[i]) * (variable(row, j) - means[j])
                    + if i + j == 0 { row.2.m2 } else { 0.0 }
            };
            let sum: f64 = rows.iter().map(between).sum();
            centred[i * k + j] = sum;
            centred[j * k + i] = sum;
        }
    }
    CoMoments::new(n, means, centred).map_err(|error| NotEstimable::from(&error))
}

/// Mean outcome and mean covariates of each cluster.
pub(super) fn cluster_means(rows: &[Row<'_>]) -> Vec<Vec<f64>> {
    let mut clusters: BTreeMap<&str, (f64, Vec<f64>)> = BTreeMap::new();
    for (cluster, covariates, moments) in rows {
        let n = moments.n as f64;
        let (people, sums) = clusters.entry(cluster).or_insert_with(|| (0.0, vec![0.0; covariates.len() + 1]));
        *people += n;
        for (sum, value) in sums.iter_mut().zip(std::iter::once(&moments.mean).chain(covariates)) {
            *sum += n * value;
        }
    }
    clusters.into_values().map(|(people, sums)| sums.into_iter().map(|sum| sum / people).collect()).collect()
}
