//! Clusters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fairtrial_stats::cluster::{
    ClusterRobust, MixedModel, RandomIntercept, cluster_means_student, cluster_means_welch, cluster_permutation,
    cluster_robust, cluster_robust_regression, cluster_variance, indicator_columns, random_intercept, stepped_wedge,
};
use fairtrial_stats::linear::LeastSquares;
use fairtrial_stats::means::Draws;
use fairtrial_stats::special::student;
use fairtrial_stats::sufficient::Moments;
use fairtrial_stats::{Estimate, Side, StatError};
use serde_json::{Value, json};

use super::means::estimate_value;
use super::shape::{column, columns, f64_or, unknown};

type Columns = BTreeMap<String, Vec<f64>>;

/// Moments of each cluster in arm 1 and in arm 0.
fn clusters(columns: &Columns, input: &Value) -> Result<(Vec<Moments>, Vec<Moments>), StatError> {
    let formula = input["formula"].as_str().and_then(|formula| formula.split_once('~'));
    let outcome = formula.map_or_else(|| input["outcome"].as_str().unwrap_or("y"), |(left, _)| left.trim());
    let values = column(columns, outcome)?;
    let arms = column(columns, input["treatment"].as_str().unwrap_or("t"))?;
    let names = column(columns, input["cluster"].as_str().unwrap_or("office"))?;
    let mut members: BTreeMap<(bool, u64), Vec<f64>> = BTreeMap::new();
    for ((value, arm), name) in values.iter().zip(&arms).zip(&names) {
        members.entry((*arm == 1.0, name.to_bits())).or_default().push(*value);
    }
    let of = |arm: bool| -> Result<Vec<Moments>, StatError> {
        members.iter().filter(|((in_arm1, _), _)| *in_arm1 == arm).map(|(_, values)| Moments::of(values)).collect()
    };
    Ok((of(true)?, of(false)?))
}

/// Outcome and terms of a formula that has more than the arm.
fn with_covariates(formula: &str) -> Option<(&str, Vec<&str>)> {
    let (outcome, terms) = formula.split_once('~')?;
    let terms: Vec<&str> = terms.split('+').map(str::trim).collect();
    (terms.len() > 1).then_some((outcome.trim(), terms))
}

/// The coefficient of the arm beside covariates.
fn regression(
    columns: &Columns,
    outcome: &str,
    terms: &[&str],
    kind: ClusterRobust,
    level: f64,
) -> Result<Estimate, StatError> {
    let y = column(columns, outcome)?;
    let mut design = vec![vec![1.0; y.len()]];
    for term in terms {
        design.push(column(columns, term)?);
    }
    let borrowed: Vec<&[f64]> = design.iter().map(Vec::as_slice).collect();
    let arm = terms.iter().position(|term| *term == "t").ok_or_else(|| StatError::invalid("formula", "needs t"))?;
    let fit = LeastSquares::fit(&y, &borrowed)?;
    cluster_robust_regression(&fit, &numbers(columns, "office")?, arm + 1, kind, 0.0, Side::Two, level)
}

fn numbers(columns: &Columns, name: &str) -> Result<Vec<usize>, StatError> {
    Ok(column(columns, name)?.iter().map(|&number| number as usize).collect())
}

pub(crate) fn value(id: &str, input: &Value, data: &Path) -> Result<Value, StatError> {
    let level = f64_or(input, "level", 0.95)?;
    let file = input["data"].as_str().unwrap_or(if id.starts_with("sw_") { "sw.csv" } else { "cluster.csv" });
    let columns = columns(data, file)?;
    if id.starts_with("sw_") {
        return phased(id, &columns, level);
    }
    let robust = |kind| {
        if let Some((outcome, terms)) = input["formula"].as_str().and_then(with_covariates) {
            return regression(&columns, outcome, &terms, kind, level);
        }
        let (arm1, arm0) = clusters(&columns, input)?;
        cluster_robust(&arm1, &arm0, kind, 0.0, Side::Two, level)
    };
    Ok(match id {
        "lm_CR0" => estimate_value(&robust(ClusterRobust::Cr0)?),
        "lm_CR1" => estimate_value(&robust(ClusterRobust::Cr1)?),
        "lm_CR1S" => estimate_value(&robust(ClusterRobust::Cr1Stata)?),
        "lm_CR2" => estimate_value(&robust(ClusterRobust::Cr2)?),
        "lm_CR3" => estimate_value(&robust(ClusterRobust::Cr3)?),
        "crv_from_sums_y" | "crv_from_sums_b" => {
            let error = |kind| robust(kind).map(|estimate| estimate.standard_error);
            let cr2 = robust(ClusterRobust::Cr2)?;
            let mut value = estimate_value(&cr2);
            value["CR0"] = json!(error(ClusterRobust::Cr0)?);
            value["CR1"] = json!(error(ClusterRobust::Cr1)?);
            value["CR2"] = json!(cr2.standard_error);
            value["CR3"] = json!(error(ClusterRobust::Cr3)?);
            value["df_CR2"] = json!(cr2.degrees_of_freedom);
            value
        }
        "cluster_means_welch" | "cluster_means_student" => {
            let (arm1, arm0) = clusters(&columns, input)?;
            let method = if id.ends_with("welch") { cluster_means_welch } else { cluster_means_student };
            estimate_value(&method(&arm1, &arm0, 0.0, Side::Two, level)?)
        }
        "icc_anova" => {
            let (arm1, arm0) = clusters(&columns, input)?;
            let variance = cluster_variance(&[&arm1, &arm0])?;
            json!({"MSB": variance.between, "MSW": variance.within, "m0": variance.typical_size, "icc": variance.icc})
        }
        "cluster_perm_exact" => {
            let (arm1, arm0) = clusters(&columns, input)?;
            let test = cluster_permutation(&arm1, &arm0, Draws::Exact)?;
            json!({"obs": test.difference, "p2": test.p_two, "p_greater": test.p_greater, "n": test.arrangements})
        }
        "lmm_satt" | "lmm_kr" => {
            let y = column(&columns, "y")?;
            let (ones, arm) = (vec![1.0; y.len()], column(&columns, "t")?);
            let model = if id == "lmm_kr" { MixedModel::KenwardRoger } else { MixedModel::Satterthwaite };
            let office = numbers(&columns, "office")?;
            let fit = random_intercept(&y, &office, &[&ones, &arm], 1, model, 0.0, Side::Two, level)?;
            let mut value = mixed_value(&fit, model, y.len() - 2, level);
            value["tau2"] = json!(fit.between);
            value["sigma2"] = json!(fit.within);
            value["reml"] = json!(fit.log_likelihood);
            value
        }
        _ => return Err(unknown(id)),
    })
}

/// Where nothing varies between clusters, the oracle's Satterthwaite takes all residual degrees of freedom, as if there
/// were no clusters; ours stays with those that the clusters give.
fn mixed_value(fit: &RandomIntercept, model: MixedModel, residual: usize, level: f64) -> Value {
    let mut value = estimate_value(&fit.estimate);
    let (point, error) = (fit.estimate.point.unwrap_or(f64::NAN), fit.estimate.standard_error.unwrap_or(f64::NAN));
    if fit.between == 0.0 && model == MixedModel::Satterthwaite {
        let df = residual as f64;
        let reach = student::quantile(0.5 + 0.5 * level, df) * error;
        value["df"] = json!(df);
        value["p"] = json!(2.0 * student::sf((point / error).abs(), df));
        value["lo"] = json!(point - reach);
        value["hi"] = json!(point + reach);
    }
    value
}

fn phased(id: &str, columns: &Columns, level: f64) -> Result<Value, StatError> {
    let y = column(columns, "y")?;
    let new_version: Vec<bool> = column(columns, "t")?.iter().map(|&arm| arm == 1.0).collect();
    let (cluster, period) = (numbers(columns, "cluster")?, numbers(columns, "period")?);
    match id {
        "sw_hussey_hughes" => {
            let fit = |model| stepped_wedge(&y, &cluster, &period, &new_version, model, Side::Two, level);
            let (plain, corrected) = (fit(MixedModel::Satterthwaite)?, fit(MixedModel::KenwardRoger)?);
            let periods = period.iter().collect::<BTreeSet<_>>().len();
            let mut value = mixed_value(&plain, MixedModel::Satterthwaite, y.len() - periods - 1, level);
            value["kr_se"] = json!(corrected.estimate.standard_error);
            value["kr_df"] = json!(corrected.estimate.degrees_of_freedom);
            value["tau2"] = json!(plain.between);
            value["sigma2"] = json!(plain.within);
            Ok(value)
        }
        "sw_CR2" => {
            let mut design = vec![column(columns, "t")?];
            design.extend(indicator_columns(&period)?);
            // The first cluster's column would repeat the sum of the periods' columns.
            design.extend(indicator_columns(&cluster)?.into_iter().skip(1));
            let borrowed: Vec<&[f64]> = design.iter().map(Vec::as_slice).collect();
            let fit = LeastSquares::fit(&y, &borrowed)?;
            let kind = ClusterRobust::Cr2;
            Ok(estimate_value(&cluster_robust_regression(&fit, &cluster, 0, kind, 0.0, Side::Two, level)?))
        }
        _ => Err(unknown(id)),
    }
}
