//! `rates.*`: totals `x1`, `t1`, `x0`, `t0`, or units `counts1`, `exposures1`, `counts0`, `exposures0`.

use super::{Answer, Arguments, answer};
use crate::rates::{self, ArmCounts, Events, PoissonTail};
use crate::{Estimate, StatError};

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let method: fn(&Events, f64) -> Result<Estimate, StatError> = match name {
        "exact_rate_ratio" => rates::exact_rate_ratio,
        "mid_p_rate_ratio" => rates::mid_p_rate_ratio,
        "score_rate_difference" => rates::score_rate_difference,
        "score_rate_ratio" => rates::score_rate_ratio,
        "scas_rate_difference" => rates::scas_rate_difference,
        "scas_rate_ratio" => rates::scas_rate_ratio,
        "mover_rate_ratio" => rates::mover_rate_ratio,
        "poisson_test" => return poisson_test(arguments),
        "quasi_poisson" | "robust_poisson" | "negative_binomial" | "poisson_regression" => {
            return of_units(name, arguments);
        }
        _ => return Ok(None),
    };
    let (events, level) = (events(arguments)?, arguments.level()?);
    answer(arguments, || method(&events, level))
}

fn events(arguments: &mut Arguments<'_>) -> Result<Events, StatError> {
    Events::new(arguments.count("x1")?, arguments.number("t1")?, arguments.count("x0")?, arguments.number("t0")?)
}

fn poisson_test(arguments: &mut Arguments<'_>) -> Answer {
    let (events, side) = (events(arguments)?, arguments.side()?);
    let tail = match arguments.text_or("method", "central")? {
        "central" => PoissonTail::Central,
        "min_likelihood" => PoissonTail::MinLikelihood,
        "mid_p" => PoissonTail::MidP,
        _ => return Err(StatError::invalid("method", "must be \"central\", \"min_likelihood\" or \"mid_p\"")),
    };
    answer(arguments, || rates::poisson_test(&events, tail, side))
}

fn of_units(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let (counts1, exposures1) = (arguments.counts("counts1")?, arguments.numbers("exposures1")?);
    let (counts0, exposures0) = (arguments.counts("counts0")?, arguments.numbers("exposures0")?);
    let (arm1, arm0) = (ArmCounts::new(&counts1, &exposures1)?, ArmCounts::new(&counts0, &exposures0)?);
    if name == "poisson_regression" {
        return answer(arguments, || rates::poisson_regression(&arm1, &arm0));
    }
    let level = arguments.level()?;
    match name {
        "quasi_poisson" => answer(arguments, || rates::quasi_poisson(&arm1, &arm0, level)),
        "robust_poisson" => answer(arguments, || rates::robust_poisson(&arm1, &arm0, level)),
        _ => answer(arguments, || rates::negative_binomial(&arm1, &arm0, level)),
    }
}
