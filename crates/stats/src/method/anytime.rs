//! `confidence_sequence.*` and `safe_test.*`: valid at any time.

use serde_json::json;

use super::{Answer, Arguments, answer};
use crate::anytime::{
    SafeTwoByTwo, asymptotic_interval, beta_mixture, beta_mixture_difference, beta_mixture_evidence,
    beta_mixture_excess, betting, linear_model, mixture_ratio_test, normal_mixture_bound, safe_logrank, safe_t, safe_z,
};

pub(super) fn confidence_sequence(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "normal_mixture" => {
            let (v, optimal_at) = (arguments.positive("v")?, arguments.positive("optimal_at")?);
            let (alpha, side) = (arguments.fraction("alpha")?, arguments.side()?);
            answer(arguments, || Ok(json!({"bound": normal_mixture_bound(v, alpha, optimal_at, side)?})))
        }
        "beta_mixture" => {
            let (x, n) = (arguments.count("x")?, arguments.count("n")?);
            let (a, b) = (arguments.number_or("a", 0.5)?, arguments.number_or("b", 0.5)?);
            let alpha = arguments.fraction("alpha")?;
            answer(arguments, || beta_mixture(x, n, a, b, alpha))
        }
        "beta_mixture_difference" => {
            let (x1, n1) = (arguments.count("x1")?, arguments.count("n1")?);
            let (x0, n0) = (arguments.count("x0")?, arguments.count("n0")?);
            let alpha = arguments.fraction("alpha")?;
            answer(arguments, || beta_mixture_difference(x1, n1, x0, n0, alpha))
        }
        "betting" => {
            let (values, alpha) = (arguments.numbers("values")?, arguments.fraction("alpha")?);
            answer(arguments, || betting(&values, alpha))
        }
        "asymptotic" => {
            let (estimate, error) = (arguments.number("estimate")?, arguments.positive("standard_error")?);
            let (units, tightest_at) = (arguments.count("units")?, arguments.count("tightest_at")?);
            let alpha = arguments.fraction("alpha")?;
            answer(arguments, || asymptotic_interval(estimate, error, units, tightest_at, alpha))
        }
        _ => Ok(None),
    }
}

pub(super) fn safe_test(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "two_by_two" => {
            let (block1, block0) = (arguments.count_or("block1", 1)?, arguments.count_or("block0", 1)?);
            let prior = arguments.number_or("prior", 0.18)?;
            let blocks = arguments.count_rows::<2>("blocks")?;
            answer(arguments, || {
                let mut test = SafeTwoByTwo::new(block1, block0, prior)?;
                for [x1, x0] in blocks {
                    test.observe(x1, x0)?;
                }
                let (now, largest) = (test.process().now(), test.process().largest());
                Ok(json!({"ln_e": now.ln_e, "ln_e_max": largest.ln_e, "p_value": test.process().p_value().p()}))
            })
        }
        "z" | "t" => {
            let statistic = arguments.number(if name == "z" { "z" } else { "t" })?;
            let (effect, side) = (arguments.positive("effect")?, arguments.side()?);
            let (n1, n0) = (arguments.count("n1")?, arguments.count("n0")?);
            let method = if name == "z" { safe_z } else { safe_t };
            answer(arguments, || method(statistic, effect, n1, n0, side))
        }
        "logrank" => {
            let (events1, at_risk1) = (arguments.count("events1")?, arguments.count("at_risk1")?);
            let (events0, at_risk0) = (arguments.count("events0")?, arguments.count("at_risk0")?);
            let ratio = arguments.fraction("ratio")?;
            answer(arguments, || safe_logrank(events1, at_risk1, events0, at_risk0, ratio))
        }
        "mixture_ratio" => {
            let difference = arguments.number("difference")?;
            let (variance, mixing) = (arguments.positive("variance")?, arguments.positive("mixing")?);
            answer(arguments, || mixture_ratio_test(difference, variance, mixing))
        }
        "beta_mixture" | "beta_mixture_excess" => {
            let (x, n, p) = (arguments.count("x")?, arguments.count("n")?, arguments.probability("p")?);
            let (a, b) = (arguments.number_or("a", 1.0)?, arguments.number_or("b", 1.0)?);
            let method = if name == "beta_mixture" { beta_mixture_evidence } else { beta_mixture_excess };
            answer(arguments, || method(x, n, a, b, p))
        }
        "linear_model" => {
            let (t, degrees) = (arguments.number("t")?, arguments.positive("degrees_of_freedom")?);
            let (prior, design) = (arguments.positive("prior")?, arguments.positive("design")?);
            answer(arguments, || linear_model(t, degrees, prior, design))
        }
        _ => Ok(None),
    }
}
