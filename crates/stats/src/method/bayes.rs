//! `bayes.*`: arms as lists `x`, `n`, or `x1`, `n1`, `x0`, `n0`; `prior` as two numbers, both 1 when not given.

use super::{Answer, Arguments, answer};
use crate::StatError;
use crate::bayes::{self, BetaPosterior, PredictiveDesign};
use crate::sufficient::Binary;

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "probability_best" | "expected_loss" | "credible_intervals" => {
            let (x, n, prior) = (arguments.counts("x")?, arguments.counts("n")?, prior(arguments)?);
            if x.len() != n.len() {
                return Err(StatError::invalid("n", "needs as many numbers as x"));
            }
            let arm = |(&x, &n): (&u64, &u64)| BetaPosterior::new(Binary::new(n, x)?, prior.0, prior.1);
            let arms: Vec<BetaPosterior> = x.iter().zip(&n).map(arm).collect::<Result<_, _>>()?;
            match name {
                "probability_best" => answer(arguments, || bayes::probability_best(&arms)),
                "expected_loss" => answer(arguments, || bayes::expected_loss(&arms)),
                _ => {
                    let level = arguments.level()?;
                    answer(arguments, || {
                        arms.iter().map(|arm| arm.credible_interval(level)).collect::<Result<Vec<_>, _>>()
                    })
                }
            }
        }
        "probability_difference_exceeds" => {
            let (data1, data0) = two_arms(arguments)?;
            let (margin, prior) = (arguments.number("margin")?, prior(arguments)?);
            let arm1 = BetaPosterior::new(data1, prior.0, prior.1)?;
            let arm0 = BetaPosterior::new(data0, prior.0, prior.1)?;
            answer(arguments, || bayes::probability_difference_exceeds(&arm1, &arm0, margin))
        }
        "predictive_success" => {
            let (data1, data0) = two_arms(arguments)?;
            let design = PredictiveDesign {
                final1: arguments.count("final1")?,
                final0: arguments.count("final0")?,
                alpha: arguments.fraction("alpha")?,
                prior: prior(arguments)?,
            };
            answer(arguments, || bayes::predictive_success(data1, data0, &design))
        }
        "normal_posterior" => {
            let (estimate, error) = (arguments.number("estimate")?, arguments.number("standard_error")?);
            let (mean, variance) = (arguments.number("prior_mean")?, arguments.number("prior_variance")?);
            answer(arguments, || bayes::normal_posterior(estimate, error, mean, variance))
        }
        "rate_probability_higher" => {
            let (x1, t1) = (arguments.count("x1")?, arguments.number("t1")?);
            let (x0, t0) = (arguments.count("x0")?, arguments.number("t0")?);
            let (events, exposure) =
                (arguments.number_or("prior_events", 0.5)?, arguments.number_or("prior_exposure", 0.0)?);
            answer(arguments, || bayes::rate_probability_higher(x1, t1, x0, t0, events, exposure))
        }
        _ => Ok(None),
    }
}

fn two_arms(arguments: &mut Arguments<'_>) -> Result<(Binary, Binary), StatError> {
    let data1 = Binary { x: arguments.count("x1")?, n: arguments.count("n1")? };
    let data0 = Binary { x: arguments.count("x0")?, n: arguments.count("n0")? };
    Ok((data1, data0))
}

fn prior(arguments: &mut Arguments<'_>) -> Result<(f64, f64), StatError> {
    match arguments.optional_numbers("prior")?.as_deref() {
        None => Ok((1.0, 1.0)),
        Some([successes, failures]) => Ok((*successes, *failures)),
        Some(_) => Err(StatError::invalid("prior", "needs two numbers")),
    }
}
