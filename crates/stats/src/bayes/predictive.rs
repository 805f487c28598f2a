use crate::special::elementary::exp;
use serde::{Deserialize, Serialize};

use super::BetaPosterior;
use crate::error::StatError;
use crate::special::count::{ln_choose, ln_hypergeometric};
use crate::special::gamma::ln_gamma;
use crate::sufficient::Binary;
use crate::wald::check_share;

/// Most units at the end, both arms together.
const MOST: u64 = 4_000;

/// How a trial of a yes/no outcome will end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictiveDesign {
    /// Units in arm 1 at the end.
    pub final1: u64,
    /// Units in arm 0 at the end.
    pub final0: u64,
    /// One-sided error rate of the final test of a higher proportion in arm 1.
    pub alpha: f64,
    /// Shapes of the beta prior of both arms.
    pub prior: (f64, f64),
}

/// With which probability will the trial end with a success, given what has been seen? (Final test: Fisher's, one-sided.)
///
/// # Arguments
/// * `arm1`, `arm0` - data so far; `design` - sizes at the end (4,000 in all at most), error rate and prior.
///
/// # When not
/// Not as a stopping rule of its own: register a futility rule instead.
///
/// # Source
/// Spiegelhalter, Freedman and Blackburn (1986); beta-binomial sums over all futures.
///
/// ```
/// use fairtrial_stats::{bayes::{PredictiveDesign, predictive_success}, sufficient::Binary};
/// let design = PredictiveDesign { final1: 4, final0: 4, alpha: 0.025, prior: (1.0, 1.0) };
/// let (all, none) = (Binary::new(4, 4).unwrap(), Binary::new(4, 0).unwrap());
/// // Nothing is open any more: 4 of 4 against 0 of 4 has Fisher's p = 1/70.
/// assert!((predictive_success(all, none, &design).unwrap() - 1.0).abs() < 1e-14);
/// // One person of arm 1 to come, who must succeed: 4/5 by Laplace's rule of succession.
/// let three = Binary::new(3, 3).unwrap();
/// assert!((predictive_success(three, none, &design).unwrap() - 0.8).abs() < 1e-12);
/// ```
///
/// # Errors
/// `InvalidArgument`, `TooLarge`.
pub fn predictive_success(arm1: Binary, arm0: Binary, design: &PredictiveDesign) -> Result<f64, StatError> {
    check_share("alpha", design.alpha)?;
    if design.final1 < arm1.n || design.final0 < arm0.n {
        return Err(StatError::invalid("final1", "the trial cannot end with fewer units than it has"));
    }
    if design.final1.saturating_add(design.final0) > MOST {
        return Err(StatError::TooLarge { reason: format!("more than {MOST} units at the end") });
    }
    if design.final1 == 0 || design.final0 == 0 {
        return Err(StatError::TooFewUnits { need: 1, got: 0 });
    }
    let future1 = future(arm1, design.final1, design.prior)?;
    let future0 = future(arm0, design.final0, design.prior)?;
    let total = design.final1 + design.final0;
    let mut probability = 0.0;
    for s in 0..=total {
        let Some(critical) = smallest_rejected(s, design) else { continue };
        for x1 in critical.max(arm1.x)..=s.min(arm1.x + design.final1 - arm1.n) {
            let Some(more0) = (s - x1).checked_sub(arm0.x) else { break };
            if let Some(weight0) = future0.get(more0 as usize) {
                probability += future1[(x1 - arm1.x) as usize] * weight0;
            }
        }
    }
    Ok(probability.min(1.0))
}

/// Probabilities of the further units with the outcome.
fn future(arm: Binary, end: u64, prior: (f64, f64)) -> Result<Vec<f64>, StatError> {
    let (a, b) = BetaPosterior::new(arm, prior.0, prior.1)?.shapes();
    let more = end - arm.n;
    let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let term = |k: u64| ln_choose(more, k) + ln_beta(a + k as f64, b + (more - k) as f64) - ln_beta(a, b);
    Ok((0..=more).map(|k| exp(term(k))).collect())
}

/// The smallest number in arm 1 that the final test rejects with, among tables with `s` outcomes in all.
fn smallest_rejected(s: u64, design: &PredictiveDesign) -> Option<u64> {
    let (n1, n0) = (design.final1, design.final0);
    let mut tail = 0.0;
    let mut critical = None;
    for x1 in (s.saturating_sub(n0)..=s.min(n1)).rev() {
        tail += exp(ln_hypergeometric(x1, n1, n0, s));
        // A p-value that equals alpha up to rounding rejects.
        if tail > design.alpha * (1.0 + 1e-12) {
            break;
        }
        critical = Some(x1);
    }
    critical
}
