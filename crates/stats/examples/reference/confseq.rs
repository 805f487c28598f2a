//! Confidence sequences.

use std::path::Path;

use fairtrial_stats::anytime::{beta_mixture, betting, linear_model, mixture_ratio_test, normal_mixture_bound};
use fairtrial_stats::{Side, StatError};
use serde_json::{Value, json};

use super::shape::{column, columns, f64_of, f64_or, interval, number, u64_of, unknown};

pub(crate) fn value(id: &str, input: &Value, data: &Path) -> Result<Value, StatError> {
    Ok(match id {
        "normal_mixture_bound" => {
            let side = if input["one_sided"].as_bool().unwrap_or(false) { Side::Greater } else { Side::Two };
            let (alpha, tuned) = (f64_or(input, "alpha", 0.05)?, f64_or(input, "v_opt", 100.0)?);
            number(normal_mixture_bound(f64_of(input, "v")?, alpha, tuned, side)?)
        }
        "beta_mixture_bernoulli_cs_own" => {
            let (x, n) = (u64_of(input, "x")?, u64_of(input, "n")?);
            interval(&beta_mixture(x, n, f64_of(input, "a")?, f64_of(input, "b")?, f64_of(input, "alpha")?)?)
        }
        "bounded_betting" => {
            let file = input["data"].as_str().unwrap_or_default();
            let values = column(&columns(data, file)?, "y")?;
            let n = u64_of(input, "n")? as usize;
            interval(&betting(values.get(..n).unwrap_or(&values), f64_or(input, "alpha", 0.05)?)?)
        }
        "lm_t_logE_own" => {
            let (t, degrees) = (f64_of(input, "t")?, f64_of(input, "nu")?);
            json!(linear_model(t, degrees, f64_of(input, "phi")?, f64_of(input, "z2")?)?.ln_e)
        }
        "msprt_gauss_own" => {
            json!(mixture_ratio_test(f64_of(input, "diff")?, f64_of(input, "V")?, f64_of(input, "tau2")?)?.e())
        }
        _ => return Err(unknown(id)),
    })
}
