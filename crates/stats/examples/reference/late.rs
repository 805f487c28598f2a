//! Non-compliance and missing outcomes.

use std::path::Path;

use fairtrial_stats::StatError;
use fairtrial_stats::confidence_set::ConfidenceSet;
use fairtrial_stats::instrumental::{ResidualSpread, anderson_rubin, complier_average, take_up};
use fairtrial_stats::missing::{BoundedOutcome, Trimming, lee_bounds, manski_bounds};
use fairtrial_stats::sufficient::CoMoments;
use fairtrial_stats::{Interval, Side};
use serde_json::{Value, json};

use super::shape::{column, columns, f64_or, number, unknown};

pub(crate) fn value(id: &str, input: &Value, data: &Path) -> Result<Value, StatError> {
    let level = f64_or(input, "level", 0.95)?;
    let columns = columns(data, input["data"].as_str().unwrap_or("late.csv"))?;
    let (z, d, y) = (column(&columns, "z")?, column(&columns, "d")?, column(&columns, "y")?);
    let of = |values: &[f64], arm: f64| -> Vec<f64> {
        values.iter().zip(&z).filter(|(_, z)| **z == arm).map(|(value, _)| *value).collect()
    };
    let arm = |arm: f64| CoMoments::of(&[&of(&y, arm), &of(&d, arm)]);
    match id {
        "iv2sls_robust" | "iv2sls_unadjusted" => {
            let spread = if id.ends_with("robust") { ResidualSpread::PerArm } else { ResidualSpread::Common };
            let estimate = complier_average(&arm(1.0)?, &arm(0.0)?, spread, Side::Two, level)?;
            Ok(json!({"est": estimate.point, "se": estimate.standard_error}))
        }
        "anderson_rubin" => {
            let (arm1, arm0) = (arm(1.0)?, arm(0.0)?);
            let moved = take_up(&arm1, &arm0)?;
            let interval = match anderson_rubin(&arm1, &arm0, level)? {
                ConfidenceSet::Bounded { lower, upper } => Interval { lower, upper, level },
                set => set.hull(level),
            };
            Ok(json!({
                "wald": moved.intention_to_treat / moved.take_up_difference,
                "itt": moved.intention_to_treat,
                "first_stage": moved.take_up_difference,
                "lo": number(interval.lower),
                "hi": number(interval.upper),
            }))
        }
        "lee_bounds" => {
            let missing = column(&columns, "miss")?;
            let seen = |arm: f64| -> Vec<f64> {
                let units = y.iter().zip(&z).zip(&missing);
                units.filter(|((_, z), miss)| **z == arm && **miss == 0.0).map(|((value, _), _)| *value).collect()
            };
            let absent = |arm: f64| of(&missing, arm).iter().filter(|miss| **miss != 0.0).count() as u64;
            let bounds = lee_bounds(&seen(1.0), absent(1.0), &seen(0.0), absent(0.0), Trimming::WholeUnits)?;
            Ok(json!({
                "trim_prop": bounds.trimmed_share,
                "k": bounds.trimmed,
                "lower": bounds.bounds.lower,
                "upper": bounds.bounds.upper,
                "share1": bounds.observed_share1,
                "share0": bounds.observed_share0,
            }))
        }
        "manski_binary" => {
            let missing = column(&columns, "miss")?;
            let outcome = |arm: f64| {
                let mut summary = BoundedOutcome { observed: 0, missing: 0, mean: 0.0 };
                let mut with = 0;
                for ((value, z), miss) in y.iter().zip(&z).zip(&missing) {
                    if *z == arm && *miss != 0.0 {
                        summary.missing += 1;
                    } else if *z == arm {
                        summary.observed += 1;
                        with += u64::from(*value > 1.5);
                    }
                }
                summary.mean = with as f64 / summary.observed.max(1) as f64;
                summary
            };
            let bounds = manski_bounds(&outcome(1.0), &outcome(0.0), 0.0, 1.0)?;
            Ok(json!({"lower": bounds.lower, "upper": bounds.upper}))
        }
        _ => Err(unknown(id)),
    }
}
