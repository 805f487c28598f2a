//! Beliefs.

use std::path::Path;

use fairtrial_stats::StatError;
use fairtrial_stats::bayes::{
    BetaPosterior, PredictiveDesign, expected_loss, normal_posterior, predictive_success, probability_best,
    probability_difference_exceeds, rate_probability_higher,
};
use fairtrial_stats::sufficient::Binary;
use serde_json::{Value, json};

use super::shape::{f64_of, f64_or, f64s_of, u64_of, unknown};

fn prior(input: &Value) -> Result<(f64, f64), StatError> {
    if input["prior"].is_null() {
        return Ok((1.0, 1.0));
    }
    match f64s_of(input, "prior")?[..] {
        [a, b] => Ok((a, b)),
        _ => Err(StatError::invalid("prior", "needs two numbers")),
    }
}

fn two_arms(input: &Value) -> Result<[BetaPosterior; 2], StatError> {
    let (a, b) = prior(input)?;
    let arm = |x: &str, n: &str| BetaPosterior::new(Binary::new(u64_of(input, n)?, u64_of(input, x)?)?, a, b);
    Ok([arm("x1", "n1")?, arm("x0", "n0")?])
}

fn many_arms(input: &Value) -> Result<Vec<BetaPosterior>, StatError> {
    let wrong = || StatError::invalid("arms", "must be pairs of counts");
    let arm = |pair: &Value| {
        let count = |i: usize| pair[i].as_u64().ok_or_else(wrong);
        BetaPosterior::new(Binary::new(count(1)?, count(0)?)?, 1.0, 1.0)
    };
    input["arms"].as_array().ok_or_else(wrong)?.iter().map(arm).collect()
}

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    Ok(match id {
        "beta_prob_superior" => json!(probability_best(&two_arms(input)?)?[0]),
        "beta_expected_loss" => {
            let loss = expected_loss(&two_arms(input)?)?;
            json!({"choose1": loss[0], "choose0": loss[1]})
        }
        "beta_credible" => {
            let level = f64_or(input, "level", 0.95)?;
            let ends =
                |arm: &BetaPosterior| arm.credible_interval(level).map(|interval| [interval.lower, interval.upper]);
            let [arm1, arm0] = two_arms(input)?;
            json!({"arm1": ends(&arm1)?, "arm0": ends(&arm0)?})
        }
        "beta_prob_diff_gt" => {
            let [arm1, arm0] = two_arms(input)?;
            let exceeds = |margin| probability_difference_exceeds(&arm1, &arm0, margin);
            json!({"-0.05": exceeds(-0.05)?, "0.05": exceeds(0.05)?})
        }
        "beta_prob_best_4arms" => json!(probability_best(&many_arms(input)?)?),
        "beta_expected_loss_4arms" => json!(expected_loss(&many_arms(input)?)?),
        "normal_normal" => {
            let of = |name| f64_of(input, name);
            let belief = normal_posterior(of("est")?, of("se")?, of("prior_mean")?, of("prior_var")?)?;
            json!({
                "mean": belief.mean,
                "sd": belief.standard_deviation,
                "prob_pos": belief.probability_positive,
                "loss_choose1": belief.loss_of_arm1,
                "loss_choose0": belief.loss_of_arm0,
            })
        }
        "gamma_prob_superior" => {
            let (events, exposure) = prior(input)?;
            let (x1, t1) = (u64_of(input, "x1")?, f64_of(input, "t1")?);
            let (x0, t0) = (u64_of(input, "x0")?, f64_of(input, "t0")?);
            json!(rate_probability_higher(x1, t1, x0, t0, events, exposure)?)
        }
        "predictive_prob_success_fisher" => {
            let arm = |x: &str, n: &str| Binary::new(u64_of(input, n)?, u64_of(input, x)?);
            let design = PredictiveDesign {
                final1: u64_of(input, "N1")?,
                final0: u64_of(input, "N0")?,
                alpha: f64_or(input, "alpha", 0.025)?,
                prior: prior(input)?,
            };
            json!(predictive_success(arm("x1", "n1")?, arm("x0", "n0")?, &design)?)
        }
        _ => return Err(unknown(id)),
    })
}
