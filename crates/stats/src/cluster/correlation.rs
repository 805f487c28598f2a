use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::sufficient::Moments;

/// How the spread of an outcome divides between and within clusters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClusterVariance {
    /// Mean square between clusters of the same arm.
    pub between: f64,
    /// Mean square within clusters.
    pub within: f64,
    /// Cluster size that stands for the unequal ones.
    pub typical_size: f64,
    /// Intracluster correlation; below 0 when clusters differ less than chance would make them. For planning take 0 then.
    pub icc: f64,
}

/// Which share of the spread lies between clusters? (Analysis of variance within arms, intracluster correlation.)
///
/// # Arguments
/// * `arms` - per arm the moments of each cluster's units; clusters of different arms are never compared, so that the effect of
///   the trial does not count as spread.
///
/// # When not
/// Not from a handful of clusters as a plan's only basis: it is very uncertain.
///
/// # Source
/// Donner and Klar (2000), section 1.4; analysis-of-variance estimator with m0 within arms.
///
/// ```
/// use fairtrial_stats::{cluster::cluster_variance, sufficient::Moments};
/// // Clusters {1, 3} and {5, 7} in one arm: mean squares 16 between and 2 within, so (16 - 2) / (16 + 2).
/// let clusters = [Moments::of(&[1.0, 3.0]).unwrap(), Moments::of(&[5.0, 7.0]).unwrap()];
/// let variance = cluster_variance(&[&clusters]).unwrap();
/// assert!((variance.between - 16.0).abs() < 1e-14 && (variance.within - 2.0).abs() < 1e-14);
/// assert!((variance.icc - 14.0 / 18.0).abs() < 1e-14);
/// ```
///
/// # Errors
/// `TooFewUnits` without a second cluster in any arm or a second unit in any cluster, `ZeroVariance`, `InvalidArgument`.
pub fn cluster_variance(arms: &[&[Moments]]) -> Result<ClusterVariance, StatError> {
    let (mut between, mut within, mut between_df, mut within_df, mut size_sum) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for clusters in arms {
        for cluster in *clusters {
            if cluster.checked("arms")?.n == 0 {
                return Err(StatError::invalid("arms", "a cluster without units has no mean"));
            }
        }
        let units: f64 = clusters.iter().map(|cluster| cluster.n as f64).sum();
        if clusters.is_empty() {
            continue;
        }
        let mean = clusters.iter().map(|cluster| cluster.n as f64 / units * cluster.mean).sum::<f64>();
        between += clusters.iter().map(|cluster| cluster.n as f64 * (cluster.mean - mean).powi(2)).sum::<f64>();
        within += clusters.iter().map(|cluster| cluster.m2).sum::<f64>();
        between_df += clusters.len() as f64 - 1.0;
        within_df += units - clusters.len() as f64;
        size_sum += units - clusters.iter().map(|cluster| (cluster.n as f64).powi(2)).sum::<f64>() / units;
    }
    if between_df < 1.0 || within_df < 1.0 {
        return Err(StatError::TooFewUnits { need: 2, got: 1 });
    }
    let (between, within, typical_size) = (between / between_df, within / within_df, size_sum / between_df);
    let total = between + (typical_size - 1.0) * within;
    if total <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    Ok(ClusterVariance { between, within, typical_size, icc: (between - within) / total })
}

/// By which factor do clusters enlarge the sample that is needed? (Design effect.)
///
/// # Arguments
/// * `mean_size` - mean number of units a cluster, at least 1.
/// * `icc` - intracluster correlation, 0 to 1.
/// * `size_variation` - coefficient of variation of cluster sizes, 0 for equal sizes.
///
/// # Source
/// Eldridge, Ashby and Kerry (2006), Int J Epidemiol 35:1292-1300, equation 3.
///
/// # Errors
/// `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::cluster::design_effect;
/// assert!((design_effect(20.0, 0.05, 0.0)? - 1.95).abs() < 1e-12);
/// assert!((design_effect(20.0, 0.05, 0.6)? - 2.31).abs() < 1e-12);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn design_effect(mean_size: f64, icc: f64, size_variation: f64) -> Result<f64, StatError> {
    if !(mean_size.is_finite() && mean_size >= 1.0) {
        return Err(StatError::invalid("mean_size", "must be finite and at least 1"));
    }
    if !(0.0..=1.0).contains(&icc) {
        return Err(StatError::invalid("icc", "must lie between 0 and 1"));
    }
    if !(size_variation.is_finite() && size_variation >= 0.0) {
        return Err(StatError::invalid("size_variation", "must be finite and at least 0"));
    }
    Ok(1.0 + ((size_variation * size_variation + 1.0) * mean_size - 1.0) * icc)
}
