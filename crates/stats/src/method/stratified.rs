//! `stratified.*`: `strata` is a list of rows `[x1, n1, x0, n0]`.

use serde_json::json;

use super::{Answer, Arguments, answer};
use crate::stratified::{self, Strata};
use crate::{Estimate, StatError};

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let method: fn(&Strata, f64) -> Result<Estimate, StatError> = match name {
        "common_odds_ratio" => stratified::common_odds_ratio,
        "common_risk_ratio" => stratified::common_risk_ratio,
        "common_risk_difference" => stratified::common_risk_difference,
        "exact_common_odds_ratio" => stratified::exact_common_odds_ratio,
        "risk_difference" => stratified::stratified_risk_difference,
        "chi_square" | "cochran_chi_square" => {
            let method = if name == "chi_square" { stratified::chi_square } else { stratified::cochran_chi_square };
            let strata = Strata::new(&arguments.count_rows("strata")?)?;
            let correction = arguments.flag_or("continuity_correction", false)?;
            return answer(arguments, || {
                let (statistic, p_value) = method(&strata, correction)?;
                Ok(json!({"chi_square": statistic, "p_value": p_value}))
            });
        }
        "score_test" => {
            let strata = Strata::new(&arguments.count_rows("strata")?)?;
            let (null, side) = (arguments.number_or("null_difference", 0.0)?, arguments.side()?);
            return answer(arguments, || stratified::stratified_score_test(&strata, null, side));
        }
        "exact_test" => {
            let strata = Strata::new(&arguments.count_rows("strata")?)?;
            let (side, by_likelihood) = (arguments.side()?, arguments.flag_or("by_likelihood", false)?);
            return answer(arguments, || stratified::exact_test(&strata, side, by_likelihood));
        }
        "homogeneity" => {
            let strata = Strata::new(&arguments.count_rows("strata")?)?;
            return answer(arguments, || stratified::homogeneity(&strata));
        }
        "conditional_ln_odds" => {
            let strata = Strata::new(&arguments.count_rows("strata")?)?;
            return answer(arguments, || stratified::conditional_ln_odds(&strata));
        }
        _ => return Ok(None),
    };
    let strata = Strata::new(&arguments.count_rows("strata")?)?;
    let level = arguments.level()?;
    answer(arguments, || method(&strata, level))
}
