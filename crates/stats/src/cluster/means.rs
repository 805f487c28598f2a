use crate::error::StatError;
use crate::estimate::{Estimate, Side};
use crate::means::{Draws, PermutationTest, permutation_difference, permutation_test, student, welch};
use crate::sufficient::Moments;

fn means_of(clusters: &[Moments], argument: &str) -> Result<Vec<f64>, StatError> {
    clusters
        .iter()
        .map(|cluster| {
            if cluster.n == 0 {
                return Err(StatError::invalid(argument, "a cluster without units has no mean"));
            }
            Ok(cluster.checked(argument)?.mean)
        })
        .collect()
}

/// Moments of the clusters' means; fewer than two clusters an arm do not tell chance from effect.
fn arm_of_means(clusters: &[Moments], argument: &str) -> Result<Moments, StatError> {
    let means = means_of(clusters, argument)?;
    if means.len() < 2 {
        return Err(StatError::TooFewUnits { need: 2, got: means.len() as u64 });
    }
    Moments::of(&means)
}

/// By how much does the typical cluster's mean differ between the arms? (Welch's t on cluster means; the default.)
///
/// # Arguments
/// * `arm1`, `arm0` - moments of each cluster's units; two clusters an arm at least, every cluster with units.
/// * `null_difference`, `side`, `level` - as [`welch`].
///
/// # Result
/// Difference of the unweighted means of cluster means: every cluster counts the same, whatever its size. Keeps its error rate
/// from three clusters an arm on, where the usual robust standard errors do not.
///
/// # When not
/// Not for the effect on the average person when size and effect go together: use [`super::cluster_robust`].
///
/// # Source
/// Donner and Klar (2000), Design and Analysis of Cluster Randomization Trials, section 7.1; Welch (1947).
///
/// ```
/// use fairtrial_stats::{Side, cluster::cluster_means_welch, sufficient::Moments};
/// let clusters = |means: &[f64]| -> Vec<Moments> { means.iter().map(|m| Moments::of(&[m - 1.0, m + 1.0]).unwrap()).collect() };
/// // The cluster means are Student's sleep data; R `t.test(extra ~ group, data = sleep)`
/// let second = clusters(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
/// let first = clusters(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
/// let e = cluster_means_welch(&second, &first, 0.0, Side::Two, 0.95).unwrap();
/// assert!((e.p_value.unwrap().p() - 0.07939).abs() < 1e-5 && (e.degrees_of_freedom.unwrap() - 17.776).abs() < 1e-3);
/// ```
///
/// # Errors
/// `TooFewUnits` below two clusters an arm, `ZeroVariance`, `InvalidArgument`.
pub fn cluster_means_welch(
    arm1: &[Moments],
    arm0: &[Moments],
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let mut estimate = welch(&arm_of_means(arm1, "arm1")?, &arm_of_means(arm0, "arm0")?, null_difference, side, level)?;
    estimate.method = "Welch's t on cluster means".to_owned();
    Ok(estimate)
}

/// By how much does the typical cluster's mean differ, when clusters spread alike in both arms? (Student's t on cluster means.)
///
/// Arguments and errors as [`cluster_means_welch`]; clusters - 2 degrees of freedom.
///
/// ```
/// use fairtrial_stats::{Side, cluster::cluster_means_student, sufficient::Moments};
/// let clusters = |means: &[f64]| -> Vec<Moments> { means.iter().map(|m| Moments::of(&[m - 1.0, m + 1.0]).unwrap()).collect() };
/// // The cluster means are Student's sleep data; R `t.test(extra ~ group, data = sleep, var.equal = TRUE)`
/// let second = clusters(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
/// let first = clusters(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
/// let e = cluster_means_student(&second, &first, 0.0, Side::Two, 0.95).unwrap();
/// assert!((e.p_value.unwrap().p() - 0.07919).abs() < 1e-5);
/// ```
///
/// # Errors
/// As [`cluster_means_welch`].
pub fn cluster_means_student(
    arm1: &[Moments],
    arm0: &[Moments],
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let mut estimate =
        student(&arm_of_means(arm1, "arm1")?, &arm_of_means(arm0, "arm0")?, null_difference, side, level)?;
    estimate.method = "Student's t on cluster means".to_owned();
    Ok(estimate)
}

/// Could the chance assignment of clusters alone explain the difference of cluster means? (Permutation test.)
///
/// With J clusters an arm the smallest two-sided p-value is 2 / C(2J, J): below four an arm it cannot reach 0.05.
///
/// ```
/// use fairtrial_stats::{cluster::cluster_permutation, means::Draws, sufficient::Moments};
/// let clusters = |means: &[f64]| -> Vec<Moments> { means.iter().map(|m| Moments::of(&[*m, *m]).unwrap()).collect() };
/// // Four clusters all above the four others: 2 of C(8, 4) = 70 assignments are as extreme.
/// let test = cluster_permutation(&clusters(&[5.0, 6.0, 7.0, 8.0]), &clusters(&[1.0, 2.0, 3.0, 4.0]), Draws::Exact).unwrap();
/// assert!((test.p_two - 2.0 / 70.0).abs() < 1e-14);
/// ```
///
/// # Errors
/// As [`permutation_test`].
pub fn cluster_permutation(arm1: &[Moments], arm0: &[Moments], how: Draws) -> Result<PermutationTest, StatError> {
    let (means, in_arm1) = assigned_means(arm1, arm0)?;
    permutation_test(&means, &in_arm1, None, how)
}

/// Which differences of cluster means could the chance assignment of clusters explain? (Permutation test with its interval.)
///
/// Arguments, result and errors as [`permutation_difference`], with one value a cluster: every cluster counts the same.
/// The interval is unbounded when there are too few clusters for the level, for example three an arm at 95 %.
///
/// ```
/// use fairtrial_stats::{Side, cluster::cluster_permutation_difference, means::Draws, sufficient::Moments};
/// let clusters = |means: &[f64]| -> Vec<Moments> { means.iter().map(|m| Moments::of(&[*m, *m]).unwrap()).collect() };
/// let (high, low) = (clusters(&[5.0, 6.0, 7.0, 8.0]), clusters(&[1.0, 2.0, 3.0, 4.0]));
/// let e = cluster_permutation_difference(&high, &low, Draws::Exact, 0.0, Side::Two, 0.95).unwrap();
/// assert!((e.point.unwrap() - 4.0).abs() < 1e-14 && e.interval.lower > 0.0);
/// ```
///
/// # Errors
/// As [`permutation_difference`].
pub fn cluster_permutation_difference(
    arm1: &[Moments],
    arm0: &[Moments],
    how: Draws,
    null_difference: f64,
    side: Side,
    level: f64,
) -> Result<Estimate, StatError> {
    let (means, in_arm1) = assigned_means(arm1, arm0)?;
    let mut estimate = permutation_difference(&means, &in_arm1, None, how, null_difference, side, level)?;
    estimate.method = "permutation test of the difference of cluster means".to_owned();
    Ok(estimate)
}

fn assigned_means(arm1: &[Moments], arm0: &[Moments]) -> Result<(Vec<f64>, Vec<bool>), StatError> {
    let mut means = means_of(arm1, "arm1")?;
    let mut in_arm1 = vec![true; means.len()];
    means.extend(means_of(arm0, "arm0")?);
    in_arm1.resize(means.len(), false);
    Ok((means, in_arm1))
}
