//! Sample-ratio checks.

use std::path::Path;

use fairtrial_stats::{PValue, StatError, sample_ratio};
use serde_json::{Value, json};

use super::shape::{f64_or, f64s_of, number, u64s_of, unknown};

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    let (observed, shares) = (u64s_of(input, "obs")?, f64s_of(input, "p")?);
    match id {
        "chi2" => {
            let test = sample_ratio::pearson(&observed, &shares)?;
            Ok(json!({"x2": test.chi_square, "p": test.p_value.p()}))
        }
        "binom_exact" => Ok(number(sample_ratio::exact_multinomial(&observed, &shares)?.p_value.p())),
        "dirichlet_logBF_own" => {
            let concentration = f64_or(input, "conc", 100.0)?;
            Ok(number(sample_ratio::dirichlet_ln_bayes_factor(&observed, &shares, concentration)?))
        }
        _ if id.starts_with("ssrm_c") => {
            let named = id.trim_start_matches("ssrm_c").parse().map_err(|_| unknown(id))?;
            let concentration = f64_or(input, "conc", named)?;
            let ln_e = sample_ratio::dirichlet_ln_bayes_factor(&observed, &shares, concentration)?;
            Ok(json!({"logBF": number(ln_e), "p": PValue::from_ln(-ln_e).p()}))
        }
        _ => Err(unknown(id)),
    }
}
