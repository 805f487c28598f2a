//! `clusters.*`: `arm1`, `arm0` as lists of clusters, each a list of values or `{"n", "mean", "variance"}`.

use super::samples::slices;
use super::{Answer, Arguments, answer};
use crate::StatError;
use crate::cluster::{self, ClusterRobust, Family, FewClusters, MixedModel, SteppedWedge, WorkingCorrelation};
use crate::linear::LeastSquares;
use crate::sufficient::{FixedSums, Step};

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    match name {
        "cluster_means_welch" | "cluster_means_student" => {
            let (arm1, arm0) = (arguments.samples("arm1")?, arguments.samples("arm0")?);
            let (null, side, level) =
                (arguments.number_or("null_difference", 0.0)?, arguments.side()?, arguments.level()?);
            let welch = name == "cluster_means_welch";
            let method = if welch { cluster::cluster_means_welch } else { cluster::cluster_means_student };
            answer(arguments, || method(&arm1, &arm0, null, side, level))
        }
        "cluster_robust" => {
            let (arm1, arm0, kind) = (arguments.samples("arm1")?, arguments.samples("arm0")?, kind(arguments)?);
            let (null, side, level) =
                (arguments.number_or("null_difference", 0.0)?, arguments.side()?, arguments.level()?);
            answer(arguments, || cluster::cluster_robust(&arm1, &arm0, kind, null, side, level))
        }
        "cluster_variance" => {
            let (arm1, arm0) = (arguments.samples("arm1")?, arguments.samples("arm0")?);
            answer(arguments, || cluster::cluster_variance(&[&arm1, &arm0]))
        }
        "cluster_permutation" => {
            let (arm1, arm0) = (arguments.samples("arm1")?, arguments.samples("arm0")?);
            let how = super::means::draws(arguments)?;
            answer(arguments, || cluster::cluster_permutation(&arm1, &arm0, how))
        }
        "cluster_permutation_difference" => {
            let (arm1, arm0) = (arguments.samples("arm1")?, arguments.samples("arm0")?);
            let how = super::means::draws(arguments)?;
            let (null, side, level) =
                (arguments.number_or("null_difference", 0.0)?, arguments.side()?, arguments.level()?);
            answer(arguments, || cluster::cluster_permutation_difference(&arm1, &arm0, how, null, side, level))
        }
        "design_effect" => {
            let (size, icc) = (arguments.number("mean_size")?, arguments.number("icc")?);
            let variation = arguments.number_or("size_variation", 0.0)?;
            answer(arguments, || cluster::design_effect(size, icc, variation))
        }
        "estimating_equations" => estimating_equations(arguments),
        "random_intercept" | "cluster_robust_regression" => regression(name, arguments),
        "stepped_wedge" => {
            let (outcome, clusters) = (arguments.numbers("outcome")?, arguments.groups("cluster")?);
            let (period, new_version) = (arguments.groups("period")?, arguments.flags("new_version")?);
            let (model, side, level) = (model(arguments)?, arguments.side()?, arguments.level()?);
            answer(arguments, || cluster::stepped_wedge(&outcome, &clusters, &period, &new_version, model, side, level))
        }
        "stepped_wedge_sums" => {
            let (wedge, model) = (phased(arguments)?, model(arguments)?);
            let (side, level) = (arguments.side()?, arguments.level()?);
            answer(arguments, || cluster::stepped_wedge_sums(&wedge, model, side, level))
        }
        "stepped_wedge_permutation" => {
            let wedge = phased(arguments)?;
            let (correlation, how) = (arguments.number_or("correlation", 1.0)?, super::means::draws(arguments)?);
            let (null, side, level) =
                (arguments.number_or("null_difference", 0.0)?, arguments.side()?, arguments.level()?);
            answer(arguments, || cluster::stepped_wedge_permutation(&wedge, correlation, how, null, side, level))
        }
        _ => Ok(None),
    }
}

/// `cells` as rows of `[n, sum, sum of squares]` in whole steps, `calendar` as rows of `"current"`, `"transition"` and `"new"`.
fn phased(arguments: &mut Arguments<'_>) -> Result<SteppedWedge, StatError> {
    let cells: Vec<Vec<(u64, i128, i128)>> = arguments.parsed("cells")?;
    let sums = |row: Vec<(u64, i128, i128)>| row.into_iter().map(|(n, s1, s2)| FixedSums { n, s1, s2 }).collect();
    Ok(SteppedWedge {
        cells: cells.into_iter().map(sums).collect(),
        step: arguments.optional_parsed("step")?.unwrap_or(Step::ONE),
        calendar: arguments.parsed("calendar")?,
        strata: arguments.optional_groups("strata")?,
    })
}

fn regression(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    let (outcome, clusters) = (arguments.numbers("outcome")?, arguments.groups("cluster")?);
    let columns = arguments.number_rows("columns")?;
    let coefficient = usize::try_from(arguments.count("coefficient")?).unwrap_or(usize::MAX);
    let (null, side, level) = (arguments.number_or("null", 0.0)?, arguments.side()?, arguments.level()?);
    if name == "random_intercept" {
        let model = model(arguments)?;
        return answer(arguments, || {
            cluster::random_intercept(&outcome, &clusters, &slices(&columns), coefficient, model, null, side, level)
        });
    }
    let kind = kind(arguments)?;
    answer(arguments, || {
        let fit = LeastSquares::fit(&outcome, &slices(&columns))?;
        cluster::cluster_robust_regression(&fit, &clusters, coefficient, kind, null, side, level)
    })
}

fn estimating_equations(arguments: &mut Arguments<'_>) -> Answer {
    let (outcome, clusters) = (arguments.numbers("outcome")?, arguments.groups("cluster")?);
    let columns = arguments.number_rows("columns")?;
    let coefficient = usize::try_from(arguments.count("coefficient")?).unwrap_or(usize::MAX);
    let family = match arguments.text_or("family", "normal")? {
        "normal" => Family::Normal,
        "binary" => Family::Binary,
        "count" => Family::Count,
        _ => return Err(StatError::invalid("family", "must be \"normal\", \"binary\" or \"count\"")),
    };
    let working = match arguments.text_or("working", "exchangeable")? {
        "exchangeable" => WorkingCorrelation::Exchangeable,
        "independent" => WorkingCorrelation::Independent,
        _ => return Err(StatError::invalid("working", "must be \"exchangeable\" or \"independent\"")),
    };
    let correction = match arguments.text_or("correction", "kauermann_carroll")? {
        "none" => FewClusters::None,
        "kauermann_carroll" => FewClusters::KauermannCarroll,
        "mancl_derouen" => FewClusters::ManclDeRouen,
        _ => {
            let names = "must be \"none\", \"kauermann_carroll\" or \"mancl_derouen\"";
            return Err(StatError::invalid("correction", names));
        }
    };
    let (null, side, level) = (arguments.number_or("null", 0.0)?, arguments.side()?, arguments.level()?);
    answer(arguments, || {
        let columns = slices(&columns);
        cluster::estimating_equations(
            &outcome,
            &clusters,
            &columns,
            coefficient,
            family,
            working,
            correction,
            null,
            side,
            level,
        )
    })
}

fn kind(arguments: &mut Arguments<'_>) -> Result<ClusterRobust, StatError> {
    Ok(match arguments.text_or("variance", "cr2")? {
        "cr0" => ClusterRobust::Cr0,
        "cr1" => ClusterRobust::Cr1,
        "cr1_stata" => ClusterRobust::Cr1Stata,
        "cr2" => ClusterRobust::Cr2,
        "cr3" => ClusterRobust::Cr3,
        _ => return Err(StatError::invalid("variance", "must be \"cr0\", \"cr1\", \"cr1_stata\", \"cr2\" or \"cr3\"")),
    })
}

fn model(arguments: &mut Arguments<'_>) -> Result<MixedModel, StatError> {
    match arguments.text_or("degrees_of_freedom", "kenward_roger")? {
        "kenward_roger" => Ok(MixedModel::KenwardRoger),
        "satterthwaite" => Ok(MixedModel::Satterthwaite),
        _ => Err(StatError::invalid("degrees_of_freedom", "must be \"kenward_roger\" or \"satterthwaite\"")),
    }
}
