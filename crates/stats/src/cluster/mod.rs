//! Trials in which whole clusters (offices, classes, days) were assigned: everything from one summary per cluster.

mod correlation;
mod marginal;
mod means;
mod mixed;
mod mixed_inference;
mod mixed_likelihood;
mod robust;
mod robust_regression;
mod step_contrast;
mod step_model;
mod step_order;

pub use correlation::{ClusterVariance, cluster_variance, design_effect};
pub use marginal::{Family, FewClusters, MarginalEffect, WorkingCorrelation, estimating_equations};
pub use means::{cluster_means_student, cluster_means_welch, cluster_permutation, cluster_permutation_difference};
pub use mixed::{MixedModel, RandomIntercept, random_intercept};
pub use robust::{ClusterRobust, cluster_robust};
pub use robust_regression::cluster_robust_regression;
pub use step_model::{stepped_wedge, stepped_wedge_sums};
pub use step_order::{StepState, SteppedWedge, stepped_wedge_permutation};

use crate::error::StatError;

/// One column of zeros and ones per distinct number, in ascending order: a fixed effect of every period or cluster.
///
/// ```
/// use fairtrial_stats::cluster::indicator_columns;
/// assert_eq!(indicator_columns(&[2, 5, 2]).unwrap(), [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
/// ```
///
/// # Errors
/// `TooLarge` beyond 1,000 distinct numbers.
pub fn indicator_columns(numbers: &[usize]) -> Result<Vec<Vec<f64>>, StatError> {
    let distinct: std::collections::BTreeSet<usize> = numbers.iter().copied().collect();
    if distinct.len() > 1000 {
        return Err(StatError::TooLarge { reason: "more than 1,000 distinct numbers".into() });
    }
    let column = |level: usize| numbers.iter().map(|&number| f64::from(u8::from(number == level))).collect();
    Ok(distinct.into_iter().map(column).collect())
}
