use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Sufficient;
use crate::error::StatError;

/// One summary per named group. Groups without units are not kept, so that equal contents are equal values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grouped<S> {
    by: BTreeMap<String, S>,
}

/// One summary per cluster that was assigned as a whole.
pub type Clustered<S> = Grouped<S>;
/// One summary per stratum in which units were assigned separately.
pub type Stratified<S> = Grouped<S>;

impl<S> Default for Grouped<S> {
    fn default() -> Self {
        Self { by: BTreeMap::new() }
    }
}

impl<S: Sufficient> Grouped<S> {
    /// Adds units to one group.
    ///
    /// # Errors
    /// As [`Sufficient::merge`].
    pub fn add(&mut self, group: &str, units: &S) -> Result<(), StatError> {
        match self.by.get_mut(group) {
            Some(present) => present.merge(units),
            None if units.units() == 0 => Ok(()),
            None => {
                self.by.insert(group.to_owned(), units.clone());
                Ok(())
            }
        }
    }

    /// Takes units away from one group.
    ///
    /// # Errors
    /// As [`Sufficient::subtract`]; `InvalidArgument` for a group that has no units.
    pub fn remove(&mut self, group: &str, units: &S) -> Result<(), StatError> {
        if units.units() == 0 {
            return Ok(());
        }
        let present =
            self.by.get_mut(group).ok_or_else(|| StatError::invalid("group", format!("{group} has no units")))?;
        present.subtract(units)?;
        if present.units() == 0 {
            self.by.remove(group);
        }
        Ok(())
    }

    /// The summary of one group; none when it has no units.
    #[must_use]
    pub fn get(&self, group: &str) -> Option<&S> {
        self.by.get(group)
    }

    /// The groups in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &S)> {
        self.by.iter().map(|(group, summary)| (group.as_str(), summary))
    }

    /// Number of groups with units.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.by.len()
    }

    /// All groups together.
    ///
    /// # Errors
    /// As [`Sufficient::merge`].
    pub fn total(&self) -> Result<S, StatError> {
        let mut total = S::default();
        for summary in self.by.values() {
            total.merge(summary)?;
        }
        Ok(total)
    }
}

impl<S: Sufficient> Sufficient for Grouped<S> {
    fn units(&self) -> u64 {
        self.by.values().fold(0, |units, summary| units.saturating_add(summary.units()))
    }

    fn merge(&mut self, other: &Self) -> Result<(), StatError> {
        let mut merged = self.clone();
        for (group, summary) in other.iter() {
            merged.add(group, summary)?;
        }
        *self = merged;
        Ok(())
    }

    fn subtract(&mut self, other: &Self) -> Result<(), StatError> {
        let mut rest = self.clone();
        for (group, summary) in other.iter() {
            rest.remove(group, summary)?;
        }
        *self = rest;
        Ok(())
    }
}
