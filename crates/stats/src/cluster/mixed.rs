use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mixed_inference::{kenward_roger, satterthwaite_df};
use super::mixed_likelihood::{Cell, Data, Fit};
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
/// ```
/// use fairtrial_stats::{Side, cluster::{MixedModel, random_intercept}};
/// // Clusters of equal size with means 5 and 8 against 1 and 3.
/// let outcome = [4.5, 5.5, 7.5, 8.5, 0.5, 1.5, 2.5, 3.5];
/// let cluster = [1, 1, 2, 2, 3, 3, 4, 4];
/// let (ones, arm) = ([1.0; 8], [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
/// let model = MixedModel::KenwardRoger;
/// let fit = random_intercept(&outcome, &cluster, &[&ones, &arm], 1, model, 0.0, Side::Two, 0.95).unwrap();
/// // Balanced: Student's t on the cluster means, with two degrees of freedom.
/// assert!((fit.estimate.point.unwrap() - 4.5).abs() < 1e-8);
/// assert!((fit.estimate.standard_error.unwrap() - ((4.5 + 2.0) / 2.0_f64).sqrt()).abs() < 1e-4);
/// assert!((fit.estimate.degrees_of_freedom.unwrap() - 2.0).abs() < 1e-3);
/// ```
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
    let cells: Vec<Cell> = outcome.iter().map(|&value| Cell::unit(value)).collect();
    fit_cells(&cells, cluster, design, coefficient, model, (null, side, level))
}

/// The same from rows that stand for several units each; clusters and columns have been checked for their length.
pub(super) fn fit_cells(
    cells: &[Cell],
    cluster: &[usize],
    design: Matrix,
    coefficient: usize,
    model: MixedModel,
    (null, side, level): (f64, Side, f64),
) -> Result<RandomIntercept, StatError> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &name) in cluster.iter().enumerate() {
        members.entry(name).or_default().push(row);
    }
    if members.len() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: members.len() as u64 });
    }
    if members.values().all(|rows| rows.iter().map(|&row| cells[row].units).sum::<f64>() <= 1.0) {
        return Err(StatError::not_estimable(
            "every cluster has a single unit: within and between cannot be told apart",
        ));
    }
    let data = Data::new(cells, design, members.into_values().collect())?;
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
