//! Paired proportions.

use std::path::Path;

use fairtrial_stats::{StatError, paired_proportions};
use serde_json::Value;

use super::shape::{f64_or, interval, number, u64_of, unknown};

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    if id != "mcnemar_exact" {
        return Err(unknown(id));
    }
    let level = f64_or(input, "level", 0.95)?;
    let estimate = paired_proportions::mcnemar(u64_of(input, "b")?, u64_of(input, "c")?, level)?;
    let mut value = interval(&estimate.interval);
    value["p"] = number(estimate.p_value.map_or(f64::NAN, |p| p.p()));
    Ok(value)
}
