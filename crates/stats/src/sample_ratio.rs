//! Did the arms get the shares that were planned? A failed check means that the trial is broken, not that an arm works.

use crate::special::elementary::{exp, ln, ln_1p};
use serde::Serialize;

use crate::special::gamma::{deviance, stirling_error};
use crate::special::{beta, chi_square, count};
use crate::{Guarantee, PValue, StatError};

/// Largest total for which two arms are tested exactly; beyond it the approximation differs in no digit that matters.
const EXACT_TOTAL: u64 = 1_000_000;
/// Most outcomes that the exact test of three or more arms enumerates.
const EXACT_OUTCOMES: u64 = 2_000_000;
/// Probabilities closer than this count as tied, as in SciPy.
const TIE: f64 = 1e-7;

/// The result of a sample-ratio check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleRatioTest {
    /// The p-value of the planned shares.
    pub p_value: PValue,
    /// Pearson's chi-square over the arms with a planned share.
    pub chi_square: f64,
    /// Arms with a planned share, less one.
    pub degrees_of_freedom: f64,
    /// Planned number in each arm.
    pub expected: Vec<f64>,
    /// Somebody is in an arm that was to get nobody: no chance explains that, the p-value is 0.
    pub impossible: bool,
    /// Field's name of the method.
    pub method: String,
    /// On what the p-value rests.
    pub guarantee: Guarantee,
}

/// Counts and planned shares, checked.
struct Arms<'a> {
    observed: &'a [u64],
    shares: Vec<f64>,
    total: u64,
}

impl<'a> Arms<'a> {
    fn new(observed: &'a [u64], shares: &[f64]) -> Result<Self, StatError> {
        if observed.len() != shares.len() {
            return Err(StatError::invalid("ratio", "must have one entry for each arm"));
        }
        if shares.iter().any(|share| !(share.is_finite() && *share >= 0.0)) {
            return Err(StatError::invalid("ratio", "must be finite and at least 0"));
        }
        let sum: f64 = shares.iter().sum();
        if shares.iter().filter(|share| **share > 0.0).count() < 2 || !sum.is_finite() {
            return Err(StatError::invalid("ratio", "at least two arms must be planned to get somebody"));
        }
        let total = observed.iter().try_fold(0u64, |sum, count| sum.checked_add(*count));
        match total {
            None => Err(StatError::TooLarge { reason: "the counts sum to more than 64 bits hold".to_owned() }),
            Some(0) => Err(StatError::TooFewUnits { need: 1, got: 0 }),
            Some(total) => Ok(Self { observed, shares: shares.iter().map(|share| share / sum).collect(), total }),
        }
    }

    /// The arms that were to get somebody.
    fn planned(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.observed.iter().copied().zip(self.shares.iter().copied()).filter(|(_, share)| *share > 0.0)
    }

    fn impossible(&self) -> bool {
        self.observed.iter().zip(&self.shares).any(|(count, share)| *share == 0.0 && *count > 0)
    }

    /// Pearson's statistic and its degrees of freedom.
    fn chi_square(&self) -> (f64, f64) {
        let total = self.total as f64;
        let statistic = self
            .planned()
            .map(|(count, share)| {
                let expected = total * share;
                let excess = count as f64 - expected;
                excess * excess / expected
            })
            .sum();
        (statistic, self.planned().count() as f64 - 1.0)
    }

    fn result(&self, p_value: PValue, method: &str, guarantee: Guarantee) -> SampleRatioTest {
        let (chi_square, degrees_of_freedom) = self.chi_square();
        let impossible = self.impossible();
        SampleRatioTest {
            p_value: if impossible { PValue::from_p(0.0) } else { p_value },
            chi_square,
            degrees_of_freedom,
            expected: self.shares.iter().map(|share| share * self.total as f64).collect(),
            impossible,
            method: method.to_owned(),
            guarantee,
        }
    }
}

/// Are the sizes of the arms compatible with the planned allocation ratio?
///
/// `observed` are the numbers of units, `ratio` the planned whole-number ratio, for example `[1, 1]`. Two arms: the
/// exact binomial test (twice the smaller tail) up to a million units. More arms: the exact multinomial test (outcomes
/// at most as likely as the observed one) while there are up to two million outcomes. Beyond: Pearson's chi-square. An
/// arm planned to get nobody but holding somebody makes the result `impossible`. For one look only: to check every day
/// use [`SequentialRatio`], whose error rate holds at all looks together.
///
/// ```
/// let test = fairtrial_stats::sample_ratio::test(&[60, 40], &[1, 1]).unwrap();
/// assert!((test.p_value.p() - 0.056_887_933_641).abs() < 1e-12);
/// ```
///
/// # Errors
/// `invalid_argument` when lengths differ or fewer than two arms are planned; `too_few_units` without any unit.
pub fn test(observed: &[u64], ratio: &[u64]) -> Result<SampleRatioTest, StatError> {
    let shares: Vec<f64> = ratio.iter().map(|part| *part as f64).collect();
    let arms = Arms::new(observed, &shares)?;
    let planned: Vec<(u64, f64)> = arms.planned().collect();
    if arms.impossible() {
        return Ok(arms.result(PValue::from_p(0.0), "planned shares", Guarantee::Exact));
    }
    if let [(x, share), (rest, other)] = planned[..] {
        if arms.total <= EXACT_TOTAL {
            let upper = if x == 0 { 0.0 } else { ln_at_least(x, rest, share, other) };
            let lower = if rest == 0 { 0.0 } else { ln_at_least(rest, x, other, share) };
            let p_value = PValue::from_ln(upper.min(lower) + std::f64::consts::LN_2);
            return Ok(arms.result(p_value, "exact binomial test", Guarantee::Exact));
        }
    } else if outcomes(arms.total, planned.len()) <= EXACT_OUTCOMES {
        return exact_multinomial(observed, &shares);
    }
    pearson(observed, &shares)
}

/// ln P(X >= x) for x successes and `rest` failures.
fn ln_at_least(x: u64, rest: u64, share: f64, other: f64) -> f64 {
    beta::tails(x as f64, rest as f64 + 1.0, share, other).ln_lower
}

/// Number of ways to spread `total` units over `arms`, saturating.
fn outcomes(total: u64, arms: usize) -> u64 {
    let mut ways = 1u64;
    for i in 1..arms as u64 {
        ways = match total.checked_add(i).and_then(|n| ways.checked_mul(n)) {
            Some(product) => product / i,
            None => return u64::MAX,
        };
    }
    ways
}

/// Are the sizes compatible with the planned shares? Pearson's chi-square.
///
/// `shares` are relative (they need not sum to 1). Good when every expected number is at least about 5.
///
/// ```
/// use fairtrial_stats::sample_ratio::pearson;
/// // R `chisq.test(c(60, 40))`: X-squared = 4, p-value = 0.0455
/// assert!((pearson(&[60, 40], &[1.0, 1.0]).unwrap().p_value.p() - 0.0455).abs() < 1e-5);
/// ```
///
/// # Errors
/// As [`test()`].
pub fn pearson(observed: &[u64], shares: &[f64]) -> Result<SampleRatioTest, StatError> {
    let arms = Arms::new(observed, shares)?;
    let (statistic, df) = arms.chi_square();
    let p_value = PValue::from_ln(chi_square::ln_sf(statistic, df));
    Ok(arms.result(p_value, "Pearson chi-square test", Guarantee::Asymptotic))
}

/// Are the sizes compatible with the planned shares? All outcomes at most as likely as the observed one.
///
/// For two arms it is the binomial test of SciPy and R, at any size. For more it enumerates up to two million outcomes.
///
/// ```
/// use fairtrial_stats::sample_ratio::exact_multinomial;
/// // R `binom.test(5, 5)`: 2/32
/// assert!((exact_multinomial(&[5, 0], &[1.0, 1.0]).unwrap().p_value.p() - 0.0625).abs() < 1e-14);
/// ```
///
/// # Errors
/// As [`test()`]; `too_large` beyond the limit.
pub fn exact_multinomial(observed: &[u64], shares: &[f64]) -> Result<SampleRatioTest, StatError> {
    let arms = Arms::new(observed, shares)?;
    let planned: Vec<(u64, f64)> = arms.planned().collect();
    if let [(x, share), (_, other)] = planned[..] {
        let p_value = binomial_by_likelihood(x, arms.total, share, other);
        return Ok(arms.result(p_value, "exact binomial test", Guarantee::Exact));
    }
    if outcomes(arms.total, planned.len()) > EXACT_OUTCOMES {
        return Err(StatError::TooLarge { reason: "more than two million possible outcomes".to_owned() });
    }
    let shares: Vec<f64> = planned.iter().map(|(_, share)| *share).collect();
    // Conditional on the arms before it, each arm is binomial with its share of what is left.
    let mut observed_ln = 0.0;
    let mut left = arms.total;
    for (i, (count, _)) in planned.iter().enumerate() {
        observed_ln += ln_next(&shares[i..], *count, left);
        left = left.saturating_sub(*count);
    }
    let p = likelihood_tail(&shares, arms.total, 0.0, observed_ln + TIE).min(1.0);
    Ok(arms.result(PValue::from_p(p), "exact multinomial test", Guarantee::Exact))
}

/// The probability of all counts of `n` at most as likely as `x`: its own tail and the far one, whose edge is bisected
/// because the probabilities fall from the mode on.
fn binomial_by_likelihood(x: u64, n: u64, share: f64, other: f64) -> PValue {
    let limit = count::ln_binomial(x, n, share, other) + TIE;
    let at_most = |k: u64| count::ln_binomial(k, n, share, other) <= limit;
    let mode = (((n as f64 + 1.0) * share).floor() as u64).min(n);
    if at_most(mode) {
        return PValue::from_p(1.0);
    }
    let at_least = |k: u64| if k == 0 { 0.0 } else { ln_at_least(k, n - k, share, other) };
    let up_to = |k: u64| if k == n { 0.0 } else { ln_at_least(n - k, k, other, share) };
    // Where the far tail begins: `inner` is more likely than the observed count, `edge` is not.
    let edge = |mut inner: u64, mut edge: u64| {
        while inner.abs_diff(edge) > 1 {
            let middle = inner.midpoint(edge);
            if at_most(middle) {
                edge = middle;
            } else {
                inner = middle;
            }
        }
        edge
    };
    let (own, far) = if x < mode {
        (up_to(x), at_most(n).then(|| at_least(edge(mode, n))))
    } else {
        (at_least(x), at_most(0).then(|| up_to(edge(mode, 0))))
    };
    PValue::from_ln(far.map_or(own, |far| own.max(far) + ln_1p(exp(-(own - far).abs()))))
}

/// ln probability that the first of the remaining arms gets `count` of `left` units.
fn ln_next(shares: &[f64], count: u64, left: u64) -> f64 {
    let [first, rest @ ..] = shares else { return 0.0 };
    let others: f64 = rest.iter().sum();
    if rest.is_empty() {
        return 0.0;
    }
    count::ln_binomial(count, left, first / (first + others), others / (first + others))
}

/// The probability of the outcomes of the remaining arms whose whole probability does not exceed the limit.
fn likelihood_tail(shares: &[f64], left: u64, so_far: f64, limit: f64) -> f64 {
    if shares.len() <= 1 {
        return if so_far <= limit { exp(so_far) } else { 0.0 };
    }
    (0..=left)
        .map(|count| likelihood_tail(&shares[1..], left - count, so_far + ln_next(shares, count, left), limit))
        .sum()
}

/// ln of the Bayes factor of "other shares" against the planned ones, with a Dirichlet prior centred on the plan.
///
/// `concentration` is the weight of the prior in units; small values suspect anything, large ones only small departures
/// (and see nothing in small trials). For the planned shares the factor is a martingale that starts at 1: its
/// inverse is an anytime-valid p-value.
///
/// Source: Lindon and Malek 2022, arXiv 2011.03567.
///
/// ```
/// use fairtrial_stats::sample_ratio::dirichlet_ln_bayes_factor;
/// // A uniform prior (concentration 2 over two arms) gives every count 1/(n + 1); chance gives 10 of 10 2^-10.
/// let ln = dirichlet_ln_bayes_factor(&[10, 0], &[0.5, 0.5], 2.0).unwrap();
/// assert!((ln - (1024.0 / 11.0_f64).ln()).abs() < 1e-12);
/// ```
///
/// # Errors
/// As [`test()`], or `invalid_argument` for a concentration that is not above 0. Units in an arm without share give
/// infinity.
pub fn dirichlet_ln_bayes_factor(observed: &[u64], shares: &[f64], concentration: f64) -> Result<f64, StatError> {
    if !(concentration.is_finite() && concentration > 0.0) {
        return Err(StatError::invalid("concentration", "must be above 0"));
    }
    let arms = Arms::new(observed, shares)?;
    if arms.impossible() {
        return Ok(f64::INFINITY);
    }
    if arms.total < 64 {
        let mut sum = -ln_rising(concentration, arms.total);
        for (count, share) in arms.planned() {
            sum += ln_rising(concentration * share, count) - count as f64 * ln(share);
        }
        return Ok(sum);
    }
    let total = concentration + arms.total as f64;
    // Log-gamma functions of hundreds of millions of units cancel in all but a few digits. By Stirling's formula what is
    // left of them are the deviances from the plan and terms of the size of a logarithm.
    let mut sum = 0.5 * ln(total / concentration) - (stirling_error(total) - stirling_error(concentration));
    for (count, share) in arms.planned() {
        let prior = concentration * share;
        let posterior = prior + count as f64;
        sum += deviance(posterior, total * share) - 0.5 * ln(posterior / prior) + stirling_error(posterior)
            - stirling_error(prior);
    }
    Ok(sum)
}

/// ln of a(a + 1)...(a + n - 1).
fn ln_rising(a: f64, n: u64) -> f64 {
    (0..n).map(|i| ln(a + i as f64)).sum()
}

/// Concentrations that are mixed, from "anything may be wrong" to "the shares are almost right".
const CONCENTRATIONS: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];

/// A sample-ratio check that may be looked at after every unit.
///
/// The e-value is the even mixture of the Dirichlet-multinomial Bayes factors with concentrations 1, 10, 100 and 1,000.
/// Under the planned shares the chance that it ever reaches 1/alpha is at most alpha, whatever the looks. It depends
/// on the counts only, so that counts of days or servers may be added up first; the largest value seen is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SequentialRatio {
    shares: Vec<f64>,
    observed: Vec<u64>,
    ln_e: f64,
    ln_e_max: f64,
}

impl SequentialRatio {
    /// Starts with nobody assigned.
    ///
    /// ```
    /// use fairtrial_stats::sample_ratio::SequentialRatio;
    /// let check = SequentialRatio::new(&[2, 1]).unwrap();
    /// assert_eq!((check.ln_e(), check.p_value().p()), (0.0, 1.0));
    /// assert!(SequentialRatio::new(&[1, 0]).is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when fewer than two arms are planned to get somebody.
    pub fn new(ratio: &[u64]) -> Result<Self, StatError> {
        let shares: Vec<f64> = ratio.iter().map(|part| *part as f64).collect();
        if shares.iter().filter(|share| **share > 0.0).count() < 2 {
            return Err(StatError::invalid("ratio", "at least two arms must be planned to get somebody"));
        }
        let observed = vec![0; ratio.len()];
        Ok(Self { shares, observed, ln_e: 0.0, ln_e_max: 0.0 })
    }

    /// Takes in newly assigned units, given as counts per arm; returns the current ln e-value.
    ///
    /// ```
    /// use fairtrial_stats::sample_ratio::{SequentialRatio, mixture_ln_e};
    /// // Only the sums count, whatever the days.
    /// let mut check = SequentialRatio::new(&[1, 1]).unwrap();
    /// check.add(&[40, 25]).unwrap();
    /// let now = check.add(&[20, 15]).unwrap();
    /// assert_eq!(now, mixture_ln_e(&[60, 40], &[1.0, 1.0]).unwrap());
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when the number of arms differs; `too_large` when a count overflows.
    pub fn add(&mut self, units: &[u64]) -> Result<f64, StatError> {
        if units.len() != self.observed.len() {
            return Err(StatError::invalid("observed", "must have one entry for each arm"));
        }
        let sums: Option<Vec<u64>> = self.observed.iter().zip(units).map(|(a, b)| a.checked_add(*b)).collect();
        let sums = sums.ok_or_else(|| StatError::TooLarge { reason: "a count overflows 64 bits".to_owned() })?;
        if sums.iter().all(|count| *count == 0) {
            return Ok(self.ln_e);
        }
        self.ln_e = mixture_ln_e(&sums, &self.shares)?;
        self.observed = sums;
        self.ln_e_max = self.ln_e_max.max(self.ln_e);
        Ok(self.ln_e)
    }

    /// ln of the current e-value.
    ///
    /// ```
    /// use fairtrial_stats::sample_ratio::SequentialRatio;
    /// // The first person fits any ratio: each part of the mixture is 1.
    /// let mut check = SequentialRatio::new(&[1, 1]).unwrap();
    /// check.add(&[1, 0]).unwrap();
    /// assert!(check.ln_e().abs() < 1e-14);
    /// ```
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        self.ln_e
    }

    /// ln of the largest e-value so far.
    ///
    /// ```
    /// use fairtrial_stats::sample_ratio::SequentialRatio;
    /// // A bad day stays on record when later ones make up for it.
    /// let mut check = SequentialRatio::new(&[1, 1]).unwrap();
    /// check.add(&[60, 20]).unwrap();
    /// let worst = check.ln_e();
    /// check.add(&[20, 60]).unwrap();
    /// assert!(check.ln_e() < 0.0 && check.ln_e_max() == worst);
    /// ```
    #[must_use]
    pub fn ln_e_max(&self) -> f64 {
        self.ln_e_max
    }

    /// The p-value that holds at all looks together: 1 over the largest e-value.
    ///
    /// ```
    /// use fairtrial_stats::sample_ratio::SequentialRatio;
    /// let mut check = SequentialRatio::new(&[1, 1]).unwrap();
    /// check.add(&[60, 20]).unwrap();
    /// assert!((check.p_value().p() * check.ln_e_max().exp() - 1.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn p_value(&self) -> PValue {
        PValue::from_ln(-self.ln_e_max)
    }

    /// Whether the planned shares are refuted at the error rate `alpha`, over all looks.
    ///
    /// ```
    /// use fairtrial_stats::sample_ratio::SequentialRatio;
    /// let mut check = SequentialRatio::new(&[1, 1]).unwrap();
    /// check.add(&[520, 480]).unwrap();
    /// assert!(!check.is_refuted(0.001));
    /// check.add(&[600, 400]).unwrap();
    /// assert!(check.is_refuted(0.001));
    /// ```
    #[must_use]
    pub fn is_refuted(&self, alpha: f64) -> bool {
        self.ln_e_max >= -ln(alpha)
    }
}

/// ln of the mixed e-value of all units so far, for one evaluation of given counts.
///
/// ```
/// use fairtrial_stats::sample_ratio::mixture_ln_e;
/// assert!(mixture_ln_e(&[500, 500], &[1.0, 1.0]).unwrap() < 0.0);
/// assert!(mixture_ln_e(&[600, 400], &[1.0, 1.0]).unwrap() > 20.0_f64.ln());
/// ```
///
/// # Errors
/// As [`test()`].
pub fn mixture_ln_e(observed: &[u64], shares: &[f64]) -> Result<f64, StatError> {
    let mut parts = [0.0; CONCENTRATIONS.len()];
    for (part, concentration) in parts.iter_mut().zip(CONCENTRATIONS) {
        *part = dirichlet_ln_bayes_factor(observed, shares, concentration)?;
    }
    let largest = parts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_infinite() {
        return Ok(largest);
    }
    let sum: f64 = parts.iter().map(|part| exp(part - largest)).sum();
    Ok(largest + ln(sum / CONCENTRATIONS.len() as f64))
}
