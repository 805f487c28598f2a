use std::collections::BTreeMap;

use super::ClusterRobust;
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::linear::{LeastSquares, Matrix, power_symmetric};
use crate::wald::{Reference, Wald};

/// Largest number of units for which the exact degrees of freedom are computed.
const MOST_UNITS: usize = 5_000;

/// What is one coefficient of a linear regression, when units of the same cluster belong together?
///
/// # Arguments
/// * `fit` - the fitted regression; `cluster` - the cluster number of each unit; `coefficient` - which column.
/// * `kind` - variance; `null`, `side`, `level` - question.
///
/// # Result
/// Coefficient with cluster-robust standard error and Satterthwaite degrees of freedom under independent units of equal spread.
///
/// # When not
/// For two arms without covariates use [`super::cluster_robust`], which needs sums only.
///
/// # Source
/// Pustejovsky and Tipton (2018), JBES 36:672-683, equations 6-9; a pseudo-inverse where a cluster determines its own coefficient.
///
/// ```
/// use fairtrial_stats::{Side, cluster::{ClusterRobust, cluster_robust_regression}, linear::LeastSquares};
/// // Clusters of equal size with means 5 and 8 against 1 and 3.
/// let outcome = [4.5, 5.5, 7.5, 8.5, 0.5, 1.5, 2.5, 3.5];
/// let cluster = [1, 1, 2, 2, 3, 3, 4, 4];
/// let (ones, arm) = ([1.0; 8], [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
/// let fit = LeastSquares::fit(&outcome, &[&ones, &arm]).unwrap();
/// let e = cluster_robust_regression(&fit, &cluster, 1, ClusterRobust::Cr2, 0.0, Side::Two, 0.95).unwrap();
/// // With clusters of one size CR2 is Welch's t on cluster means (Pustejovsky and Tipton 2018).
/// assert!((e.standard_error.unwrap() - ((4.5 + 2.0) / 2.0_f64).sqrt()).abs() < 1e-12);
/// ```
///
/// # Errors
/// `TooFewUnits` below two clusters, `TooLarge` beyond 5,000 units, `ZeroVariance`, `InvalidArgument`.
pub fn cluster_robust_regression(
    fit: &LeastSquares,
    cluster: &[usize],
    coefficient: usize,
    kind: ClusterRobust,
    null: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let (n, k) = (fit.residuals().len(), fit.coefficients().len());
    if cluster.len() != n {
        return Err(StatError::invalid("cluster", format!("has {} numbers, the regression {n} units", cluster.len())));
    }
    if coefficient >= k {
        return Err(StatError::invalid("coefficient", format!("there are {k} columns")));
    }
    if n > MOST_UNITS {
        return Err(StatError::TooLarge { reason: format!("more than {MOST_UNITS} units") });
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (unit, &name) in cluster.iter().enumerate() {
        members.entry(name).or_default().push(unit);
    }
    if members.len() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: members.len() as u64 });
    }
    // Each cluster's weights a_j = A_j X_j M c, so that its contribution is a_j' e_j.
    let (design, bread) = (fit.design(), fit.bread());
    let direction = bread.column(coefficient);
    let mut variance = 0.0;
    let mut weights = Vec::with_capacity(members.len());
    for units in members.values() {
        let x = design.select_rows(units);
        let plain = x.times_vector(&direction);
        let adjusted = match kind {
            ClusterRobust::Cr0 | ClusterRobust::Cr1 | ClusterRobust::Cr1Stata => plain,
            ClusterRobust::Cr2 | ClusterRobust::Cr3 => {
                let hat = x.times(bread).times(&x.transposed());
                let rest = Matrix::identity(units.len()).plus(&hat, -1.0);
                let exponent = if kind == ClusterRobust::Cr2 { -0.5 } else { -1.0 };
                power_symmetric(&rest, exponent, 1e-9)?.times_vector(&plain)
            }
        };
        variance += units.iter().zip(&adjusted).map(|(&unit, a)| a * fit.residuals()[unit]).sum::<f64>().powi(2);
        weights.push((units, x.transposed().times_vector(&adjusted), adjusted));
    }
    variance *= kind.factor(members.len() as f64, n as f64, k as f64);
    // With P_j = (I - H)_j' a_j the inner products are P_i'P_j = a_i'(delta_ij I - X_i M X_j') a_j.
    let (mut trace, mut norm) = (0.0, 0.0);
    for (i, (_, b_i, a_i)) in weights.iter().enumerate() {
        let mapped = bread.times_vector(b_i);
        for (j, (_, b_j, _)) in weights.iter().enumerate() {
            let mut inner = -mapped.iter().zip(b_j).map(|(a, b)| a * b).sum::<f64>();
            if i == j {
                inner += a_i.iter().map(|a| a * a).sum::<f64>();
                trace += inner;
            }
            norm += inner * inner;
        }
    }
    Wald {
        point: fit.coefficients()[coefficient],
        standard_error: variance.sqrt(),
        reference: Reference::Student(trace * trace / norm),
        null,
        side,
        level,
    }
    .estimate(kind.method(), Guarantee::Asymptotic)
}
