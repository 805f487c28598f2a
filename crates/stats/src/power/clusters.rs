use serde::{Deserialize, Serialize};

use super::noncentral_t;
use super::plan::{Plan, SampleSize, check_alpha, detectable};
use crate::cluster::design_effect;
use crate::error::StatError;
use crate::estimate::Side;
use crate::wald::{check_finite, check_positive};

/// How large and how alike clusters are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSizes {
    /// Mean number of units a cluster, at least 1.
    pub mean_size: f64,
    /// Intracluster correlation, 0 to 1.
    pub icc: f64,
    /// Coefficient of variation of cluster sizes, 0 for equal sizes.
    pub size_variation: f64,
}

/// With which probability does a comparison of clusters find a difference?
///
/// # Arguments
/// * `difference` - true difference 1 - 0 minus that under the null hypothesis; `sd` - standard deviation of single units (for a
///   proportion the root of p (1 - p)).
/// * `clusters1`, `clusters0` - clusters per arm, 2 or more each; `sizes` - of the clusters; `alpha`, `side`.
///
/// # Source
/// t test of cluster means with clusters - 2 degrees of freedom and the design effect of Eldridge, Ashby and Kerry (2006); Donner and
/// Klar (2000), chapter 5.
///
/// ```
/// use fairtrial_stats::{Side, power::{ClusterSizes, clusters_power}};
/// // 13 clusters of 25 an arm, as in `clusters_needed`.
/// let sizes = ClusterSizes { mean_size: 25.0, icc: 0.05, size_variation: 0.0 };
/// let power = clusters_power(0.35, 1.0, 13.0, 13.0, &sizes, 0.05, Side::Two).unwrap();
/// assert!((0.8..0.85).contains(&power));
/// ```
///
/// # Errors
/// `InvalidArgument`, `TooFewUnits` below two clusters an arm.
pub fn clusters_power(
    difference: f64,
    sd: f64,
    clusters1: f64,
    clusters0: f64,
    sizes: &ClusterSizes,
    alpha: f64,
    side: Side,
) -> Result<f64, StatError> {
    check_finite("difference", difference)?;
    check_positive("sd", sd)?;
    check_positive("clusters1", clusters1)?;
    check_positive("clusters0", clusters0)?;
    check_alpha(alpha)?;
    let least = clusters1.min(clusters0);
    if least < 2.0 {
        return Err(StatError::TooFewUnits { need: 2, got: least as u64 });
    }
    let effect = design_effect(sizes.mean_size, sizes.icc, sizes.size_variation)?;
    let variance = sd * sd * effect / sizes.mean_size * (1.0 / clusters1 + 1.0 / clusters0);
    let df = clusters1 + clusters0 - 2.0;
    Ok(noncentral_t::power(difference / variance.sqrt(), df, alpha, side == Side::Two))
}

/// How many clusters does a trial need?
///
/// # Arguments
/// * `difference`, `sd`, `sizes` - as [`clusters_power`]; `plan` - error rate, power and ratio; attrition makes clusters smaller.
///
/// # Result
/// Clusters per arm, two at least.
///
/// # Errors
/// `InvalidArgument`, `TooLarge` when no number of clusters below 10^12 is enough.
///
/// ```
/// use fairtrial_stats::{Side, power::{ClusterSizes, Plan, clusters_needed}};
/// let sizes = ClusterSizes { mean_size: 25.0, icc: 0.05, size_variation: 0.0 };
/// let size = clusters_needed(0.35, 1.0, &sizes, &Plan::new(0.05, Side::Two, 0.8))?;
/// assert_eq!((size.arm1, size.arm0), (13, 13));
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn clusters_needed(difference: f64, sd: f64, sizes: &ClusterSizes, plan: &Plan) -> Result<SampleSize, StatError> {
    plan.check()?;
    if difference == 0.0 {
        return Err(StatError::invalid("difference", "must not be 0: no trial finds no effect"));
    }
    let analysed = ClusterSizes { mean_size: (sizes.mean_size * (1.0 - plan.attrition)).max(1.0), ..*sizes };
    let least = (2.0 / plan.ratio).max(2.0);
    let power = |clusters: f64| {
        clusters_power(difference, sd, clusters * plan.ratio, clusters, &analysed, plan.alpha, plan.side)
    };
    Plan { attrition: 0.0, ..*plan }.sizes(plan.smallest(least, power)?)
}

/// Which difference does a given number of clusters find with the stated power?
///
/// # Arguments
/// * as [`clusters_power`]; `power` - in (alpha, 1).
///
/// ```
/// use fairtrial_stats::{Side, power::{ClusterSizes, clusters_detectable, clusters_power}};
/// let sizes = ClusterSizes { mean_size: 25.0, icc: 0.05, size_variation: 0.4 };
/// let difference = clusters_detectable(1.0, 10.0, 10.0, &sizes, 0.05, Side::Two, 0.8).unwrap();
/// assert!((clusters_power(difference, 1.0, 10.0, 10.0, &sizes, 0.05, Side::Two).unwrap() - 0.8).abs() < 1e-8);
/// ```
///
/// # Errors
/// `InvalidArgument`, `TooFewUnits`, `NotEstimable`.
pub fn clusters_detectable(
    sd: f64,
    clusters1: f64,
    clusters0: f64,
    sizes: &ClusterSizes,
    alpha: f64,
    side: Side,
    power: f64,
) -> Result<f64, StatError> {
    clusters_power(0.0, sd, clusters1, clusters0, sizes, alpha, side)?;
    if power <= alpha {
        return Err(StatError::invalid("power", "must be above alpha"));
    }
    let at = |difference: f64| clusters_power(difference, sd, clusters1, clusters0, sizes, alpha, side);
    detectable(power, 1e3 * sd / alpha, at)
}
