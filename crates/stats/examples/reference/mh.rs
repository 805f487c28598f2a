//! Stratified proportions.

use fairtrial_stats::special::elementary::ln;
use std::path::Path;

use fairtrial_stats::stratified::{self, Strata};
use fairtrial_stats::{Estimate, Side, StatError};
use serde_json::{Value, json};

use super::shape::{f64_or, interval, number, unknown};

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    let rows = rows(input)?;
    let strata = Strata::new(&rows)?;
    let level = f64_or(input, "level", 0.95)?;
    match id {
        "cmh" => {
            let (chi2, p) = stratified::chi_square(&strata, false)?;
            let mut value = match stratified::common_odds_ratio(&strata, level) {
                Ok(estimate) => {
                    let mut value = interval(&estimate.interval);
                    value["or"] = json!(estimate.point);
                    value
                }
                // The oracle still gives its test where the odds ratio has no finite estimate, and no limits.
                Err(StatError::NotEstimable { .. }) => {
                    let product = |[x1, n1, x0, n0]: &[u64; 4]| (*x1 > 0 && x0 < n0, *x0 > 0 && x1 < n1);
                    let up = rows.iter().any(|row| product(row).0);
                    json!({"or": number(if up { f64::INFINITY } else { 0.0 }), "lo": "NaN", "hi": "NaN"})
                }
                Err(error) => return Err(error),
            };
            value["chi2"] = json!(chi2);
            value["p"] = json!(p.p());
            Ok(value)
        }
        "cmh_cc" => {
            // The oracle corrects for continuity only where the excess is at least one half.
            let (corrected, plain) = (stratified::chi_square(&strata, true)?, stratified::chi_square(&strata, false)?);
            let (chi2, p) = if corrected.0 > 0.0 { corrected } else { plain };
            Ok(json!({"chi2": chi2, "p": p.p()}))
        }
        "cmh_exact" => {
            let estimate = stratified::exact_common_odds_ratio(&strata, level)?;
            let mut value = interval(&estimate.interval);
            value["or"] = number(estimate.point.unwrap_or(0.0));
            value["p"] = json!(stratified::exact_test(&strata, Side::Two, true)?.p());
            Ok(value)
        }
        "rma.mh_OR" => wald(&stratified::common_odds_ratio(&strata, level)?, ln),
        "rma.mh_RR" => wald(&stratified::common_risk_ratio(&strata, level)?, ln),
        "rma.mh_RD" => wald(&stratified::common_risk_difference(&strata, level)?, |value| value),
        "mn_stratified_RD" => {
            let estimate = stratified::stratified_risk_difference(&strata, level)?;
            let mut value = interval(&estimate.interval);
            value["est"] = json!(estimate.point);
            Ok(value)
        }
        "condlogit" => {
            let fit = stratified::conditional_ln_odds(&strata)?;
            Ok(json!({"beta": fit.ln_odds_ratio, "se": fit.standard_error}))
        }
        "breslow_day_tarone" => homogeneity(&rows),
        _ => Err(unknown(id)),
    }
}

fn rows(input: &Value) -> Result<Vec<[u64; 4]>, StatError> {
    let wrong = || StatError::invalid("strata", "must be rows of four whole numbers");
    let row = |row: &Value| {
        let cells: Option<Vec<u64>> = row.as_array()?.iter().map(Value::as_u64).collect();
        <[u64; 4]>::try_from(cells?).ok()
    };
    input["strata"].as_array().ok_or_else(wrong)?.iter().map(|value| row(value).ok_or_else(wrong)).collect()
}

/// The estimate and limits on the scale of the standard error.
fn wald(estimate: &Estimate, scale: fn(f64) -> f64) -> Result<Value, StatError> {
    Ok(json!({
        "est": estimate.point.map(scale), "se": estimate.standard_error,
        "lo": scale(estimate.interval.lower), "hi": scale(estimate.interval.upper),
        "p": estimate.p_value.map(|p| p.p()),
    }))
}

/// The oracle was given the strata without an empty cell only, and says so.
fn homogeneity(rows: &[[u64; 4]]) -> Result<Value, StatError> {
    let full = |row: &[u64; 4]| row[0] > 0 && row[0] < row[1] && row[2] > 0 && row[2] < row[3];
    let (numbers, kept): (Vec<String>, Vec<[u64; 4]>) =
        rows.iter().enumerate().filter(|(_, row)| full(row)).map(|(i, row)| ((i + 1).to_string(), *row)).unzip();
    let strata = Strata::new(&kept)?;
    let tests = stratified::homogeneity(&strata)?;
    let (cochran, _) = stratified::cochran_chi_square(&strata, true)?;
    Ok(json!({
        "strata": format!("rows {}", numbers.join(" and ")),
        "BD": tests.breslow_day, "BDp": tests.breslow_day_p.p(),
        "TA": tests.tarone, "TAp": tests.tarone_p.p(),
        "CO": cochran, "QE": tests.q, "QEp": tests.q_p.map(|p| p.p()),
    }))
}
