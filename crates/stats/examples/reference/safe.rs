//! Safe tests.

use std::path::Path;

use fairtrial_stats::anytime::{SafeTwoByTwo, safe_logrank, safe_t, safe_z};
use fairtrial_stats::{Side, StatError};
use serde_json::{Value, json};

use super::shape::{column, columns, f64_of, u64_of, unknown};

pub(crate) fn value(id: &str, input: &Value, data: &Path) -> Result<Value, StatError> {
    match id {
        "safe2x2_none_own" => two_by_two(input, data),
        "safe_t" => {
            let (n1, n0) = (u64_of(input, "n1")?, u64_of(input, "n2")?);
            Ok(json!(safe_t(f64_of(input, "t")?, f64_of(input, "deltaS")?, n1, n0, side(input)?)?.e()))
        }
        "safe_z" => {
            let (n1, n0) = (u64_of(input, "n1")?, u64_of(input, "n2")?);
            Ok(json!(safe_z(f64_of(input, "z")?, f64_of(input, "phiS")?, n1, n0, side(input)?)?.e()))
        }
        "logrank_single_exact" => {
            let count = |name: &str| u64_of(input, name);
            let ratio = f64_of(input, "thetaS")?;
            let step = safe_logrank(count("obs1")?, count("y1")?, count("obs0")?, count("y0")?, ratio)?;
            Ok(json!({
                "logP0": step.ln_null,
                "logEValueLess": step.less.ln_e,
                "logEValueGreater": step.greater.ln_e,
            }))
        }
        _ => Err(unknown(id)),
    }
}

fn side(input: &Value) -> Result<Side, StatError> {
    match input["alt"].as_str() {
        Some("greater") => Ok(Side::Greater),
        Some("less") => Ok(Side::Less),
        Some("twoSided") => Ok(Side::Two),
        _ => Err(StatError::invalid("alt", "must be greater, less or twoSided")),
    }
}

fn two_by_two(input: &Value, data: &Path) -> Result<Value, StatError> {
    let columns = columns(data, input["data"].as_str().unwrap_or_default())?;
    let (a, b) = (column(&columns, "a")?, column(&columns, "b")?);
    let mut test = SafeTwoByTwo::new(1, 1, 0.18)?;
    for (a, b) in a.iter().zip(&b).take(u64_of(input, "n_blocks")? as usize) {
        test.observe(*a as u64, *b as u64)?;
    }
    let now = test.process().now();
    Ok(json!({"logE": now.ln_e, "E": now.e()}))
}
