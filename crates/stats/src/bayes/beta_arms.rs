use crate::special::elementary::{exp, exp_m1, ln, ln_1p};
use serde::{Deserialize, Serialize};

use super::tail_grid::{Node, TailGrid};
use crate::error::StatError;
use crate::estimate::Interval;
use crate::special::beta;
use crate::special::quadrature::GaussLegendre;
use crate::sufficient::Binary;
use crate::wald::check_level;

/// Panels per arm of the quadrature on the log-odds.
const PANELS: usize = 48;
/// Mass that the quadrature leaves out on each side.
const TAIL: f64 = 1e-18;

/// Belief about an arm's proportion: a beta distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BetaPosterior {
    successes: f64,
    failures: f64,
}

impl BetaPosterior {
    /// Belief after the data of an arm, from a beta prior.
    ///
    /// # Arguments
    /// * `data` - units and units with the outcome; at most 10^9 units.
    /// * `prior_successes`, `prior_failures` - shapes of the prior, 0.1 to 10^6; 1 and 1 is uniform, 0.5 and 0.5 Jeffreys's.
    ///
    /// ```
    /// use fairtrial_stats::{bayes::BetaPosterior, sufficient::Binary};
    /// // Laplace's rule of succession: after 9 of 10 and a uniform prior the next one succeeds with probability 10/12.
    /// let belief = BetaPosterior::new(Binary::new(10, 9).unwrap(), 1.0, 1.0).unwrap();
    /// assert!((belief.mean() - 10.0 / 12.0).abs() < 1e-15);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument`, `TooLarge`.
    pub fn new(data: Binary, prior_successes: f64, prior_failures: f64) -> Result<Self, StatError> {
        Binary::new(data.n, data.x)?;
        for (argument, shape) in [("prior_successes", prior_successes), ("prior_failures", prior_failures)] {
            if !(0.1..=1e6).contains(&shape) {
                return Err(StatError::invalid(argument, "must lie between 0.1 and 10^6"));
            }
        }
        if data.n > 1_000_000_000 {
            return Err(StatError::TooLarge { reason: "more than 10^9 units an arm".into() });
        }
        Ok(Self { successes: data.x as f64 + prior_successes, failures: (data.n - data.x) as f64 + prior_failures })
    }

    /// Shapes of the beta distribution.
    ///
    /// ```
    /// use fairtrial_stats::{bayes::BetaPosterior, sufficient::Binary};
    /// let jeffreys = BetaPosterior::new(Binary::new(5, 2).unwrap(), 0.5, 0.5).unwrap();
    /// assert_eq!(jeffreys.shapes(), (2.5, 3.5));
    /// ```
    #[must_use]
    pub fn shapes(&self) -> (f64, f64) {
        (self.successes, self.failures)
    }

    /// Mean of the proportion.
    ///
    /// ```
    /// use fairtrial_stats::{bayes::BetaPosterior, sufficient::Binary};
    /// // Without data the prior's own mean.
    /// let belief = BetaPosterior::new(Binary::new(0, 0).unwrap(), 3.0, 1.0).unwrap();
    /// assert_eq!(belief.mean(), 0.75);
    /// ```
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.successes / (self.successes + self.failures)
    }

    /// Interval with equal probability beyond either end.
    ///
    /// ```
    /// use fairtrial_stats::{bayes::BetaPosterior, sufficient::Binary};
    /// // A uniform prior and one success: the distribution function is p^2.
    /// let belief = BetaPosterior::new(Binary::new(1, 1).unwrap(), 1.0, 1.0).unwrap();
    /// let interval = belief.credible_interval(0.95).unwrap();
    /// assert!((interval.lower - 0.025_f64.sqrt()).abs() < 1e-14 && (interval.upper - 0.975_f64.sqrt()).abs() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a level outside (0, 1).
    pub fn credible_interval(&self, level: f64) -> Result<Interval, StatError> {
        check_level(level)?;
        let tail = (1.0 - level) / 2.0;
        Ok(Interval {
            lower: beta::quantile(self.successes, self.failures, tail),
            upper: beta::quantile_upper(self.successes, self.failures, tail),
            level,
        })
    }

    /// Density of the log-odds.
    fn density(&self, at: Odds) -> f64 {
        let (a, b, x) = if at.log_odds <= 0.0 {
            (self.successes, self.failures, at.share)
        } else {
            (self.failures, self.successes, at.rest)
        };
        exp(beta::ln_pdf(a, b, x) + ln(at.share) + ln(at.rest))
    }

    /// Points that cut the log-odds where this belief lives into panels.
    fn cuts(&self) -> Vec<f64> {
        let log_odds = |share: f64, other: f64| (ln(share) - ln(other)).clamp(-700.0, 700.0);
        let low = beta::quantile(self.successes, self.failures, TAIL);
        let high = beta::quantile(self.failures, self.successes, TAIL);
        let (from, to) = (log_odds(low, 1.0 - low), -log_odds(high, 1.0 - high));
        (0..=PANELS).map(|i| from + (to - from) * i as f64 / PANELS as f64).collect()
    }
}

/// A proportion with its complement, so that neither end loses digits.
#[derive(Clone, Copy)]
struct Odds {
    log_odds: f64,
    share: f64,
    rest: f64,
}

impl Odds {
    fn new(log_odds: f64) -> Self {
        Self { log_odds, share: 1.0 / (1.0 + exp(-log_odds)), rest: 1.0 / (1.0 + exp(log_odds)) }
    }
}

fn integrate(mut cuts: Vec<f64>, f: impl Fn(Odds) -> f64) -> f64 {
    cuts.retain(|cut| cut.is_finite());
    cuts.sort_unstable_by(f64::total_cmp);
    let rule = GaussLegendre::new(16);
    let panels = cuts.windows(2).filter(|pair| pair[1] > pair[0]);
    panels.map(|pair| rule.integrate(pair[0], pair[1], |log_odds| f(Odds::new(log_odds)))).sum()
}

fn grid(arms: &[BetaPosterior]) -> Result<TailGrid, StatError> {
    if arms.len() < 2 {
        return Err(StatError::invalid("arms", "needs at least two arms"));
    }
    if arms.len() > 20 {
        return Err(StatError::TooLarge { reason: "more than 20 arms".into() });
    }
    Ok(TailGrid::new(&arms.iter().map(BetaPosterior::shapes).collect::<Vec<_>>()))
}

/// With which probability is each arm's proportion the highest?
///
/// # Arguments
/// * `arms` - beliefs about 2 to 20 arms.
///
/// # When not
/// Not as a rule for stopping or adopting: checked day by day, "95 % sure" is wrong far more often than one time in twenty.
///
/// # Source
/// Cook (2005), by quadrature on the log-odds.
///
/// # Errors
/// `InvalidArgument`, `TooLarge`.
///
/// ```
/// use fairtrial_stats::{bayes::{BetaPosterior, probability_best}, sufficient::Binary};
/// let arm1 = BetaPosterior::new(Binary::new(20, 8)?, 1.0, 1.0)?;
/// let arm0 = BetaPosterior::new(Binary::new(20, 3)?, 1.0, 1.0)?;
/// assert!((probability_best(&[arm1, arm0])?[0] - 0.9572532800306207).abs() < 1e-12);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
pub fn probability_best(arms: &[BetaPosterior]) -> Result<Vec<f64>, StatError> {
    let grid = grid(arms)?;
    let best = |i: usize| {
        grid.integrate(|node, _| {
            let others = grid.beliefs.iter().enumerate().filter(|(j, _)| *j != i);
            let own = grid.beliefs[i][node].density;
            if own == 0.0 { 0.0 } else { own * others.map(|(_, belief)| belief[node].lower).product::<f64>() }
        })
    };
    Ok((0..arms.len()).map(|i| best(i).min(1.0)).collect())
}

/// How much is lost on average by choosing each arm if another one is better?
///
/// # Arguments and limits
/// As [`probability_best`].
///
/// # Result
/// Per arm the mean of (highest proportion - its own proportion), as a share of people.
///
/// # Source
/// Stucchio (2015), computed as the integral of P(own at most x) P(some other above x), which has no cancellation.
///
/// ```
/// use fairtrial_stats::{bayes::{BetaPosterior, expected_loss}, sufficient::Binary};
/// // Two uniform beliefs: the larger of two has mean 2/3, either alone 1/2.
/// let belief = BetaPosterior::new(Binary::new(0, 0).unwrap(), 1.0, 1.0).unwrap();
/// let loss = expected_loss(&[belief, belief]).unwrap();
/// assert!(loss.iter().all(|loss| (loss - 1.0 / 6.0).abs() < 1e-12));
/// ```
///
/// # Errors
/// `InvalidArgument`, `TooLarge`.
pub fn expected_loss(arms: &[BetaPosterior]) -> Result<Vec<f64>, StatError> {
    let grid = grid(arms)?;
    let loss = |i: usize| {
        grid.integrate(|node, Node { at, .. }| {
            let others = grid.beliefs.iter().enumerate().filter(|(j, _)| *j != i);
            let ln_all_below: f64 = others.map(|(_, belief)| ln_1p(-belief[node].upper.min(1.0))).sum();
            grid.beliefs[i][node].lower * -exp_m1(ln_all_below) * at.share * at.rest
        })
    };
    Ok((0..arms.len()).map(loss).collect())
}

/// With which probability is the proportion in arm 1 above that in arm 0 by more than a margin?
///
/// # Arguments
/// * `arm1`, `arm0` - beliefs; `margin` - in (-1, 1).
///
/// ```
/// use fairtrial_stats::{bayes::{BetaPosterior, probability_difference_exceeds}, sufficient::Binary};
/// // Two uniform beliefs differ by more than 1/2 in one direction with probability (1/2)^2 / 2.
/// let belief = BetaPosterior::new(Binary::new(0, 0).unwrap(), 1.0, 1.0).unwrap();
/// assert!((probability_difference_exceeds(&belief, &belief, 0.5).unwrap() - 0.125).abs() < 1e-10);
/// ```
///
/// # Errors
/// `InvalidArgument`.
pub fn probability_difference_exceeds(
    arm1: &BetaPosterior,
    arm0: &BetaPosterior,
    margin: f64,
) -> Result<f64, StatError> {
    if !(margin > -1.0 && margin < 1.0) {
        return Err(StatError::invalid("margin", "must lie strictly between -1 and 1"));
    }
    // The other belief's panels, moved by the margin, and the places where its end is reached.
    let moved = arm1.cuts().into_iter().map(|cut| Odds::new(cut).share).chain([0.0, 1.0]);
    let mut cuts = arm0.cuts();
    let (first, last) = (cuts[0], cuts[cuts.len() - 1]);
    cuts.extend(moved.map(|share| share - margin).map(|share| ln(share / (1.0 - share))));
    cuts.retain(|cut| *cut >= first && *cut <= last);
    let probability = integrate(cuts, |at| {
        let needed = at.share + margin;
        let above = if needed <= 0.0 {
            1.0
        } else if needed >= 1.0 {
            0.0
        } else {
            beta::upper(arm1.successes, arm1.failures, needed)
        };
        if above == 0.0 { 0.0 } else { above * arm0.density(at) }
    });
    Ok(probability.min(1.0))
}
