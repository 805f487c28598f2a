use crate::special::elementary::{exp_m1, ln_1p};
use serde::{Deserialize, Serialize};

use super::check_p_values;
use crate::error::StatError;

/// Most p-values at once: Hommel's adjustment takes time with their square.
const MOST: usize = 10_000;

/// How p-values are adjusted for their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// Multiplied by their number. Chance of any false claim, any dependence.
    Bonferroni,
    /// Step-down Bonferroni, never worse than it. Chance of any false claim, any dependence; the default.
    Holm,
    /// 1 - (1 - p)^m. Chance of any false claim, independent or positively dependent tests.
    Sidak,
    /// Step-down Sidak.
    HolmSidak,
    /// Step-up. Chance of any false claim, independent or positively dependent tests.
    Hochberg,
    /// Closed test with Simes's. Chance of any false claim, independent or positively dependent tests.
    Hommel,
    /// Benjamini and Hochberg. Expected share of false claims, independent or positively dependent tests.
    BenjaminiHochberg,
    /// Benjamini and Yekutieli. Expected share of false claims, any dependence.
    BenjaminiYekutieli,
}

/// Which p-values remain small when many questions are asked?
///
/// # Arguments
/// * `p` - p-values, each in \[0, 1\]; at most 10,000.
/// * `method` - what is controlled, and under which dependence.
///
/// # Result
/// Adjusted p-values in the same order: reject those that are at most alpha.
///
/// # When not
/// Not when the questions have an order or weights: use [`super::Graph`].
///
/// # Source
/// Holm (1979); Hochberg (1988); Hommel (1988); Benjamini and Hochberg (1995); Benjamini and Yekutieli (2001); Wright (1992) for
/// adjusted p-values.
///
/// # Errors
/// `InvalidArgument`, `TooLarge`.
///
/// ```
/// use fairtrial_stats::multiplicity::{Adjustment, adjust};
/// assert_eq!(adjust(&[0.01, 0.04, 0.03], Adjustment::Holm)?, [0.03, 0.06, 0.06]);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn adjust(p: &[f64], method: Adjustment) -> Result<Vec<f64>, StatError> {
    check_p_values(p)?;
    if p.len() > MOST {
        return Err(StatError::TooLarge { reason: format!("more than {MOST} p-values") });
    }
    let m = p.len() as f64;
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let sorted: Vec<f64> = order.iter().map(|&i| p[i]).collect();
    let sidak = |p: f64, times: f64| -(exp_m1(times * ln_1p(-p)));
    // The number of hypotheses that are still open at each step, m, m - 1, ..., 1.
    let open = |rank: usize| m - rank as f64;
    let adjusted = match method {
        Adjustment::Bonferroni => sorted.iter().map(|p| (m * p).min(1.0)).collect(),
        Adjustment::Sidak => sorted.iter().map(|&p| sidak(p, m)).collect(),
        Adjustment::Holm => step_down(&sorted, |rank, p| open(rank) * p),
        Adjustment::HolmSidak => step_down(&sorted, |rank, p| sidak(p, open(rank))),
        Adjustment::Hochberg => step_up(&sorted, |rank, p| open(rank) * p),
        Adjustment::Hommel => hommel(&sorted),
        Adjustment::BenjaminiHochberg => step_up(&sorted, |rank, p| m / (rank as f64 + 1.0) * p),
        Adjustment::BenjaminiYekutieli => {
            let harmonic: f64 = (1..=p.len()).map(|i| 1.0 / i as f64).sum();
            step_up(&sorted, |rank, p| harmonic * m / (rank as f64 + 1.0) * p)
        }
    };
    let mut result = vec![0.0; p.len()];
    for (&index, value) in order.iter().zip(adjusted) {
        result[index] = value;
    }
    Ok(result)
}

fn step_down(sorted: &[f64], factor: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut largest: f64 = 0.0;
    let step = |(rank, &p): (usize, &f64)| {
        largest = largest.max(factor(rank, p)).min(1.0);
        largest
    };
    sorted.iter().enumerate().map(step).collect()
}

fn step_up(sorted: &[f64], factor: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut adjusted = vec![0.0; sorted.len()];
    let mut smallest: f64 = 1.0;
    for (rank, &p) in sorted.iter().enumerate().rev() {
        smallest = smallest.min(factor(rank, p));
        adjusted[rank] = smallest;
    }
    adjusted
}

/// Wright's (1992) algorithm for the closure of Simes's test.
fn hommel(sorted: &[f64]) -> Vec<f64> {
    let n = sorted.len();
    let simes = sorted.iter().enumerate().map(|(i, p)| n as f64 * p / (i as f64 + 1.0)).fold(f64::INFINITY, f64::min);
    let mut adjusted = vec![simes; n];
    for m in (2..n).rev() {
        let (low, high) = sorted.split_at(n - m + 1);
        let size = m as f64;
        let tail = high.iter().enumerate().map(|(i, p)| size * p / (i as f64 + 2.0)).fold(f64::INFINITY, f64::min);
        for (value, p) in adjusted.iter_mut().zip(low) {
            *value = value.max((size * p).min(tail));
        }
        let last = low.last().map_or(0.0, |p| (size * p).min(tail));
        for value in &mut adjusted[n - m + 1..] {
            *value = value.max(last);
        }
    }
    adjusted.iter().zip(sorted).map(|(value, p)| value.max(*p).min(1.0)).collect()
}
