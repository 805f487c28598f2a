//! `means.*`: samples `arm1`, `arm0` as lists of values or `{"n", "mean", "variance"}`; unit data as lists of equal length.

use super::samples::slices;
use super::{Answer, Arguments, answer};
use crate::linear::{Heteroskedastic, LeastSquares};
use crate::means::{self, Draws};
use crate::sufficient::Moments;
use crate::{Estimate, StatError};

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "welch" | "student" => {
            let (arm1, arm0) = (arguments.sample("arm1")?, arguments.sample("arm0")?);
            let (null, side, level) =
                (arguments.number_or("null_difference", 0.0)?, arguments.side()?, arguments.level()?);
            let method = if name == "welch" { means::welch } else { means::student };
            answer(arguments, || method(&arm1, &arm0, null, side, level))
        }
        "ratio_of_means" => {
            let (arm1, arm0) = (arguments.sample("arm1")?, arguments.sample("arm0")?);
            let (null, side, level) = (arguments.number_or("null_ratio", 1.0)?, arguments.side()?, arguments.level()?);
            answer(arguments, || means::ratio_of_means(&arm1, &arm0, null, side, level))
        }
        "fieller_set" => {
            let (arm1, arm0, level) = (arguments.sample("arm1")?, arguments.sample("arm0")?, arguments.level()?);
            answer(arguments, || means::fieller_set(&arm1, &arm0, level))
        }
        "blocked_difference" => {
            let (arm1, arm0) = (arguments.samples("blocks1")?, arguments.samples("blocks0")?);
            let (null, side, level) =
                (arguments.number_or("null_difference", 0.0)?, arguments.side()?, arguments.level()?);
            if arm1.len() != arm0.len() {
                return Err(StatError::invalid("blocks0", "needs as many blocks as blocks1"));
            }
            let blocks: Vec<(Moments, Moments)> = arm1.into_iter().zip(arm0).collect();
            answer(arguments, || means::blocked_difference(&blocks, null, side, level))
        }
        "rank_sum" => {
            let (arm1, arm0, level) = (arguments.numbers("arm1")?, arguments.numbers("arm0")?, arguments.level()?);
            answer(arguments, || means::rank_sum(&arm1, &arm0, level))
        }
        "permutation_test" => {
            let (values, arm) = (arguments.numbers("values")?, arguments.flags("arm")?);
            let (blocks, how) = (arguments.optional_groups("blocks")?, draws(arguments)?);
            answer(arguments, || means::permutation_test(&values, &arm, blocks.as_deref(), how))
        }
        "permutation_difference" => {
            let (values, arm) = (arguments.numbers("values")?, arguments.flags("arm")?);
            let (blocks, how) = (arguments.optional_groups("blocks")?, draws(arguments)?);
            let (null, side, level) =
                (arguments.number_or("null_difference", 0.0)?, arguments.side()?, arguments.level()?);
            answer(arguments, || {
                means::permutation_difference(&values, &arm, blocks.as_deref(), how, null, side, level)
            })
        }
        "cuped" | "lin" | "common_slopes" => {
            let arm1 = arguments.co_moments("outcome1", "covariates1")?;
            let arm0 = arguments.co_moments("outcome0", "covariates0")?;
            let (side, level) = (arguments.side()?, arguments.level()?);
            if name == "cuped" {
                return answer(arguments, || means::cuped(&arm1, &arm0, side, level));
            }
            if name == "common_slopes" {
                return answer(arguments, || means::common_slopes(&arm1, &arm0, side, level));
            }
            answer(arguments, || means::lin(&arm1, &arm0, side, level))
        }
        "ancova" | "least_squares" => of_units(name, arguments),
        _ => Ok(None),
    }
}

fn of_units(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let outcome = arguments.numbers("outcome")?;
    let kind = match arguments.text_or("variance", "hc2")? {
        "hc0" => Heteroskedastic::Hc0,
        "hc1" => Heteroskedastic::Hc1,
        "hc2" => Heteroskedastic::Hc2,
        "hc3" => Heteroskedastic::Hc3,
        "hc4" => Heteroskedastic::Hc4,
        _ => return Err(StatError::invalid("variance", "must be \"hc0\", \"hc1\", \"hc2\", \"hc3\" or \"hc4\"")),
    };
    let (side, level) = (arguments.side()?, arguments.level()?);
    if name == "ancova" {
        let (arm, covariates) = (arguments.flags("arm")?, arguments.number_rows("covariates")?);
        return answer(arguments, || means::ancova(&outcome, &arm, &slices(&covariates), kind, side, level));
    }
    let (columns, null) = (arguments.number_rows("columns")?, arguments.number_or("null", 0.0)?);
    let coefficient = usize::try_from(arguments.count("coefficient")?).unwrap_or(usize::MAX);
    answer(arguments, || -> Result<Estimate, StatError> {
        LeastSquares::fit(&outcome, &slices(&columns))?.estimate(coefficient, kind, null, side, level)
    })
}

/// All arrangements, or `draws` of them from `seed`.
pub(super) fn draws(arguments: &mut Arguments<'_>) -> Result<Draws, StatError> {
    if arguments.has("draws") {
        return Ok(Draws::MonteCarlo { draws: arguments.count("draws")?, seed: arguments.count("seed")? });
    }
    Ok(Draws::Exact)
}
