//! Time to an event.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_stats::means::Draws;
use fairtrial_stats::survival::{
    IntervalScale, KaplanMeier, Observation, Ties, compare_restricted_means, cox, cox_clustered, logrank,
    logrank_permutation, logrank_stratified,
};
use fairtrial_stats::{Estimate, Interval, Side, StatError};
use serde_json::{Value, json};

use super::means::first_rows;
use super::shape::{column, columns, f64_of, f64_or, f64s_of, unknown};

struct People {
    observations: Vec<Observation>,
    in_arm1: Vec<bool>,
    stratum: Vec<usize>,
}

impl People {
    fn read(input: &Value, data: &Path) -> Result<Self, StatError> {
        let columns = columns(data, input["data"].as_str().unwrap_or("surv.csv"))?;
        let times = column(&columns, "time")?;
        let rows = first_rows(input, times.len());
        let events = column(&columns, "event")?;
        let observation = |(time, event): (&f64, &f64)| Observation { time: *time, event: *event == 1.0 };
        Ok(Self {
            observations: times.iter().zip(&events).take(rows).map(observation).collect(),
            in_arm1: column(&columns, "t")?.iter().take(rows).map(|&arm| arm == 1.0).collect(),
            stratum: column(&columns, "stratum")?.iter().take(rows).map(|&stratum| stratum as usize).collect(),
        })
    }

    fn arm(&self, arm: bool) -> Vec<Observation> {
        self.observations.iter().zip(&self.in_arm1).filter(|(_, in1)| **in1 == arm).map(|(one, _)| *one).collect()
    }

    fn strata(&self) -> Vec<(Vec<Observation>, Vec<Observation>)> {
        let mut strata: BTreeMap<usize, (Vec<Observation>, Vec<Observation>)> = BTreeMap::new();
        for ((one, new), stratum) in self.observations.iter().zip(&self.in_arm1).zip(&self.stratum) {
            let arms = strata.entry(*stratum).or_default();
            if *new { arms.0.push(*one) } else { arms.1.push(*one) }
        }
        strata.into_values().collect()
    }
}

pub(crate) fn value(id: &str, input: &Value, data: &Path) -> Result<Value, StatError> {
    let level = f64_or(input, "level", 0.95)?;
    let people = People::read(input, data)?;
    let (arm1, arm0) = (people.arm(true), people.arm(false));
    match id {
        "km" | "km_log-log" => curve(&people, input, IntervalScale::LogLog, level),
        "km_log" => curve(&people, input, IntervalScale::Log, level),
        "km_plain" => curve(&people, input, IntervalScale::Plain, level),
        "km_logit" => curve(&people, input, IntervalScale::Logit, level),
        "km_arcsin" => curve(&people, input, IntervalScale::Arcsine, level),
        "logrank_rho0" | "logrank_rho1" | "logrank_strat" => {
            let test = match id {
                "logrank_strat" => logrank_stratified(&people.strata(), 0.0, Side::Two)?,
                "logrank_rho1" => logrank(&arm1, &arm0, 1.0, Side::Two)?,
                _ => logrank(&arm1, &arm0, 0.0, Side::Two)?,
            };
            Ok(json!({
                "obs": [test.observed0, test.observed1],
                "exp": [test.expected0, test.expected1],
                "var": test.variance,
                "chisq": test.z * test.z,
                "p": test.p_value.p(),
                "z": test.z,
            }))
        }
        "cox_efron" | "cox_breslow" | "cox_exact" => {
            let ties = match id {
                "cox_efron" => Ties::Efron,
                "cox_breslow" => Ties::Breslow,
                _ => Ties::Exact,
            };
            let model = cox(&arm1, &arm0, ties, Side::Two, level)?;
            Ok(json!({
                "beta": model.log_hazard_ratio.point,
                "se": model.log_hazard_ratio.standard_error,
                "score": model.score,
                "lr": model.likelihood_ratio,
                "wald": model.wald,
            }))
        }
        "cox_robust" => {
            let model = cox_clustered(&people.observations, &people.in_arm1, &people.stratum, Side::Two, level)?;
            Ok(json!({
                "beta": model.log_hazard_ratio.point,
                "se": model.log_hazard_ratio.standard_error,
                "naive": model.model_standard_error,
            }))
        }
        "rmst" => {
            let means = compare_restricted_means(&arm1, &arm0, f64_of(input, "tau")?, Side::Two, level)?;
            let arm = |mean: f64, error: f64| {
                let margin = -fairtrial_stats::special::normal::quantile((1.0 - level) / 2.0) * error;
                json!([mean, error, mean - margin, mean + margin])
            };
            let row = |estimate: &Estimate| {
                let p = estimate.p_value.map(|p| p.p());
                json!([estimate.point, estimate.interval.lower, estimate.interval.upper, p])
            };
            Ok(json!({
                "arm1": arm(means.arm1.mean, means.arm1.standard_error),
                "arm0": arm(means.arm0.mean, means.arm0.standard_error),
                "unadj": [row(&means.difference), row(&means.ratio), means.ratio_of_time_lost.as_ref().map(row)],
            }))
        }
        "logrank_exact_perm" => {
            let test = logrank_permutation(&arm1, &arm0, Draws::Exact)?;
            Ok(json!({"z": test.standardised, "p": test.p_two}))
        }
        _ => Err(unknown(id)),
    }
}

fn curve(people: &People, input: &Value, scale: IntervalScale, level: f64) -> Result<Value, StatError> {
    let observations = people.arm(input["arm"].as_u64() == Some(1));
    let first = observations.iter().map(|observation| observation.time).fold(f64::INFINITY, f64::min);
    let curve = KaplanMeier::fit(&observations)?;
    let (mut survival, mut errors, mut lower, mut upper) = (vec![], vec![], vec![], vec![]);
    for time in f64s_of(input, "times")? {
        let at = curve.at(time, scale, level)?;
        survival.push(at.survival);
        // Where nobody is left R has no ends. Where no event has happened yet it has the share itself, but for scales without an end
        // at 1 only until somebody leaves.
        if at.survival == 0.0 {
            errors.push(json!("NaN"));
            lower.push(json!("NA"));
            upper.push(json!("NA"));
            continue;
        }
        errors.push(json!(at.standard_error.unwrap_or(0.0)));
        let end = |end: fn(Interval) -> f64| match (at.interval, scale) {
            (Some(interval), _) => json!(end(interval)),
            (None, IntervalScale::Plain | IntervalScale::Log) => json!(at.survival),
            (None, _) if time < first => json!(at.survival),
            (None, IntervalScale::LogLog) => json!("NA"),
            (None, IntervalScale::Logit | IntervalScale::Arcsine) => json!("NaN"),
        };
        lower.push(end(|interval| interval.lower));
        upper.push(end(|interval| interval.upper));
    }
    let median = curve.median(scale, level)?;
    // R looks for the lower end only where the curve is above 0.
    let lowest = match median.lower {
        Some(time) if curve.at(time, scale, level)?.survival == 0.0 => None,
        lower => lower,
    };
    let or_na = |time: Option<f64>| time.map_or(json!("NA"), |time| json!(time));
    Ok(json!({
        "surv": survival,
        "se": errors,
        "lo": lower,
        "hi": upper,
        "median": or_na(median.median),
        "med_lo": or_na(lowest),
        "med_hi": or_na(median.upper),
    }))
}
