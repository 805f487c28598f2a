//! Reading samples: lists of values or their moments, arms, clusters.

use serde_json::Value;

use super::Arguments;
use crate::StatError;
use crate::sufficient::{CoMoments, Moments};
use crate::survival::Observation;

fn moments(name: &str, value: &Value) -> Result<Moments, StatError> {
    let wrong = || StatError::invalid(name, "must be a list of values or {\"n\", \"mean\", \"variance\"}");
    if let Some(list) = value.as_array() {
        let values: Vec<f64> = list.iter().map(|value| value.as_f64().ok_or_else(wrong)).collect::<Result<_, _>>()?;
        return Moments::of(&values);
    }
    let object = value.as_object().ok_or_else(wrong)?;
    if object.keys().any(|key| !["n", "mean", "variance"].contains(&key.as_str())) {
        return Err(wrong());
    }
    let n = value["n"].as_u64().filter(|n| *n <= 1_000_000_000_000_000_000).ok_or_else(wrong)?;
    let number = |key: &str| value[key].as_f64().filter(|number| number.is_finite());
    let (mean, variance) = (number("mean").ok_or_else(wrong)?, number("variance"));
    match variance {
        Some(variance) => Moments::from_variance(n, mean, variance),
        None if n == 1 => Moments::from_variance(n, mean, 0.0),
        None => Err(wrong()),
    }
}

impl Arguments<'_> {
    /// The moments of one sample, given as values or as moments.
    pub(super) fn sample(&mut self, name: &'static str) -> Result<Moments, StatError> {
        moments(name, self.value(name)?)
    }

    /// The moments of several samples, for example clusters.
    pub(super) fn samples(&mut self, name: &'static str) -> Result<Vec<Moments>, StatError> {
        self.list(name)?.iter().map(|value| moments(name, value)).collect()
    }

    /// Zeros and ones, or false and true.
    pub(super) fn flags(&mut self, name: &'static str) -> Result<Vec<bool>, StatError> {
        self.list(name)?.iter().map(|value| flag(name, value)).collect()
    }

    /// Rows of zeros and ones.
    pub(super) fn flag_rows(&mut self, name: &'static str) -> Result<Vec<Vec<bool>>, StatError> {
        let row = |row: &Value| {
            let row = row.as_array().ok_or_else(|| StatError::invalid(name, "must be a list of lists"))?;
            row.iter().map(|value| flag(name, value)).collect()
        };
        self.list(name)?.iter().map(row).collect()
    }

    /// Whole numbers that name clusters, blocks, strata or periods.
    pub(super) fn groups(&mut self, name: &'static str) -> Result<Vec<usize>, StatError> {
        let whole = |count: u64| usize::try_from(count).map_err(|_| StatError::invalid(name, "is too large"));
        self.counts(name)?.into_iter().map(whole).collect()
    }

    /// The same, or none when not given.
    pub(super) fn optional_groups(&mut self, name: &'static str) -> Result<Option<Vec<usize>>, StatError> {
        if self.has(name) { self.groups(name).map(Some) } else { Ok(None) }
    }

    /// Co-moments of an outcome and further variables of the same units.
    pub(super) fn co_moments(&mut self, outcome: &'static str, others: &'static str) -> Result<CoMoments, StatError> {
        let mut variables = vec![self.numbers(outcome)?];
        let rows = self.list(others)?;
        if rows.first().is_some_and(Value::is_array) {
            variables.extend(self.number_rows(others)?);
        } else {
            variables.push(self.numbers(others)?);
        }
        let borrowed: Vec<&[f64]> = variables.iter().map(Vec::as_slice).collect();
        CoMoments::of(&borrowed)
    }

    /// Times and events of people.
    pub(super) fn observations(&mut self) -> Result<Vec<Observation>, StatError> {
        let (times, events) = (self.numbers("times")?, self.flags("events")?);
        if times.len() != events.len() {
            return Err(StatError::invalid("events", "times and events must have the same length"));
        }
        Ok(times.into_iter().zip(events).map(|(time, event)| Observation { time, event }).collect())
    }
}

fn flag(name: &str, value: &Value) -> Result<bool, StatError> {
    match (value.as_bool(), value.as_u64()) {
        (Some(flag), _) => Ok(flag),
        (_, Some(number @ (0 | 1))) => Ok(number == 1),
        _ => Err(StatError::invalid(name, "every entry must be 0 or 1")),
    }
}

/// Borrowed columns.
pub(super) fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
}
