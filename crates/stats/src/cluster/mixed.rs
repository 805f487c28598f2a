use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mixed_inference::{kenward_roger, satterthwaite_df};
use super::mixed_likelihood::{Data, Fit};
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::linear::Matrix;
use crate::wald::{Reference, Wald, check_all_finite};

/// Largest number of units and of fixed effects.
const MOST_UNITS: usize = 200_000;
const MOST_COLUMNS: usize = 60;

/// How standard error and degrees of freedom of a mixed model are corrected for few clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MixedModel {
    /// Plain standard error, degrees of freedom by Satterthwaite.
    Satterthwaite,
    /// Corrected standard error and degrees of freedom by Kenward and Roger; the default.
    KenwardRoger,
}

/// A fixed effect of a mixed model with the variances it stands on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomIntercept {
    /// The fixed effect.
    pub estimate: Estimate,
    /// Variance between clusters; 0 when the data show no more than chance.
    pub between: f64,
    /// Variance within clusters.
    pub within: f64,
    /// Restricted log-likelihood at the maximum.
    pub log_likelihood: f64,
}

/// What is a fixed effect when clusters differ by a random shift? (Linear mixed model by restricted maximum likelihood.)
///
/// # Arguments
/// * `outcome` - one value a unit; `cluster` - each unit's cluster number.
/// * `columns` - explanatory variables, a column of ones for the constant among them; `coefficient` - the one asked for.
/// * `model` - correction for few clusters; `null`, `side`, `level` - question.
///
/// # When not
/// With fewer than about five clusters an arm prefer [`super::cluster_means_welch`], which does not assume normal shifts.
///
/// # Source
/// Laird and Ware (1982); Giesbrecht and Burns (1985) and Fai and Cornelius (1996) for Satterthwaite's degrees of freedom;
/// Kenward and Roger (1997), Biometrics 53:983-997.
///
/// # Errors
/// `TooFewUnits` below two clusters or without residual degrees of freedom, `TooLarge` beyond 200,000 units or 60 columns,
/// `NotEstimable` for dependent columns, `ZeroVariance` for a perfect fit, `InvalidArgument`.
#[expect(clippy::too_many_arguments, reason = "data, model and question are three separate things")]
pub fn random_intercept(
    outcome: &[f64],
    cluster: &[usize],
    columns: &[&[f64]],
    coefficient: usize,
    model: MixedModel,
    null: f64,
    side: Side,
    level: f64,
) -> Result<RandomIntercept, StatError> {
    let design = Matrix::from_columns(columns)?;
    let (n, k) = (outcome.len(), design.columns());
    if design.rows() != n || cluster.len() != n {
        return Err(StatError::invalid("columns", "outcome, cluster and columns must have the same length"));
    }
    if coefficient >= k {
        return Err(StatError::invalid("coefficient", format!("there are {k} columns")));
    }
    if n > MOST_UNITS || k > MOST_COLUMNS {
        return Err(StatError::TooLarge { reason: format!("more than {MOST_UNITS} units or {MOST_COLUMNS} columns") });
    }
    check_all_finite("outcome", outcome)?;
    for column in columns {
        check_all_finite("columns", column)?;
    }
    if n <= k {
        return Err(StatError::TooFewUnits { need: k as u64 + 1, got: n as u64 });
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (unit, &name) in cluster.iter().enumerate() {
        members.entry(name).or_default().push(unit);
    }
    if members.len() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: members.len() as u64 });
    }
    if members.values().all(|units| units.len() == 1) {
        return Err(StatError::not_estimable(
            "every cluster has a single unit: within and between cannot be told apart",
        ));
    }
    let data = Data::new(outcome, design, members.into_values().collect())?;
    let fit = Fit::maximise(&data)?;
    let (variance, df) = match model {
        MixedModel::Satterthwaite => satterthwaite_df(&data, &fit, coefficient)?,
        MixedModel::KenwardRoger => kenward_roger(&data, &fit, coefficient)?,
    };
    let method = match model {
        MixedModel::Satterthwaite => "linear mixed model, Satterthwaite",
        MixedModel::KenwardRoger => "linear mixed model, Kenward-Roger",
    };
    let wald = Wald {
        point: fit.coefficients[coefficient],
        standard_error: variance.sqrt(),
        reference: Reference::Student(df),
        null,
        side,
        level,
    };
    Ok(RandomIntercept {
        estimate: wald.estimate(method, Guarantee::Asymptotic)?,
        between: fit.between,
        within: fit.within,
        log_likelihood: fit.log_likelihood,
    })
}

/// By how much does the outcome differ with the new version, in a phased roll-out? (Hussey and Hughes.)
///
/// # Arguments
/// * `outcome`, `cluster`, `period` - one entry a unit; `new_version` - whether the unit met the new version.
/// * `model`, `side`, `level` - as [`random_intercept`].
///
/// # Result
/// Effect with a fixed effect for every period, so that change over time is never taken for the effect, and a random shift of
/// every cluster.
///
/// # When not
/// Not when the effect grows with time since the change, or clusters have trends of their own.
///
/// # Source
/// Hussey and Hughes (2007), Contemporary Clinical Trials 28:182-191, equation 1.
///
/// # Errors
/// As [`random_intercept`]; `NotEstimable` when the version and the periods cannot be told apart.
pub fn stepped_wedge(
    outcome: &[f64],
    cluster: &[usize],
    period: &[usize],
    new_version: &[bool],
    model: MixedModel,
    side: Side,
    level: f64,
) -> Result<RandomIntercept, StatError> {
    if period.len() != outcome.len() || new_version.len() != outcome.len() {
        return Err(StatError::invalid("period", "outcome, period and version must have the same length"));
    }
    let mut columns = vec![new_version.iter().map(|&new| f64::from(u8::from(new))).collect::<Vec<f64>>()];
    columns.extend(super::indicator_columns(period)?);
    let borrowed: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    random_intercept(outcome, cluster, &borrowed, 0, model, 0.0, side, level)
}
