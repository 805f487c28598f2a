//! Event rates.

use fairtrial_stats::special::elementary::ln;
use std::path::Path;

use fairtrial_stats::rates::{self, ArmCounts, Events, PoissonTail};
use fairtrial_stats::{Estimate, Side, StatError};
use serde_json::{Value, json};

use super::shape::{column, columns, f64_of, f64_or, interval, number, u64_of, unknown};

pub(crate) fn value(id: &str, input: &Value, data: &Path) -> Result<Value, StatError> {
    if let Some(file) = input["data"].as_str() {
        return unit_counts(id, data, file);
    }
    let events = Events::new(u64_of(input, "x1")?, f64_of(input, "t1")?, u64_of(input, "x0")?, f64_of(input, "t0")?)?;
    let level = f64_or(input, "level", 0.95)?;
    let limits = |estimate: Result<Estimate, StatError>| Ok(interval(&estimate?.interval));
    match id {
        "poisson_test_exact" => {
            let estimate = rates::exact_rate_ratio(&events, level)?;
            let mut value = interval(&estimate.interval);
            value["p"] = number(rates::poisson_test(&events, PoissonTail::MinLikelihood, Side::Two)?.p());
            value["ratio"] = number(estimate.point.unwrap_or(f64::NAN));
            Ok(value)
        }
        "poisson_midp" => {
            let estimate = rates::mid_p_rate_ratio(&events, level)?;
            let mut value = interval(&estimate.interval);
            value["p"] = number(estimate.p_value.map_or(f64::NAN, |p| p.p()));
            Ok(value)
        }
        "score_RD" => limits(rates::score_rate_difference(&events, level)),
        "scas_RD" => limits(rates::scas_rate_difference(&events, level)),
        "score_RR" => limits(rates::score_rate_ratio(&events, level)),
        "scas_RR" => limits(rates::scas_rate_ratio(&events, level)),
        "mover_RR" => limits(rates::mover_rate_ratio(&events, level)),
        _ => Err(unknown(id)),
    }
}

/// Counts `y` of units with arm `t` (1 or 0) and `exposure`.
fn unit_counts(id: &str, data: &Path, file: &str) -> Result<Value, StatError> {
    let columns = columns(data, file)?;
    let (y, t, exposure) = (column(&columns, "y")?, column(&columns, "t")?, column(&columns, "exposure")?);
    let arm = |which: f64| {
        let rows: Vec<usize> = (0..y.len()).filter(|i| t[*i] == which).collect();
        let counts: Vec<u64> = rows.iter().map(|i| y[*i] as u64).collect();
        let exposures: Vec<f64> = rows.iter().map(|i| exposure[*i]).collect();
        (counts, exposures)
    };
    let ((y1, e1), (y0, e0)) = (arm(1.0), arm(0.0));
    let (arm1, arm0) = (ArmCounts::new(&y1, &e1)?, ArmCounts::new(&y0, &e0)?);
    match id {
        "glm_poisson" => {
            let fit = rates::poisson_regression(&arm1, &arm0)?;
            Ok(json!({"log_rr": fit.ln_rate_ratio, "se": fit.standard_error, "dispersion": fit.dispersion,
                "deviance": fit.deviance}))
        }
        "glm_quasipoisson" => {
            let estimate = rates::quasi_poisson(&arm1, &arm0, 0.95)?;
            Ok(json!({"log_rr": estimate.point.map(ln), "se": estimate.standard_error,
                "df": estimate.degrees_of_freedom}))
        }
        "poisson_robust_HC0" => Ok(json!(rates::robust_poisson(&arm1, &arm0, 0.95)?.standard_error)),
        "glm_nb" => {
            let fit = rates::negative_binomial(&arm1, &arm0, 0.95)?;
            Ok(
                json!({"log_rr": fit.ln_rate_ratio, "se": fit.standard_error_given_theta, "theta": number(fit.theta.unwrap_or(f64::INFINITY)),
                "SE_theta": fit.theta_standard_error, "twologlik": 2.0 * fit.ln_likelihood}),
            )
        }
        "glm_nb2_mle" => {
            let fit = rates::negative_binomial(&arm1, &arm0, 0.95)?;
            Ok(
                json!({"log_rr": fit.ln_rate_ratio, "se": fit.estimate.standard_error, "theta": number(fit.theta.unwrap_or(f64::INFINITY)),
                "alpha": fit.theta.map_or(0.0, f64::recip), "llf": fit.ln_likelihood}),
            )
        }
        _ => Err(unknown(id)),
    }
}
