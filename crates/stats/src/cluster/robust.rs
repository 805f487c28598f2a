use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::sufficient::Moments;
use crate::wald::{Reference, Wald};

/// Which cluster-robust variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterRobust {
    /// Without correction: far too small with few clusters.
    Cr0,
    /// With the factor J / (J - 1) of J clusters.
    Cr1,
    /// With the factor J (N - 1) / ((J - 1)(N - k)) of N units and k coefficients, as Stata.
    Cr1Stata,
    /// Bias-reduced linearisation: unbiased when units within clusters are independent. The default.
    Cr2,
    /// Close to the jackknife: too large with few clusters.
    Cr3,
}

impl ClusterRobust {
    /// Factor on a cluster's residual sum that has leverage `h` in its arm.
    fn weight(self, leverage: f64) -> f64 {
        match self {
            Self::Cr0 | Self::Cr1 | Self::Cr1Stata => 1.0,
            Self::Cr2 => 1.0 / (1.0 - leverage).sqrt(),
            Self::Cr3 => 1.0 / (1.0 - leverage),
        }
    }

    /// Factor on the variance.
    pub(super) fn factor(self, clusters: f64, units: f64, coefficients: f64) -> f64 {
        match self {
            Self::Cr1 => clusters / (clusters - 1.0),
            Self::Cr1Stata => clusters * (units - 1.0) / ((clusters - 1.0) * (units - coefficients)),
            Self::Cr0 | Self::Cr2 | Self::Cr3 => 1.0,
        }
    }

    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Cr0 => "CR0, Satterthwaite",
            Self::Cr1 => "CR1, Satterthwaite",
            Self::Cr1Stata => "CR1S, Satterthwaite",
            Self::Cr2 => "CR2, Satterthwaite",
            Self::Cr3 => "CR3, Satterthwaite",
        }
    }
}

/// Variance of an arm's mean, with trace and squared norm of the quadratic form that estimates it.
struct ArmVariance {
    mean: f64,
    units: f64,
    variance: f64,
    trace: f64,
    norm: f64,
}

fn arm_variance(clusters: &[Moments], kind: ClusterRobust, argument: &str) -> Result<ArmVariance, StatError> {
    for cluster in clusters {
        cluster.checked(argument)?;
        if cluster.n == 0 {
            return Err(StatError::invalid(argument, "a cluster without units has no mean"));
        }
    }
    if clusters.len() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: clusters.len() as u64 });
    }
    let units: f64 = clusters.iter().map(|cluster| cluster.n as f64).sum();
    let mean = clusters.iter().map(|cluster| cluster.n as f64 / units * cluster.mean).sum::<f64>();
    let (mut variance, mut trace, mut squares, mut cross, mut fourth) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for cluster in clusters {
        let share = cluster.n as f64 / units;
        let c2 = kind.weight(share).powi(2);
        variance += c2 * (share * (cluster.mean - mean)).powi(2);
        // Under equal independent units, residual sums have covariance n_i (delta_ij - n_j / N); G below is scaled by N.
        trace += c2 * share * (1.0 - share);
        squares += (c2 * share * (1.0 - share)).powi(2);
        cross += c2 * share * share;
        fourth += (c2 * share * share).powi(2);
    }
    let norm = squares + cross * cross - fourth;
    Ok(ArmVariance { mean, units, variance, trace: trace / units, norm: norm / (units * units) })
}

/// By how much does the average person's outcome differ, when clusters were assigned? (Cluster-robust variance from sums.)
///
/// # Arguments
/// * `arm1`, `arm0` - moments of each cluster's units; two clusters an arm at least, every cluster with units.
/// * `kind` - variance; CR2 unless another is to be compared.
/// * `null_difference`, `side`, `level` - as [`crate::means::welch`].
///
/// # Result
/// Difference of the means over all units, each person counting the same. Degrees of freedom by Satterthwaite.
///
/// # When not
/// Not with a cluster that holds nearly all units of its arm: the degrees of freedom then fall towards 1.
///
/// # Source
/// Bell and McCaffrey (2002), Survey Methodology 28:169-181; Pustejovsky and Tipton (2018), JBES 36:672-683, here in closed form
/// for two arms.
///
/// ```
/// use fairtrial_stats::{Side, cluster::{ClusterRobust, cluster_robust}, sufficient::Moments};
/// let clusters = |means: &[f64]| -> Vec<Moments> { means.iter().map(|m| Moments::of(&[m - 0.5, m + 0.5]).unwrap()).collect() };
/// // With clusters of one size CR2 is Welch's t on cluster means (Pustejovsky and Tipton 2018).
/// let e = cluster_robust(&clusters(&[5.0, 8.0]), &clusters(&[1.0, 3.0]), ClusterRobust::Cr2, 0.0, Side::Two, 0.95).unwrap();
/// assert!((e.point.unwrap() - 4.5).abs() < 1e-14);
/// assert!((e.standard_error.unwrap() - ((4.5 + 2.0) / 2.0_f64).sqrt()).abs() < 1e-13);
/// ```
///
/// # Errors
/// `TooFewUnits` below two clusters an arm, `ZeroVariance`, `InvalidArgument`.
pub fn cluster_robust(
    arm1: &[Moments],
    arm0: &[Moments],
    kind: ClusterRobust,
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let (a1, a0) = (arm_variance(arm1, kind, "arm1")?, arm_variance(arm0, kind, "arm0")?);
    let clusters = (arm1.len() + arm0.len()) as f64;
    let variance = (a1.variance + a0.variance) * kind.factor(clusters, a1.units + a0.units, 2.0);
    if variance <= 0.0 {
        return Err(StatError::ZeroVariance);
    }
    Wald {
        point: a1.mean - a0.mean,
        standard_error: variance.sqrt(),
        reference: Reference::Student((a1.trace + a0.trace).powi(2) / (a1.norm + a0.norm)),
        null: null_difference,
        side,
        level,
    }
    .estimate(kind.method(), Guarantee::Asymptotic)
}
