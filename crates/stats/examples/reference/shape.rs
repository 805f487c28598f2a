//! Reading inputs and writing values in the shape of the reference vectors.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_stats::{Interval, StatError};
use serde_json::{Value, json};

/// A number as the vectors write it: `"Inf"`, `"-Inf"` and `"NaN"` are texts.
pub(crate) fn number(value: f64) -> Value {
    if value.is_nan() {
        json!("NaN")
    } else if value.is_infinite() {
        json!(if value > 0.0 { "Inf" } else { "-Inf" })
    } else {
        json!(value)
    }
}

/// An interval as `{"lo","hi"}`.
pub(crate) fn interval(interval: &Interval) -> Value {
    json!({"lo": number(interval.lower), "hi": number(interval.upper)})
}

/// The error for an id that a group does not have.
pub(crate) fn unknown(id: &str) -> StatError {
    StatError::invalid("id", format!("there is no method {id:?} in this group"))
}

/// A finite number of the input.
pub(crate) fn f64_of(input: &Value, name: &str) -> Result<f64, StatError> {
    input[name].as_f64().ok_or_else(|| StatError::invalid(name, "must be a number"))
}

/// A finite number of the input, or the default when it is not there.
pub(crate) fn f64_or(input: &Value, name: &str, default: f64) -> Result<f64, StatError> {
    if input[name].is_null() { Ok(default) } else { f64_of(input, name) }
}

/// A count of the input.
pub(crate) fn u64_of(input: &Value, name: &str) -> Result<u64, StatError> {
    input[name].as_u64().ok_or_else(|| StatError::invalid(name, "must be a whole number"))
}

/// A list of numbers of the input.
pub(crate) fn f64s_of(input: &Value, name: &str) -> Result<Vec<f64>, StatError> {
    let wrong = || StatError::invalid(name, "must be a list of numbers");
    input[name].as_array().ok_or_else(wrong)?.iter().map(|value| value.as_f64().ok_or_else(wrong)).collect()
}

/// A list of counts of the input.
pub(crate) fn u64s_of(input: &Value, name: &str) -> Result<Vec<u64>, StatError> {
    let wrong = || StatError::invalid(name, "must be a list of whole numbers");
    input[name].as_array().ok_or_else(wrong)?.iter().map(|value| value.as_u64().ok_or_else(wrong)).collect()
}

/// The columns of a comma-separated file with a header line; every cell is a number.
pub(crate) fn columns(data: &Path, file: &str) -> Result<BTreeMap<String, Vec<f64>>, StatError> {
    let wrong = |reason: String| StatError::invalid("data", format!("{file}: {reason}"));
    if file.contains(['/', '\\']) {
        return Err(wrong("must be a file of the data directory".to_owned()));
    }
    let text = std::fs::read_to_string(data.join(file)).map_err(|error| wrong(error.to_string()))?;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header: Vec<&str> = lines
        .next()
        .ok_or_else(|| wrong("is empty".to_owned()))?
        .split(',')
        .map(|cell| cell.trim().trim_matches('"'))
        .collect();
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); header.len()];
    for (row, line) in lines.enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() != header.len() {
            return Err(wrong(format!("row {} has {} cells, not {}", row + 1, cells.len(), header.len())));
        }
        for (column, cell) in columns.iter_mut().zip(cells) {
            let cell = cell.trim().trim_matches('"');
            column.push(cell.parse().map_err(|_| wrong(format!("row {}: {cell:?} is not a number", row + 1)))?);
        }
    }
    Ok(header.into_iter().map(str::to_owned).zip(columns).collect())
}

/// One column of a data set.
pub(crate) fn column(columns: &BTreeMap<String, Vec<f64>>, name: &str) -> Result<Vec<f64>, StatError> {
    columns.get(name).cloned().ok_or_else(|| StatError::invalid("data", format!("has no column {name}")))
}
