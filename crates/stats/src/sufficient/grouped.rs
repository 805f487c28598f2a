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
    /// ```
    /// use fairtrial_stats::sufficient::{Binary, Grouped};
    /// let mut offices = Grouped::<Binary>::default();
    /// offices.add("north", &Binary { n: 10, x: 4 }).unwrap();
    /// offices.add("north", &Binary::unit(true)).unwrap();
    /// assert_eq!(offices.get("north"), Some(&Binary { n: 11, x: 5 }));
    /// ```
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
    /// ```
    /// use fairtrial_stats::sufficient::{Binary, Grouped};
    /// let mut offices = Grouped::<Binary>::default();
    /// offices.add("north", &Binary::unit(true)).unwrap();
    /// offices.remove("north", &Binary::unit(true)).unwrap();
    /// // Nobody left is nothing kept; nobody can be taken from there again.
    /// assert_eq!(offices, Grouped::default());
    /// assert!(offices.remove("north", &Binary::unit(true)).is_err());
    /// ```
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
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{Binary, Grouped};
    /// let mut offices = Grouped::<Binary>::default();
    /// offices.add("north", &Binary::unit(true)).unwrap();
    /// assert_eq!((offices.get("north"), offices.get("south")), (Some(&Binary { n: 1, x: 1 }), None));
    /// ```
    #[must_use]
    pub fn get(&self, group: &str) -> Option<&S> {
        self.by.get(group)
    }

    /// The groups in the order of their names.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{Binary, Grouped};
    /// let mut offices = Grouped::<Binary>::default();
    /// for office in ["south", "north", "south"] {
    ///     offices.add(office, &Binary::unit(true)).unwrap();
    /// }
    /// let sizes: Vec<(&str, u64)> = offices.iter().map(|(office, people)| (office, people.n)).collect();
    /// assert_eq!(sizes, [("north", 1), ("south", 2)]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &S)> {
        self.by.iter().map(|(group, summary)| (group.as_str(), summary))
    }

    /// Number of groups with units.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{Binary, Grouped};
    /// let mut offices = Grouped::<Binary>::default();
    /// offices.add("south", &Binary::unit(true)).unwrap();
    /// offices.add("north", &Binary::default()).unwrap();
    /// assert_eq!(offices.groups(), 1);
    /// ```
    #[must_use]
    pub fn groups(&self) -> usize {
        self.by.len()
    }

    /// All groups together.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{Binary, Grouped};
    /// let mut offices = Grouped::<Binary>::default();
    /// offices.add("south", &Binary { n: 10, x: 4 }).unwrap();
    /// offices.add("north", &Binary { n: 5, x: 5 }).unwrap();
    /// assert_eq!(offices.total().unwrap(), Binary { n: 15, x: 9 });
    /// ```
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
