//! Exact power of tests of two proportions.

use fairtrial_stats::StatError;
use fairtrial_stats::two_proportions::{ExactTest, exact_power};
use serde_json::Value;

use super::shape::{f64_of, f64_or, number, u64_of, unknown};

pub(crate) fn value(id: &str, input: &Value) -> Result<Value, StatError> {
    let test = match id {
        "exact_power_fisher_own" => ExactTest::Fisher,
        "exact_power_boschloo_own" => ExactTest::Boschloo,
        "exact_power_zpool_own" => ExactTest::PooledZ,
        _ => return Err(unknown(id)),
    };
    let (n1, n0, alpha) = (u64_of(input, "n1")?, u64_of(input, "n0")?, f64_or(input, "alpha", 0.025)?);
    Ok(number(exact_power(test, n1, n0, f64_of(input, "p1")?, f64_of(input, "p0")?, alpha)?))
}
