//! Where a file names its columns and arms otherwise than the plan.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

/// Why a mapping cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MappingError {
    /// No equals sign, or nothing on one side of it.
    #[error("\"{0}\" must be NAME=VALUE, such as arm=race")]
    Malformed(String),
    /// One name is mapped twice.
    #[error("\"{0}\" is given twice")]
    Twice(String),
}

/// Where a file names its columns and arms otherwise than the plan.
///
/// ```
/// use fairtrial_analysis::tabular::ColumnMapping;
/// let mapping = ColumnMapping::read(&["arm=race"], &["white-name=white"], &[], true).unwrap();
/// assert_eq!((mapping.column("arm"), mapping.column("call")), ("race", "call"));
/// assert_eq!((mapping.arm("white"), mapping.arm("other")), ("white-name", "other"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMapping {
    columns: BTreeMap<String, String>,
    /// By the file's word.
    arms: BTreeMap<String, String>,
    missing: BTreeSet<String>,
    one_row_per_unit: bool,
}

impl ColumnMapping {
    /// From the options of the command line.
    ///
    /// * `columns` - `NAME=COLUMN`: where the file keeps `unit`, `arm`, `assigned_at`, `cluster`, a stratum or an outcome.
    /// * `arms` - `KEY=WORD`: the file's word for an arm of the plan. A word without one is the arm's key itself.
    /// * `missing` - words for "no value" beside an empty cell; `NA` when none is given.
    /// * `one_row_per_unit` - the file has no column for the unit, and each of its rows is a unit of its own.
    ///
    /// # Errors
    /// For an option that is not `NAME=VALUE`, or is given twice.
    pub fn read<T: AsRef<str>>(
        columns: &[T],
        arms: &[T],
        missing: &[T],
        one_row_per_unit: bool,
    ) -> Result<Self, MappingError> {
        let mut by_word = BTreeMap::new();
        for (key, word) in pairs(arms)? {
            if by_word.insert(word.clone(), key).is_some() {
                return Err(MappingError::Twice(word));
            }
        }
        let missing = if missing.is_empty() {
            BTreeSet::from(["NA".to_owned()])
        } else {
            missing.iter().map(|word| word.as_ref().to_owned()).collect()
        };
        Ok(Self { columns: pairs(columns)?, arms: by_word, missing, one_row_per_unit })
    }

    /// The file's name of a column.
    #[must_use]
    pub fn column<'a>(&'a self, name: &'a str) -> &'a str {
        self.columns.get(name).map_or(name, String::as_str)
    }

    /// The arm's key that a word of the file stands for.
    #[must_use]
    pub fn arm<'a>(&'a self, word: &'a str) -> &'a str {
        self.arms.get(word).map_or(word, String::as_str)
    }

    pub(super) fn names(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    pub(super) fn is_missing(&self, cell: &str) -> bool {
        cell.is_empty() || self.missing.contains(cell)
    }

    pub(super) fn one_row_per_unit(&self) -> bool {
        self.one_row_per_unit
    }
}

fn pairs<T: AsRef<str>>(options: &[T]) -> Result<BTreeMap<String, String>, MappingError> {
    let mut pairs = BTreeMap::new();
    for option in options {
        let option = option.as_ref();
        let (name, value) = option
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()))
            .filter(|(name, value)| !name.is_empty() && !value.is_empty())
            .ok_or_else(|| MappingError::Malformed(option.to_owned()))?;
        if pairs.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(MappingError::Twice(name.to_owned()));
        }
    }
    Ok(pairs)
}
