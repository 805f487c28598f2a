//! One arm with a yes-or-no outcome and planned looks, exact.

use serde::{Deserialize, Serialize};

use crate::StatError;
use crate::sequential::exact_binary::binomial;

/// Most units of a one-arm design.
const MAX_UNITS: u64 = 20_000;

/// Exact stopping probabilities of a one-arm design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SingleArmOperating {
    /// Probability of stopping at or above the upper count, look by look.
    pub upper: Vec<f64>,
    /// Probability of stopping at or below the lower count, look by look.
    pub lower: Vec<f64>,
    /// Expected number of units.
    pub expected_units: f64,
}

/// How a one-arm design with counts as boundaries behaves when the outcome probability is `p`.
///
/// At each look the trial stops when at least `upper` or at most `lower` of `units` (cumulative) had the outcome; a
/// lower bound below 0 never stops. Exact, by convolution.
///
/// Source: Jennison and Turnbull 2000, section 12.1.
///
/// ```
/// use fairtrial_stats::sequential::group::single_arm;
/// let result = single_arm(&[12, 24, 36], &[0, 2, 5], &[5, 7, 8], 0.2)?;
/// assert!((result.upper[0] - 0.072_555_499_52).abs() < 1e-14);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` for lists of unequal length, falling units, crossing bounds or `p` outside [0, 1]; `TooLarge` above
/// 20,000 units.
pub fn single_arm(units: &[u64], lower: &[i64], upper: &[i64], p: f64) -> Result<SingleArmOperating, StatError> {
    if !(0.0..=1.0).contains(&p) {
        return Err(StatError::invalid("p", "must lie between 0 and 1"));
    }
    if units.is_empty() || units.windows(2).any(|pair| pair[1] <= pair[0]) || units[0] == 0 {
        return Err(StatError::invalid("units", "must rise from look to look"));
    }
    if units.last().is_some_and(|&n| n > MAX_UNITS) {
        return Err(StatError::TooLarge { reason: format!("at most {MAX_UNITS} units") });
    }
    if lower.len() != units.len() || upper.len() != units.len() {
        return Err(StatError::invalid("lower", "and upper need one count for each look"));
    }
    if lower.iter().zip(upper).any(|(a, b)| a >= b) {
        return Err(StatError::invalid("lower", "must be below upper"));
    }
    let mut running = vec![1.0];
    let mut before = 0;
    let mut result = SingleArmOperating { upper: Vec::new(), lower: Vec::new(), expected_units: 0.0 };
    let mut open = 1.0;
    for (k, &n) in units.iter().enumerate() {
        let step = binomial(n - before, p);
        let mut next = vec![0.0; n as usize + 1];
        for (x, mass) in running.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
            for (cell, probability) in next.iter_mut().skip(x).zip(&step) {
                *cell += mass * probability;
            }
        }
        let (mut low, mut high) = (0.0, 0.0);
        for (x, cell) in next.iter_mut().enumerate() {
            let x = x as i64;
            if x >= upper[k] {
                high += std::mem::take(cell);
            } else if x <= lower[k] {
                low += std::mem::take(cell);
            }
        }
        let leaves = if k + 1 == units.len() { open } else { low + high };
        result.expected_units += leaves * n as f64;
        open -= low + high;
        result.upper.push(high);
        result.lower.push(low);
        (running, before) = (next, n);
    }
    Ok(result)
}
