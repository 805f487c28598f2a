//! Evidence from a table that somebody already has, without a server: one row per unit, or counts per arm.
//!
//! Reading the file is the caller's; here its cells get their meaning, or a fault with line and column. A table is taken
//! whole or not at all. It is complete by nature, so its evidence is locked.
//!
//! Columns are found by name: `unit`, `arm`, `assigned_at`, `cluster`, the strata of the plan, and one for each outcome;
//! a [`ColumnMapping`] says where a file names them otherwise. Other columns are not looked at.

mod counts;
mod mapping;
mod units;

use std::fmt;

use chrono::{DateTime, Utc};
use fairtrial_domain::{LockedProtocol, projection::Evidence};

pub use counts::evidence_from_counts;
pub use mapping::{ColumnMapping, MappingError};
pub use units::evidence_from_units;

/// Most faults that are listed; the rest of the file is read no further.
pub const MOST_FAULTS: usize = 100;

/// One line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its line in the file, the header being line 1.
    pub line: u64,
    /// Its cells, in the order of the header.
    pub cells: Vec<String>,
}

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFault {
    /// The line, where it is one line's fault.
    pub line: Option<u64>,
    /// The column as the file names it, where it is one column's fault.
    pub column: Option<String>,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

impl fmt::Display for TableFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, &self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column \"{column}\": {}", self.detail),
            (Some(line), None) => write!(f, "line {line}: {}", self.detail),
            (None, Some(column)) => write!(f, "column \"{column}\": {}", self.detail),
            (None, None) => f.write_str(&self.detail),
        }
    }
}

impl std::error::Error for TableFault {}

/// Evidence from a table of either shape: counts when it has the columns `units` and `events`, else a row per unit.
///
/// # Errors
/// Every fault of the table, up to [`MOST_FAULTS`].
pub fn evidence_from_table(
    plan: &LockedProtocol,
    header: &[String],
    rows: impl IntoIterator<Item = Row>,
    mapping: &ColumnMapping,
    as_of: DateTime<Utc>,
) -> Result<Evidence, Vec<TableFault>> {
    let has = |name: &str| header.iter().any(|column| column == mapping.column(name));
    if has("units") && has("events") {
        evidence_from_counts(plan, header, rows, mapping, as_of)
    } else {
        evidence_from_units(plan, header, rows, mapping, as_of)
    }
}

/// The faults found so far.
#[derive(Default)]
struct Faults(Vec<TableFault>);

impl Faults {
    fn add(&mut self, line: Option<u64>, column: Option<&str>, code: &'static str, detail: impl Into<String>) {
        self.0.push(TableFault { line, column: column.map(str::to_owned), code, detail: detail.into() });
    }

    fn full(&self) -> bool {
        self.0.len() >= MOST_FAULTS
    }

    /// The value, if nothing was wrong.
    fn or<T>(self, value: T) -> Result<T, Vec<TableFault>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

/// A column that was found: its name in the file and its place.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    place: usize,
}

impl Column {
    fn cell<'a>(&self, row: &'a Row) -> &'a str {
        row.cells.get(self.place).map_or("", |cell| cell.trim())
    }
}

/// The header with the mapping laid over it.
struct Header<'a> {
    columns: &'a [String],
    mapping: &'a ColumnMapping,
}

impl Header<'_> {
    fn optional(&self, name: &str, faults: &mut Faults) -> Option<Column> {
        let wanted = self.mapping.column(name);
        let mut found = self.columns.iter().enumerate().filter(|(_, column)| *column == wanted);
        let column = found.next().map(|(place, column)| Column { name: column.clone(), place });
        if found.next().is_some() {
            faults.add(Some(1), Some(wanted), "not_unique", "this column stands twice in the header");
        }
        if column.is_none() && self.mapping.names(name) {
            faults.add(
                Some(1),
                Some(wanted),
                "missing_column",
                format!("named for {name}, but the file does not have it"),
            );
        }
        column
    }

    fn needed(&self, name: &str, faults: &mut Faults) -> Option<Column> {
        let column = self.optional(name, faults);
        if column.is_none() && !self.mapping.names(name) {
            let detail = format!(
                "the file needs a column for {name}; it has: {}. Name one with --column {name}=…",
                self.columns.join(", ")
            );
            faults.add(Some(1), None, "missing_column", detail);
        }
        column
    }
}

/// The place of the arm that a cell names.
fn arm_of(
    plan: &LockedProtocol,
    mapping: &ColumnMapping,
    column: &Column,
    row: &Row,
    faults: &mut Faults,
) -> Option<usize> {
    let text = column.cell(row);
    let key = mapping.arm(text);
    let place = plan.protocol().arms.iter().position(|arm| arm.key.as_str() == key);
    if place.is_none() {
        let arms: Vec<&str> = plan.protocol().arms.iter().map(|arm| arm.key.as_str()).collect();
        let detail = format!(
            "\"{text}\" is no arm of the plan ({}); say which arm it stands for with --arm KEY={text}",
            arms.join(", ")
        );
        faults.add(Some(row.line), Some(&column.name), "unknown_arm", detail);
    }
    place
}
