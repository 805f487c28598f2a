use serde::{Deserialize, Serialize};

use crate::error::StatError;
use crate::estimate::Interval;
use crate::wald::{check_all_finite, check_level};

/// Result of a rank-sum test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankSum {
    /// Number of pairs in which the unit of arm 1 has the larger value, ties counting one half (Mann-Whitney U).
    pub u: f64,
    /// Twice the smaller tail.
    pub p_two: f64,
    /// Probability of a U at least as large.
    pub p_greater: f64,
    /// Probability of a U at most as large.
    pub p_less: f64,
    /// Shift between the arms: median of all pairwise differences 1 - 0 (Hodges and Lehmann).
    pub shift: f64,
    /// Interval for the shift; unbounded when the arms are too small for the level.
    pub interval: Interval,
}

/// Do values in arm 1 tend to be larger, whatever their distribution? (Wilcoxon's rank sum, exact, and Hodges-Lehmann shift.)
///
/// # Arguments
/// * `arm1`, `arm0` - values of the units; the product of sizes and ranks bounds the work (about 400 units in all).
/// * `level` - confidence level in (0, 1).
///
/// # Result
/// Exact p-values over all arrangements of the observed (mid)ranks, ties included. The interval is exact without ties and holds
/// at least its level with them.
///
/// # When not
/// Not for the question of sums or costs: a shift of ranks says nothing of the mean.
///
/// # Source
/// Wilcoxon (1945); Streitberg and Roehmel (1986) for ties; Hodges and Lehmann (1963); Hollander, Wolfe and Chicken (2014), 4.1-4.3.
///
/// # Errors
/// `TooFewUnits` for an empty arm, `ZeroVariance` when all values are equal, `TooLarge`, `InvalidArgument`.
///
/// ```
/// use fairtrial_stats::means::rank_sum;
/// // Hollander, Wolfe and Chicken (2014), table 4.1: permeability of the membrane at term and at 12 to 26 weeks.
/// let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
/// let early = [1.15, 0.88, 0.90, 0.74, 1.21];
/// let ranks = rank_sum(&term, &early, 0.95)?;
/// assert!(ranks.u == 35.0 && (ranks.p_greater - 0.1272).abs() < 5e-5);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn rank_sum(arm1: &[f64], arm0: &[f64], level: f64) -> Result<RankSum, StatError> {
    check_level(level)?;
    check_all_finite("arm1", arm1)?;
    check_all_finite("arm0", arm0)?;
    let (n1, n0) = (arm1.len(), arm0.len());
    if n1 == 0 || n0 == 0 {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    let units = (n1 + n0) as f64;
    if units > 1000.0 || units * units * units * n1.min(n0) as f64 > 4e10 {
        return Err(StatError::TooLarge { reason: "too many units for the exact distribution of ranks".into() });
    }
    let ranks = doubled_midranks(arm1, arm0);
    if ranks.iter().all(|&rank| rank == ranks[0]) {
        return Err(StatError::ZeroVariance);
    }
    let observed: usize = ranks[..n1].iter().sum();
    let distribution = rank_sum_distribution(&ranks, n1);
    let total: f64 = distribution.iter().sum();
    let p_less = distribution[..=observed].iter().sum::<f64>() / total;
    let p_greater = distribution[observed..].iter().sum::<f64>() / total;

    let mut differences: Vec<f64> = arm1.iter().flat_map(|a| arm0.iter().map(move |b| a - b)).collect();
    differences.sort_unstable_by(f64::total_cmp);
    let pairs = differences.len();
    let shift = 0.5 * (differences[(pairs - 1) / 2] + differences[pairs / 2]);
    let untied: Vec<usize> = (1..=n1 + n0).collect();
    let least = n1 * (n1 + 1) / 2;
    let without_ties = &rank_sum_distribution(&untied, n1)[least..];
    let all: f64 = without_ties.iter().sum();
    let mut cumulative = 0.0;
    // The largest number of extreme pairs that may be cut off on each side.
    let cut = without_ties
        .iter()
        .take_while(|&&count| {
            cumulative += count / all;
            cumulative < (1.0 - level) / 2.0
        })
        .count();
    let interval = if cut == 0 {
        Interval { lower: f64::NEG_INFINITY, upper: f64::INFINITY, level }
    } else {
        Interval { lower: differences[cut - 1], upper: differences[pairs - cut], level }
    };
    Ok(RankSum {
        u: observed as f64 / 2.0 - least as f64,
        p_two: (2.0 * p_less.min(p_greater)).min(1.0),
        p_greater,
        p_less,
        shift,
        interval,
    })
}

/// Twice the midranks, whole numbers: those of arm 1 first.
fn doubled_midranks(arm1: &[f64], arm0: &[f64]) -> Vec<usize> {
    let mut sorted: Vec<f64> = arm1.iter().chain(arm0).copied().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        below + up_to + 1
    };
    arm1.iter().chain(arm0).map(rank).collect()
}

/// Number of subsets of size `k` by their sum of ranks.
fn rank_sum_distribution(ranks: &[usize], k: usize) -> Vec<f64> {
    let total: usize = ranks.iter().sum();
    let size = k.min(ranks.len() - k);
    let mut counts = vec![vec![0.0; total + 1]; size + 1];
    counts[0][0] = 1.0;
    let mut reached = 0;
    for (seen, &rank) in ranks.iter().enumerate() {
        reached += rank;
        for chosen in (1..=size.min(seen + 1)).rev() {
            let (smaller, larger) = counts.split_at_mut(chosen);
            for sum in rank..=reached {
                larger[0][sum] += smaller[chosen - 1][sum - rank];
            }
        }
    }
    let mut distribution = counts.swap_remove(size);
    if size != k {
        // The complement of a subset has the complementary sum.
        distribution.reverse();
    }
    distribution
}
