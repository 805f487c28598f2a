//! `instrumental.*` and `missing.*`.

use super::{Answer, Arguments, answer};
use crate::StatError;
use crate::instrumental::{self, ResidualSpread};
use crate::missing::{self, BoundedOutcome, Bounds, PartlyObserved, Trimming};

pub(super) fn instrumental(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    if !["take_up", "complier_average", "anderson_rubin"].contains(&name) {
        return Ok(None);
    }
    let arm1 = arguments.co_moments("outcome1", "take_up1")?;
    let arm0 = arguments.co_moments("outcome0", "take_up0")?;
    match name {
        "take_up" => answer(arguments, || instrumental::take_up(&arm1, &arm0)),
        "anderson_rubin" => {
            let level = arguments.level()?;
            answer(arguments, || instrumental::anderson_rubin(&arm1, &arm0, level))
        }
        _ => {
            let spread = match arguments.text_or("spread", "per_arm")? {
                "per_arm" => ResidualSpread::PerArm,
                "common" => ResidualSpread::Common,
                _ => return Err(StatError::invalid("spread", "must be \"per_arm\" or \"common\"")),
            };
            let (side, level) = (arguments.side()?, arguments.level()?);
            answer(arguments, || instrumental::complier_average(&arm1, &arm0, spread, side, level))
        }
    }
}

pub(super) fn missing(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "attrition_test" => {
            let (missing1, assigned1) = (arguments.count("missing1")?, arguments.count("assigned1")?);
            let (missing0, assigned0) = (arguments.count("missing0")?, arguments.count("assigned0")?);
            answer(arguments, || missing::attrition_test(missing1, assigned1, missing0, assigned0))
        }
        "manski_bounds" => {
            let mut arm = |observed, absent, mean| -> Result<BoundedOutcome, StatError> {
                let (observed, missing) = (arguments.count(observed)?, arguments.count(absent)?);
                Ok(BoundedOutcome { observed, missing, mean: arguments.number(mean)? })
            };
            let arm1 = arm("observed1", "missing1", "mean1")?;
            let arm0 = arm("observed0", "missing0", "mean0")?;
            let (smallest, largest) = (arguments.number_or("smallest", 0.0)?, arguments.number_or("largest", 1.0)?);
            answer(arguments, || missing::manski_bounds(&arm1, &arm0, smallest, largest))
        }
        "imbens_manski" => {
            let bounds = Bounds { lower: arguments.number("lower")?, upper: arguments.number("upper")? };
            let (lower_error, upper_error) = (arguments.number("lower_error")?, arguments.number("upper_error")?);
            let level = arguments.level()?;
            answer(arguments, || missing::imbens_manski(&bounds, lower_error, upper_error, level))
        }
        "tipping_point_proportions" => {
            let mut arm = |successes, observed, missing| -> Result<PartlyObserved, StatError> {
                Ok(PartlyObserved {
                    successes: arguments.count(successes)?,
                    observed: arguments.count(observed)?,
                    missing: arguments.count(missing)?,
                })
            };
            let (arm1, arm0) = (arm("x1", "n1", "missing1")?, arm("x0", "n0", "missing0")?);
            let level = arguments.level()?;
            answer(arguments, || missing::tipping_point_proportions(&arm1, &arm0, level))
        }
        "tipping_point_means" => {
            let (arm1, missing1) = (arguments.sample("arm1")?, arguments.count("missing1")?);
            let (arm0, missing0, level) = (arguments.sample("arm0")?, arguments.count("missing0")?, arguments.level()?);
            answer(arguments, || missing::tipping_point_means(&arm1, missing1, &arm0, missing0, level))
        }
        "lee_bounds" => {
            let (arm1, missing1) = (arguments.numbers("arm1")?, arguments.count("missing1")?);
            let (arm0, missing0) = (arguments.numbers("arm0")?, arguments.count("missing0")?);
            let trimming = match arguments.text_or("trimming", "fractional")? {
                "fractional" => Trimming::Fractional,
                "whole_units" => Trimming::WholeUnits,
                _ => return Err(StatError::invalid("trimming", "must be \"fractional\" or \"whole_units\"")),
            };
            answer(arguments, || missing::lee_bounds(&arm1, missing1, &arm0, missing0, trimming))
        }
        _ => Ok(None),
    }
}
