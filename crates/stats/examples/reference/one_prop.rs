//! One proportion.

use std::path::Path;

use fairtrial_stats::{StatError, one_proportion};
use serde_json::Value;

use super::shape::{f64_or, interval, u64_of, unknown};

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    let method = match id {
        "clopper_pearson" => one_proportion::clopper_pearson,
        "wilson" => one_proportion::wilson,
        "blaker" => one_proportion::blaker,
        "midp" => one_proportion::mid_p,
        "jeffreys" => one_proportion::jeffreys,
        "sm_agresti_coull" => one_proportion::agresti_coull,
        _ => return Err(unknown(id)),
    };
    let estimate = method(u64_of(input, "x")?, u64_of(input, "n")?, f64_or(input, "level", 0.95)?)?;
    Ok(interval(&estimate.interval))
}
