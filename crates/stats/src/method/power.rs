//! `power.*`: `alpha`, `side`; for sizes also `power`, `ratio` (arm 1 to arm 0) and `attrition`.

use super::{Answer, Arguments, answer};
use crate::StatError;
use crate::power::{self, ClusterSizes, EventTimes, Plan, StepUnits};

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let (kind, what) = name.rsplit_once('_').unwrap_or((name, ""));
    match kind {
        "means" => means(what, arguments),
        "proportions" => proportions(what, arguments),
        "rates" => rates(what, arguments),
        "events" | "survival" => survival(name, arguments),
        "clusters" => clusters(what, arguments),
        "stepped_wedge" => stepped_wedge(what, arguments),
        _ => Ok(None),
    }
}

fn plan(arguments: &mut Arguments<'_>) -> Result<Plan, StatError> {
    Ok(Plan {
        alpha: arguments.fraction_or("alpha", 0.05)?,
        side: arguments.side()?,
        power: arguments.fraction_or("power", 0.8)?,
        ratio: arguments.number_or("ratio", 1.0)?,
        attrition: arguments.number_or("attrition", 0.0)?,
    })
}

fn means(what: &str, arguments: &mut Arguments<'_>) -> Answer {
    let sd1 = arguments.number("sd1")?;
    let sd0 = arguments.number_or("sd0", sd1)?;
    if what == "needed" {
        let (difference, plan) = (arguments.number("difference")?, plan(arguments)?);
        return answer(arguments, || power::means_needed(difference, sd1, sd0, &plan));
    }
    let (n1, n0) = (arguments.number("n1")?, arguments.number("n0")?);
    let (alpha, side) = (arguments.fraction_or("alpha", 0.05)?, arguments.side()?);
    match what {
        "power" => {
            let difference = arguments.number("difference")?;
            answer(arguments, || power::means_power(difference, n1, n0, sd1, sd0, alpha, side))
        }
        "detectable" => {
            let target = arguments.fraction_or("power", 0.8)?;
            answer(arguments, || power::means_detectable(n1, n0, sd1, sd0, alpha, side, target))
        }
        _ => Ok(None),
    }
}

fn proportions(what: &str, arguments: &mut Arguments<'_>) -> Answer {
    let p0 = arguments.probability("p0")?;
    if what == "needed" {
        let (p1, null) = (arguments.probability("p1")?, arguments.number_or("null_difference", 0.0)?);
        let plan = plan(arguments)?;
        return answer(arguments, || power::proportions_needed(p1, p0, null, &plan));
    }
    let (n1, n0) = (arguments.number("n1")?, arguments.number("n0")?);
    let (alpha, side) = (arguments.fraction_or("alpha", 0.05)?, arguments.side()?);
    match what {
        "power" => {
            let (p1, null) = (arguments.probability("p1")?, arguments.number_or("null_difference", 0.0)?);
            answer(arguments, || power::proportions_power(p1, p0, null, n1, n0, alpha, side))
        }
        "detectable" => {
            let target = arguments.fraction_or("power", 0.8)?;
            answer(arguments, || power::proportions_detectable(p0, n1, n0, alpha, side, target))
        }
        _ => Ok(None),
    }
}

fn rates(what: &str, arguments: &mut Arguments<'_>) -> Answer {
    let (rate1, rate0) = (arguments.number("rate1")?, arguments.number("rate0")?);
    let (exposure, dispersion) = (arguments.number_or("exposure", 1.0)?, arguments.number_or("dispersion", 0.0)?);
    let null = arguments.number_or("null_ratio", 1.0)?;
    match what {
        "needed" => {
            let plan = plan(arguments)?;
            answer(arguments, || power::rates_needed(rate1, rate0, exposure, dispersion, null, &plan))
        }
        "power" => {
            let (n1, n0) = (arguments.number("n1")?, arguments.number("n0")?);
            let (alpha, side) = (arguments.fraction_or("alpha", 0.05)?, arguments.side()?);
            answer(arguments, || power::rates_power(rate1, rate0, exposure, dispersion, null, n1, n0, alpha, side))
        }
        _ => Ok(None),
    }
}

fn survival(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let (ratio, null) = (arguments.number("hazard_ratio")?, arguments.number_or("null_ratio", 1.0)?);
    match name {
        "events_needed" => {
            let plan = plan(arguments)?;
            answer(arguments, || power::events_needed(ratio, null, &plan))
        }
        "events_power" => {
            let (events, allocation) = (arguments.number("events")?, arguments.number_or("ratio", 1.0)?);
            let (alpha, side) = (arguments.fraction_or("alpha", 0.05)?, arguments.side()?);
            answer(arguments, || power::events_power(events, ratio, null, allocation, alpha, side))
        }
        "survival_needed" => {
            let times = EventTimes {
                hazard0: arguments.number("hazard0")?,
                enrolment: arguments.number("enrolment")?,
                follow_up: arguments.number("follow_up")?,
                drop_out: arguments.number_or("drop_out", 0.0)?,
            };
            let plan = plan(arguments)?;
            answer(arguments, || power::survival_needed(ratio, null, &times, &plan))
        }
        _ => Ok(None),
    }
}

fn clusters(what: &str, arguments: &mut Arguments<'_>) -> Answer {
    let sd = arguments.number_or("sd", 1.0)?;
    let sizes = ClusterSizes {
        mean_size: arguments.number("mean_size")?,
        icc: arguments.number("icc")?,
        size_variation: arguments.number_or("size_variation", 0.0)?,
    };
    if what == "needed" {
        let (difference, plan) = (arguments.number("difference")?, plan(arguments)?);
        return answer(arguments, || power::clusters_needed(difference, sd, &sizes, &plan));
    }
    let (clusters1, clusters0) = (arguments.number("clusters1")?, arguments.number("clusters0")?);
    let (alpha, side) = (arguments.fraction_or("alpha", 0.05)?, arguments.side()?);
    match what {
        "power" => {
            let difference = arguments.number("difference")?;
            answer(arguments, || power::clusters_power(difference, sd, clusters1, clusters0, &sizes, alpha, side))
        }
        "detectable" => {
            let target = arguments.fraction_or("power", 0.8)?;
            answer(arguments, || power::clusters_detectable(sd, clusters1, clusters0, &sizes, alpha, side, target))
        }
        _ => Ok(None),
    }
}

fn stepped_wedge(what: &str, arguments: &mut Arguments<'_>) -> Answer {
    let rollout = arguments.flag_rows("rollout")?;
    let units = StepUnits {
        units: arguments.number("units")?,
        between: arguments.number("between")?,
        within: arguments.number("within")?,
    };
    match what {
        "variance" => answer(arguments, || power::stepped_wedge_variance(&rollout, &units)),
        "power" => {
            let (effect, alpha) = (arguments.number("effect")?, arguments.fraction_or("alpha", 0.05)?);
            let side = arguments.side()?;
            answer(arguments, || power::stepped_wedge_power(effect, &rollout, &units, alpha, side))
        }
        _ => Ok(None),
    }
}
