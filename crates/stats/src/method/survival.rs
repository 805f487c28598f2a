//! `survival.*`: people as lists `times`, `events` (0 or 1) and `arm` (0 or 1) of equal length.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Arguments, answer};
use crate::StatError;
use crate::survival::{self, IntervalScale, KaplanMeier, Observation, Ties};

type Arms = (Vec<Observation>, Vec<Observation>);

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "kaplan_meier" => kaplan_meier(arguments),
        "restricted_mean" => {
            let (people, horizon) = (arguments.observations()?, arguments.number("horizon")?);
            answer(arguments, || survival::restricted_mean(&people, horizon))
        }
        "logrank" | "logrank_permutation" | "cox" | "compare_restricted_means" => two_arms(name, arguments),
        _ => Ok(None),
    }
}

fn kaplan_meier(arguments: &mut Arguments<'_>) -> Answer {
    let (people, at) = (arguments.observations()?, arguments.numbers("at")?);
    let scale = match arguments.text_or("scale", "log_log")? {
        "plain" => IntervalScale::Plain,
        "log" => IntervalScale::Log,
        "log_log" => IntervalScale::LogLog,
        "logit" => IntervalScale::Logit,
        "arcsine" => IntervalScale::Arcsine,
        _ => {
            return Err(StatError::invalid(
                "scale",
                "must be \"plain\", \"log\", \"log_log\", \"logit\" or \"arcsine\"",
            ));
        }
    };
    let level = arguments.level()?;
    answer(arguments, || {
        let curve = KaplanMeier::fit(&people)?;
        let points = at.iter().map(|&time| curve.at(time, scale, level)).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({"at": points, "median": curve.median(scale, level)?}))
    })
}

fn split(people: &[Observation], arm: &[bool], stratum: Option<&[usize]>) -> Result<Vec<Arms>, StatError> {
    if arm.len() != people.len() || stratum.is_some_and(|stratum| stratum.len() != people.len()) {
        return Err(StatError::invalid("arm", "times, arms and strata must have the same length"));
    }
    let mut strata: BTreeMap<usize, Arms> = BTreeMap::new();
    for (i, one) in people.iter().enumerate() {
        let arms = strata.entry(stratum.map_or(0, |stratum| stratum[i])).or_default();
        if arm[i] { arms.0.push(*one) } else { arms.1.push(*one) }
    }
    Ok(strata.into_values().collect())
}

fn two_arms(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let (people, arm) = (arguments.observations()?, arguments.flags("arm")?);
    if name == "logrank" {
        let (stratum, rho) = (arguments.optional_groups("stratum")?, arguments.number_or("rho", 0.0)?);
        let (strata, side) = (split(&people, &arm, stratum.as_deref())?, arguments.side()?);
        return answer(arguments, || survival::logrank_stratified(&strata, rho, side));
    }
    let (arm1, arm0) = split(&people, &arm, None)?.pop().unwrap_or_default();
    if name == "logrank_permutation" {
        let how = super::means::draws(arguments)?;
        return answer(arguments, || survival::logrank_permutation(&arm1, &arm0, how));
    }
    let (side, level) = (arguments.side()?, arguments.level()?);
    if name == "compare_restricted_means" {
        let horizon = arguments.number("horizon")?;
        return answer(arguments, || survival::compare_restricted_means(&arm1, &arm0, horizon, side, level));
    }
    if let Some(cluster) = arguments.optional_groups("cluster")? {
        return answer(arguments, || survival::cox_clustered(&people, &arm, &cluster, side, level));
    }
    let ties = match arguments.text_or("ties", "efron")? {
        "efron" => Ties::Efron,
        "breslow" => Ties::Breslow,
        "exact" => Ties::Exact,
        _ => return Err(StatError::invalid("ties", "must be \"efron\", \"breslow\" or \"exact\"")),
    };
    answer(arguments, || survival::cox(&arm1, &arm0, ties, side, level))
}
