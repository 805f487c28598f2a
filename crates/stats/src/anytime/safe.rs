//! Safe tests: evidence that may be looked at at any time, for common designs.

use crate::special::elementary::{exp, ln, ln_1p};
use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use super::evidence::{EProcess, EValue, check_finite, check_positive};
use crate::special::count::ln_choose;
use crate::special::quadrature::GaussLegendre;
use crate::{Side, StatError};

/// Largest number of units of one kind in a call.
const MAX_UNITS: u64 = 1_000_000_000;

/// Evidence that two proportions differ, from blocks of units that arrive together.
///
/// Each block holds a fixed number of units of each arm. Before a block, each arm's proportion is estimated from the
/// blocks before, with a beta prior; the block is then scored against the common proportion that fits that estimate best.
/// Exact at any sample size; needs complete blocks.
///
/// Source: Turner, Ly and Grünwald 2024.
///
/// ```
/// use fairtrial_stats::anytime::SafeTwoByTwo;
/// let mut test = SafeTwoByTwo::new(1, 1, 0.18)?;
/// for _ in 0..10 {
///     test.observe(1, 0)?;
/// }
/// assert!(test.process().rejects(0.05)?);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SafeTwoByTwo {
    block1: u64,
    block0: u64,
    /// Outcomes and units so far with the prior, in arm 1 and arm 0.
    arm1: (f64, f64),
    arm0: (f64, f64),
    process: EProcess,
}

impl SafeTwoByTwo {
    /// A test with blocks of `block1` units of arm 1 and `block0` of arm 0, and the prior Beta(`prior`, `prior`).
    ///
    /// With unequal blocks the prior of arm 0 is scaled by the ratio of the block sizes. 0.18 is a good prior.
    ///
    /// ```
    /// use fairtrial_stats::anytime::SafeTwoByTwo;
    /// assert_eq!(SafeTwoByTwo::new(2, 1, 0.18).unwrap().process().now().e(), 1.0);
    /// assert_eq!(SafeTwoByTwo::new(0, 1, 0.18).unwrap_err().code(), "invalid_argument");
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for an empty block or a prior that is not positive; `TooLarge` for blocks above 10^9 units.
    pub fn new(block1: u64, block0: u64, prior: f64) -> Result<Self, StatError> {
        for (name, size) in [("block1", block1), ("block0", block0)] {
            if size == 0 {
                return Err(StatError::invalid(name, "must hold at least one unit"));
            }
            if size > MAX_UNITS {
                return Err(StatError::TooLarge { reason: "blocks hold at most 10^9 units of an arm".to_owned() });
            }
        }
        check_positive("prior", prior)?;
        let scaled = prior * block0 as f64 / block1 as f64;
        let start = |prior: f64| (prior, 2.0 * prior);
        Ok(Self { block1, block0, arm1: start(prior), arm0: start(scaled), process: EProcess::default() })
    }

    /// Takes in the next block: `x1` outcomes in its units of arm 1 and `x0` in those of arm 0.
    ///
    /// ```
    /// use fairtrial_stats::anytime::SafeTwoByTwo;
    /// let mut test = SafeTwoByTwo::new(1, 1, 0.18).unwrap();
    /// // Before any data both arms have the prior's mean, so that the first block says nothing.
    /// test.observe(1, 0).unwrap();
    /// assert_eq!(test.process().now().ln_e, 0.0);
    /// // Then arm 1 is expected at 1.18 / 1.36 and arm 0 at 0.18 / 1.36, in common one half: each person multiplies by 59 / 34.
    /// test.observe(1, 0).unwrap();
    /// assert!((test.process().now().e() - (59.0_f64 / 34.0).powi(2)).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when there are more outcomes than units.
    pub fn observe(&mut self, x1: u64, x0: u64) -> Result<(), StatError> {
        if x1 > self.block1 {
            return Err(StatError::invalid("x1", "more outcomes than units in the block"));
        }
        if x0 > self.block0 {
            return Err(StatError::invalid("x0", "more outcomes than units in the block"));
        }
        let (n1, n0) = (self.block1 as f64, self.block0 as f64);
        let (p1, p0) = (self.arm1.0 / self.arm1.1, self.arm0.0 / self.arm0.1);
        let common = (n1 * p1 + n0 * p0) / (n1 + n0);
        let score = |x: u64, n: u64, p: f64| {
            let (yes, no) = (x as f64, (n - x) as f64);
            yes * ln(p / common) + no * ln((1.0 - p) / (1.0 - common))
        };
        let ln_e = score(x1, self.block1, p1) + score(x0, self.block0, p0);
        self.process.multiply(EValue { ln_e })?;
        self.arm1 = (self.arm1.0 + x1 as f64, self.arm1.1 + n1);
        self.arm0 = (self.arm0.0 + x0 as f64, self.arm0.1 + n0);
        Ok(())
    }

    /// The evidence so far.
    ///
    /// ```
    /// use fairtrial_stats::anytime::SafeTwoByTwo;
    /// let mut test = SafeTwoByTwo::new(1, 1, 0.18).unwrap();
    /// for _ in 0..8 {
    ///     test.observe(0, 1).unwrap();
    /// }
    /// // Blocks that all point one way: from the second on at most 4 each.
    /// assert!(test.process().now().ln_e < 7.0 * 4_f64.ln() && test.process().rejects(0.05).unwrap());
    /// ```
    #[must_use]
    pub fn process(&self) -> EProcess {
        self.process
    }
}

/// Number of units that carry the comparison of two arms.
fn effective(n1: u64, n0: u64) -> Result<f64, StatError> {
    for (name, n) in [("n1", n1), ("n0", n0)] {
        if n == 0 {
            return Err(StatError::invalid(name, "must be at least 1"));
        }
        if n > MAX_UNITS {
            return Err(StatError::TooLarge { reason: "at most 10^9 units in an arm".to_owned() });
        }
    }
    let (n1, n0) = (n1 as f64, n0 as f64);
    Ok(n1 * n0 / (n1 + n0))
}

/// Evidence for a difference of two normal means with known variance.
///
/// `z` from `n1` and `n0` units; `effect` is the standardised difference that the test is made for, fixed beforehand and
/// above 0. `Two` mixes both signs.
///
/// Source: Grünwald, de Heide and Koolen 2024.
///
/// ```
/// use fairtrial_stats::{Side, anytime::safe_z};
/// assert!((safe_z(2.1, 0.3, 40, 50, Side::Greater)?.e() - 7.169_590_076_8).abs() < 1e-9);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` for `z` not finite, `effect` not positive or an empty arm; `TooLarge` above 10^9 units in an arm.
pub fn safe_z(z: f64, effect: f64, n1: u64, n0: u64, side: Side) -> Result<EValue, StatError> {
    check_finite("z", z)?;
    check_positive("effect", effect)?;
    let shift = effect * effective(n1, n0)?.sqrt();
    let toward = |sign: f64| sign * shift * z - 0.5 * shift * shift;
    Ok(EValue { ln_e: mixed(side, toward(1.0), toward(-1.0)) })
}

/// Evidence for a difference of two normal means with unknown common variance.
///
/// `t` is Student's statistic of `n1` and `n0` units; `effect` is the standardised difference that the test is made for.
/// The likelihood ratio of the noncentral to the central t distribution; `Two` mixes both signs.
///
/// Source: Pérez-Ortiz, Lardy, de Heide and Grünwald 2024; Grünwald, de Heide and Koolen 2024.
///
/// ```
/// use fairtrial_stats::{Side, anytime::safe_t};
/// assert!((safe_t(2.5, 0.3, 30, 30, Side::Greater)?.e() - 8.412_454_696).abs() < 1e-8);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `TooFewUnits` below three units; otherwise as [`safe_z`].
pub fn safe_t(t: f64, effect: f64, n1: u64, n0: u64, side: Side) -> Result<EValue, StatError> {
    check_finite("t", t)?;
    check_positive("effect", effect)?;
    let shift = effect * effective(n1, n0)?.sqrt();
    if n1 + n0 < 3 {
        return Err(StatError::TooFewUnits { need: 3, got: n1 + n0 });
    }
    let df = (n1 + n0 - 2) as f64;
    // t / sqrt(t^2 + df), without overflow.
    let cosine = if t.abs() > df.sqrt() { t.signum() / (1.0 + df / t / t).sqrt() } else { t / (t * t + df).sqrt() };
    let pull = shift * cosine * 2_f64.sqrt();
    let base = -0.5 * shift * shift - ln_chi_moment(df, 0.0);
    Ok(EValue { ln_e: mixed(side, base + ln_chi_moment(df, pull), base + ln_chi_moment(df, -pull)) })
}

/// `ln` of the integral of `u^df exp(-u^2 + pull u)` over positive `u`; the integrand is log-concave.
fn ln_chi_moment(df: f64, pull: f64) -> f64 {
    let root = (pull * pull + 8.0 * df).sqrt();
    // The mode, written without cancellation for a negative pull.
    let mode = if pull >= 0.0 { 0.25 * (pull + root) } else { 2.0 * df / (root - pull) };
    let spread = (df / (mode * mode) + 2.0).sqrt().recip();
    let ln_height = |u: f64| df * ln(u) - u * u + pull * u;
    let top = ln_height(mode);
    let rule = GaussLegendre::new(40);
    let (low, high) = ((mode - 12.0 * spread).max(0.0), mode + 16.0 * spread);
    // For few degrees of freedom the integrand has a power at 0; two unequal panels keep its bend at their end.
    let left = rule.integrate_panels(low, mode, 4, |u| exp(ln_height(u) - top));
    let right = rule.integrate_panels(mode, high, 4, |u| exp(ln_height(u) - top));
    top + ln(left + right)
}

fn mixed(side: Side, greater: f64, less: f64) -> f64 {
    match side {
        Side::Greater => greater,
        Side::Less => less,
        Side::Two => {
            let (high, low) = (greater.max(less), greater.min(less));
            high + ln_1p(exp(low - high)) - LN_2
        }
    }
}

/// What one moment of events says of the ratio of hazards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogrankStep {
    /// Natural logarithm of the probability of this split when the hazards are equal.
    pub ln_null: f64,
    /// Evidence that the hazard in arm 1 is `1 / ratio` times that in arm 0.
    pub greater: EValue,
    /// Evidence that the hazard in arm 1 is `ratio` times that in arm 0.
    pub less: EValue,
}

/// Evidence on the ratio of hazards, arm 1 to arm 0, from the events of one moment.
///
/// `events1` of `at_risk1` units in arm 1 and `events0` of `at_risk0` in arm 0 had the event; `ratio`, below 1 and fixed
/// beforehand, is the hazard ratio that the test is made for. Multiply the evidence of all moments with an
/// [`EProcess`]. Exact: Fisher's noncentral hypergeometric distribution.
///
/// Source: ter Schure, Pérez-Ortiz, Ly and Grünwald 2024.
///
/// ```
/// let step = fairtrial_stats::anytime::safe_logrank(2, 18, 1, 20, 0.6)?;
/// assert!((step.less.ln_e + 0.386_499_178_257).abs() < 1e-11);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
///
/// # Errors
/// `InvalidArgument` for more events than units at risk or `ratio` outside (0, 1); `TooLarge` for more than 10^6 events
/// or 10^9 units.
pub fn safe_logrank(
    events1: u64,
    at_risk1: u64,
    events0: u64,
    at_risk0: u64,
    ratio: f64,
) -> Result<LogrankStep, StatError> {
    crate::sequential::spending::check_probability("ratio", ratio)?;
    for (name, events, units) in [("events1", events1, at_risk1), ("events0", events0, at_risk0)] {
        if events > units {
            return Err(StatError::invalid(name, format!("{events} events among {units} units at risk")));
        }
        if units > MAX_UNITS || events > 1_000_000 {
            return Err(StatError::TooLarge { reason: "at most 10^6 events among 10^9 units".to_owned() });
        }
    }
    let events = events1 + events0;
    let (first, last) = (events.saturating_sub(at_risk0), events.min(at_risk1));
    let ln_paths = |k: u64| ln_choose(at_risk1, k) + ln_choose(at_risk0, events - k);
    let ln_share = |ln_ratio: f64| {
        let term = |k: u64| ln_paths(k) + k as f64 * ln_ratio;
        let top = (first..=last).map(term).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = (first..=last).map(|k| exp(term(k) - top)).sum();
        term(events1) - top - ln(total)
    };
    let ln_null = ln_share(0.0);
    let evidence = |ln_ratio: f64| EValue { ln_e: ln_share(ln_ratio) - ln_null };
    Ok(LogrankStep { ln_null, greater: evidence(-ln(ratio)), less: evidence(ln(ratio)) })
}
