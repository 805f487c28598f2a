//! Exact inference about a common odds ratio: the distribution of the successes of arm 1 given all margins.

use crate::special::elementary::{exp, ln};
use serde::Serialize;

use super::Strata;
use crate::special::count::ln_hypergeometric;
use crate::two_proportions::{Table, check_level, log_root};
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// Largest sum of the ranges of the strata.
const MAX_SUPPORT: usize = 30_000;
/// Probabilities closer than this count as tied, as in R.
const TIE: f64 = 1.0 + 1e-7;

/// The conditional distribution of the sum of x1 when odds are equal: its lowest value, and ln of the masses.
struct Sum {
    low: u64,
    observed: usize,
    ln_masses: Vec<f64>,
}

impl Sum {
    fn new(strata: &Strata) -> Result<Self, StatError> {
        let range = |t: &Table| (t.successes().saturating_sub(t.n0()), t.successes().min(t.n1()));
        let size: u64 = strata.tables().iter().map(|t| range(t).1 - range(t).0).fold(0, u64::saturating_add);
        if size > MAX_SUPPORT as u64 {
            return Err(StatError::TooLarge {
                reason: "the exact stratified test takes up to 30,000 successes".to_owned(),
            });
        }
        let mut masses = vec![1.0];
        let (mut low, mut observed) = (0, 0);
        for table in strata.tables() {
            let (from, to) = range(table);
            let own: Vec<f64> =
                (from..=to).map(|k| exp(ln_hypergeometric(k, table.n1(), table.n0(), table.successes()))).collect();
            let mut next = vec![0.0; masses.len() + own.len() - 1];
            for (i, mass) in masses.iter().enumerate() {
                for (j, other) in own.iter().enumerate() {
                    next[i + j] += mass * other;
                }
            }
            masses = next;
            low += from;
            observed += table.x1();
        }
        let observed = (observed - low) as usize;
        Ok(Self { low, observed, ln_masses: masses.into_iter().map(ln).collect() })
    }

    fn last(&self) -> usize {
        self.ln_masses.len() - 1
    }

    /// Upper tail, lower tail (both with the observed value), mean and variance of the index at an odds ratio.
    fn at(&self, ln_ratio: f64) -> Tilted {
        let weight = |i: usize| self.ln_masses[i] + i as f64 * ln_ratio;
        let largest = (0..=self.last()).map(weight).fold(f64::NEG_INFINITY, f64::max);
        let (mut total, mut upper, mut lower, mut first) = (0.0, 0.0, 0.0, 0.0);
        for i in 0..=self.last() {
            let w = exp(weight(i) - largest);
            total += w;
            first += w * i as f64;
            if i >= self.observed {
                upper += w;
            }
            if i <= self.observed {
                lower += w;
            }
        }
        let mean = first / total;
        let variance = (0..=self.last()).map(|i| exp(weight(i) - largest) * (i as f64 - mean).powi(2)).sum::<f64>();
        Tilted { upper: upper / total, lower: lower / total, mean, variance: variance / total }
    }

    /// ln of the most likely odds ratio; none when only one value is possible, infinite at an end.
    fn most_likely(&self) -> Result<Option<f64>, StatError> {
        if self.last() == 0 {
            return Ok(None);
        }
        if self.observed == 0 {
            return Ok(Some(f64::NEG_INFINITY));
        }
        if self.observed == self.last() {
            return Ok(Some(f64::INFINITY));
        }
        log_root(|v| self.observed as f64 - self.at(v).mean, None).map(Some)
    }
}

struct Tilted {
    upper: f64,
    lower: f64,
    mean: f64,
    variance: f64,
}

/// Do the arms differ within strata, exactly? The conditional test of a common odds ratio of 1.
///
/// [`Side::Two`] doubles the smaller tail; `by_likelihood` sums instead all values at most as likely as the observed one,
/// as R's `mantelhaen.test(exact = TRUE)`. Up to 30,000 successes.
///
/// ```
/// use fairtrial_stats::{Side, stratified::{Strata, exact_test}};
/// // Two strata, in each the only success is in arm 1: 1/2 times 1/2.
/// let strata = Strata::new(&[[1, 1, 0, 1], [1, 1, 0, 1]]).unwrap();
/// assert!((exact_test(&strata, Side::Greater, false).unwrap().p() - 0.25).abs() < 1e-14);
/// ```
///
/// # Errors
/// `too_large` beyond the limit.
pub fn exact_test(strata: &Strata, side: Side, by_likelihood: bool) -> Result<PValue, StatError> {
    let sum = Sum::new(strata)?;
    let at = sum.at(0.0);
    Ok(PValue::from_p(match side {
        Side::Greater => at.upper,
        Side::Less => at.lower,
        Side::Two if !by_likelihood => 2.0 * at.upper.min(at.lower),
        Side::Two => {
            let limit = sum.ln_masses[sum.observed] + ln(TIE);
            sum.ln_masses.iter().filter(|ln| **ln <= limit).map(|ln| exp(*ln)).sum()
        }
    }))
}

/// What is the common odds ratio of the strata, with guaranteed coverage?
///
/// The conditional maximum-likelihood estimate and the exact equal-tailed interval; the p-value is the central exact
/// test. Source: Gart 1970, Biometrika 57, 471-475; Mehta, Patel and Gray 1985, J. Am. Stat. Assoc. 80, 969-973.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, exact_common_odds_ratio};
/// // R `mantelhaen.test(exact = TRUE)`, which searches to four digits
/// let strata = Strata::new(&[[8, 20, 4, 20], [0, 15, 3, 14], [12, 40, 9, 38], [2, 9, 0, 11], [0, 5, 0, 6]]).unwrap();
/// let e = exact_common_odds_ratio(&strata, 0.95).unwrap();
/// assert!((e.point.unwrap() - 1.474_623).abs() < 1e-4);
/// assert!((e.interval.lower - 0.6632).abs() < 1e-3 && (e.interval.upper - 3.3378).abs() < 1e-3);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `too_large` beyond 30,000 successes.
pub fn exact_common_odds_ratio(strata: &Strata, level: f64) -> Result<Estimate, StatError> {
    check_level(level)?;
    let sum = Sum::new(strata)?;
    let tail = 0.5 * (1.0 - level);
    let lower = if sum.observed == 0 { 0.0 } else { exp(log_root(|v| tail - sum.at(v).upper, None)?) };
    let upper =
        if sum.observed == sum.last() { f64::INFINITY } else { exp(log_root(|v| sum.at(v).lower - tail, None)?) };
    Ok(Estimate {
        point: sum.most_likely()?.map(exp),
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower, upper, level },
        p_value: Some(exact_test(strata, Side::Two, false)?),
        method: "exact common odds ratio".to_owned(),
        guarantee: Guarantee::Exact,
    })
}

/// The conditional maximum-likelihood estimate of the log odds ratio, as conditional logistic regression gives it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ConditionalLogOdds {
    /// ln of the odds ratio.
    pub ln_odds_ratio: f64,
    /// Its standard error, from the conditional information.
    pub standard_error: f64,
    /// Smallest possible number of successes of arm 1 in all strata.
    pub fewest_successes: u64,
}

/// What is the common log odds ratio, and its standard error? Conditional logistic regression with one binary term.
///
/// ```
/// use fairtrial_stats::stratified::{Strata, conditional_ln_odds};
/// // R `survival::clogit`
/// let strata = Strata::new(&[[8, 20, 4, 20], [0, 15, 3, 14], [12, 40, 9, 38], [2, 9, 0, 11], [0, 5, 0, 6]]).unwrap();
/// let odds = conditional_ln_odds(&strata).unwrap();
/// assert!((odds.ln_odds_ratio - 0.388_416_198).abs() < 1e-7 && (odds.standard_error - 0.376_208_952).abs() < 1e-7);
/// ```
///
/// # Errors
/// `not_estimable` when the margins leave no choice or the observed value is the first or last possible one.
pub fn conditional_ln_odds(strata: &Strata) -> Result<ConditionalLogOdds, StatError> {
    let sum = Sum::new(strata)?;
    match sum.most_likely()? {
        Some(ln_odds_ratio) if ln_odds_ratio.is_finite() => Ok(ConditionalLogOdds {
            ln_odds_ratio,
            standard_error: 1.0 / sum.at(ln_odds_ratio).variance.sqrt(),
            fewest_successes: sum.low,
        }),
        _ => Err(StatError::not_estimable("the conditional likelihood has no maximum at a finite odds ratio")),
    }
}
