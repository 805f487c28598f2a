//! Two proportions.

use std::path::Path;

use fairtrial_stats::two_proportions::{self as two, FisherMethod, Ratio, ScoreVariance, Table, UnconditionalTest};
use fairtrial_stats::{Estimate, Side, StatError};
use serde_json::{Value, json};

use super::shape::{f64_or, interval, number, u64_of, unknown};

pub(crate) fn value(id: &str, input: &Value, _: &Path) -> Result<Value, StatError> {
    let count = |name: &str| u64_of(input, name);
    let table = Table::new(count("x1")?, count("n1")?, count("x0")?, count("n0")?)?;
    let level = f64_or(input, "level", 0.95)?;
    if let Some(delta) = margin(id, "mn_z_NI_") {
        return Ok(number(two::score_statistic(&table, delta?, ScoreVariance::MiettinenNurminen)?));
    }
    if let Some(delta) = margin(id, "fm_z_NI_") {
        return Ok(number(two::score_statistic(&table, delta?, ScoreVariance::Uncorrected)?));
    }
    if id.starts_with("fisher") {
        return fisher(id, &table, level);
    }
    if id.starts_with("boschloo") || id.starts_with("barnard") {
        return unconditional(id, &table);
    }
    let (mn, plain) = (ScoreVariance::MiettinenNurminen, ScoreVariance::Uncorrected);
    let limits = |estimate: Result<Estimate, StatError>| Ok(interval(&estimate?.interval));
    match id {
        "or_cond_mle_ci" => with_estimate(&two::conditional_odds_ratio(&table, level, false)?),
        "mn_RD_own" => limits(two::risk_difference_score(&table, level, mn)),
        "mee_RD_own" => limits(two::risk_difference_score(&table, level, plain)),
        "mn_RR_own" => limits(two::risk_ratio_score(&table, level, mn)),
        "mn_OR_own" => limits(two::odds_ratio_score(&table, level, mn)),
        "nobcf_RR_own" => limits(two::risk_ratio_score(&table, level, plain)),
        "nobcf_OR_own" => limits(two::odds_ratio_score(&table, level, plain)),
        "newcombe_RD_own" | "sm_diff_newcomb" => limits(two::newcombe(&table, level)),
        "sm_diff_agresti-caffo" => limits(two::agresti_caffo(&table, level)),
        "pearson_chisq_nocc" => pearson(&table, level),
        "ztest_pooled" => {
            let z = defined(two::pooled_z(&table))?;
            let p = defined(two::pearson(&table).map(|p| p.p()))?;
            Ok(json!({"z": number(z), "p": number(p)}))
        }
        "mover_jeffreys_RD" => limits(two::mover_risk_difference(&table, level)),
        "mover_jeffreys_RR" => limits(two::mover_ratio(&table, Ratio::Risk, level)),
        "mover_jeffreys_OR" => limits(two::mover_ratio(&table, Ratio::Odds, level)),
        "scas_RD" => skewness_corrected(two::scas_risk_difference(&table, level)?),
        "scas_RR" => skewness_corrected(two::scas_ratio(&table, Ratio::Risk, level)?),
        "scas_OR" => skewness_corrected(two::scas_ratio(&table, Ratio::Odds, level)?),
        "melded_ci_diff" => with_p(&two::melded_risk_difference(&table, level)?),
        "melded_ci_ratio" => with_p(&two::melded_risk_ratio(&table, level)?),
        _ if id.starts_with("uncond_score_diff_") => exact_difference(id, &table, level),
        _ => Err(unknown(id)),
    }
}

fn with_p(estimate: &Estimate) -> Result<Value, StatError> {
    let mut value = interval(&estimate.interval);
    value["p"] = number(estimate.p_value.map_or(f64::NAN, |p| p.p()));
    Ok(value)
}

fn skewness_corrected(estimate: Estimate) -> Result<Value, StatError> {
    let mut value = interval(&estimate.interval);
    value["est"] = estimate.point.map_or(json!("NA"), number);
    Ok(value)
}

/// A one-sided interval has the whole error on its side; the reference bisects.
fn exact_difference(id: &str, table: &Table, level: f64) -> Result<Value, StatError> {
    let (side, level) = match id {
        "uncond_score_diff_two.sided" => (Side::Two, level),
        "uncond_score_diff_greater" => (Side::Greater, 2.0 * level - 1.0),
        "uncond_score_diff_less" => (Side::Less, 2.0 * level - 1.0),
        _ => return Err(unknown(id)),
    };
    let limits = two::bisected_exact_limits(table, level)?;
    let p = two::exact_margin_test(table, 0.0, side)?.p_value.p();
    let lower = if side == Side::Less { -1.0 } else { limits.lower };
    let upper = if side == Side::Greater { 1.0 } else { limits.upper };
    Ok(json!({"p": p, "lo": number(lower), "hi": number(upper)}))
}

/// Not a number where the method has no answer because nothing varies; other errors stay errors.
fn defined(value: Result<f64, StatError>) -> Result<f64, StatError> {
    match value {
        Err(StatError::ZeroVariance) => Ok(f64::NAN),
        other => other,
    }
}

/// The null difference in names such as `mn_z_NI_-0.1_own`.
fn margin(id: &str, prefix: &str) -> Option<Result<f64, StatError>> {
    let text = id.strip_prefix(prefix)?.strip_suffix("_own")?;
    Some(text.parse().map_err(|_| unknown(id)))
}

fn with_estimate(estimate: &Estimate) -> Result<Value, StatError> {
    let mut value = interval(&estimate.interval);
    // The oracle writes 0 where the margins leave only one table.
    value["est"] = number(estimate.point.unwrap_or(0.0));
    Ok(value)
}

fn fisher(id: &str, table: &Table, level: f64) -> Result<Value, StatError> {
    let p = |method, side| Ok(number(two::fisher(table, method, side)?.p()));
    match id {
        "fisher_two_sided_minlike" => p(FisherMethod::MinLikelihood, Side::Two),
        "fisher_greater" => p(FisherMethod::Central, Side::Greater),
        "fisher_less" => p(FisherMethod::Central, Side::Less),
        "fisher_central" => p(FisherMethod::Central, Side::Two),
        "fisher_blaker" => p(FisherMethod::Blaker, Side::Two),
        "fisher_midp_greater" => p(FisherMethod::MidP, Side::Greater),
        "fisher_midp_central" => {
            let odds = two::conditional_odds_ratio(table, level, true)?;
            let p = p(FisherMethod::MidP, Side::Two)?;
            Ok(json!({"p": p, "or_lo": number(odds.interval.lower), "or_hi": number(odds.interval.upper)}))
        }
        _ => Err(unknown(id)),
    }
}

fn unconditional(id: &str, table: &Table) -> Result<Value, StatError> {
    let (test, ordering): (UnconditionalTest, &str) = match id {
        "boschloo_own_two-sided" => (two::boschloo_min_likelihood(table)?, "fisher"),
        "boschloo_own_greater" => (two::boschloo(table, Side::Greater)?, "fisher"),
        "boschloo_own_less" => (two::boschloo(table, Side::Less)?, "fisher"),
        "barnard_own_two-sided" => (two::barnard_absolute(table)?, "z"),
        "barnard_own_greater" => (two::barnard(table, Side::Greater)?, "z"),
        "barnard_own_less" => (two::barnard(table, Side::Less)?, "z"),
        _ => return Err(unknown(id)),
    };
    let mut value = json!({"p": test.p_value.p(), "nuisance": test.supremum.at});
    value[ordering] = number(test.statistic);
    Ok(value)
}

fn pearson(table: &Table, level: f64) -> Result<Value, StatError> {
    let z = defined(two::pooled_z(table))?;
    let p = defined(two::pearson(table).map(|p| p.p()))?;
    let (lower, upper) = match two::wald(table, level) {
        // The oracle ends its interval where a difference ends.
        Ok(wald) => (wald.interval.lower.max(-1.0), wald.interval.upper.min(1.0)),
        // The oracle gives an interval of no width where there is no variation.
        Err(StatError::ZeroVariance) => (table.difference(), table.difference()),
        Err(error) => return Err(error),
    };
    Ok(json!({"x2": number(z * z), "p": number(p), "wald_lo": number(lower), "wald_hi": number(upper)}))
}
