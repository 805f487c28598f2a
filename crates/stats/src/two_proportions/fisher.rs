//! Tests and intervals given both margins: Fisher's exact test and the conditional odds ratio.

use super::score::log_root;
use super::table::{Table, check_level};
use crate::special::count::ln_hypergeometric;
use crate::special::incomplete_gamma::ln_complement;
use crate::special::normal;
use crate::{Estimate, Guarantee, Interval, PValue, Side, StatError};

/// Largest number of people for which the conditional distribution is summed.
const MAX_TOTAL: u64 = 1_000_000_000_000;
/// Probabilities closer than this count as tied, as in R.
const TIE: f64 = 1.0 + 1e-7;

/// How the two tails are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FisherMethod {
    /// Twice the smaller tail: agrees with the equal-tailed interval and with one-sided tests. Our default.
    Central,
    /// All tables at most as likely as the observed one: R's default.
    MinLikelihood,
    /// The smaller tail and the largest opposite tail that is not larger.
    Blaker,
    /// Twice the smaller tail with half of the observed table's probability; not exact, but near its level.
    MidP,
}

/// The number of successes of arm 1 given both margins: x from `low` to `high`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditional {
    n1: u64,
    n0: u64,
    successes: u64,
    low: u64,
    high: u64,
    mode: u64,
}

impl Conditional {
    pub(crate) fn new(table: &Table) -> Result<Self, StatError> {
        if table.total() > MAX_TOTAL {
            return Err(StatError::TooLarge { reason: "exact conditional tests take up to 10^12 people".to_owned() });
        }
        let (n1, n0, successes) = (table.n1(), table.n0(), table.successes());
        let mode = (u128::from(successes + 1) * u128::from(n1 + 1)) / u128::from(n1 + n0 + 2);
        let (low, high) = (successes.saturating_sub(n0), successes.min(n1));
        Ok(Self { n1, n0, successes, low, high, mode: u64::try_from(mode).unwrap_or(high).clamp(low, high) })
    }

    /// P(k + 1) / P(k).
    fn ratio(&self, k: u64) -> f64 {
        ((self.n1 - k) as f64 / (k + 1) as f64)
            * ((self.successes - k) as f64 / (self.n0 + k + 1 - self.successes) as f64)
    }

    pub(crate) fn ln_mass(&self, k: u64) -> f64 {
        ln_hypergeometric(k, self.n1, self.n0, self.successes)
    }

    /// ln of the sum of masses from `k` outwards (up when `upwards`), for `k` beyond the mode.
    fn ln_outer_sum(&self, k: u64, upwards: bool) -> f64 {
        let (mut sum, mut term, mut at) = (1.0, 1.0, k);
        while at != if upwards { self.high } else { self.low } {
            if upwards {
                term *= self.ratio(at);
                at += 1;
            } else {
                at -= 1;
                term /= self.ratio(at);
            }
            sum += term;
            if term < sum * 1e-18 {
                break;
            }
        }
        (self.ln_mass(k) + sum.ln()).min(0.0)
    }

    /// ln P(X >= k).
    pub(crate) fn ln_upper(&self, k: u64) -> f64 {
        if k <= self.low {
            0.0
        } else if k > self.high {
            f64::NEG_INFINITY
        } else if k > self.mode {
            self.ln_outer_sum(k, true)
        } else {
            ln_complement(self.ln_outer_sum(k - 1, false))
        }
    }

    /// ln P(X <= k).
    pub(crate) fn ln_lower(&self, k: u64) -> f64 {
        if k >= self.high {
            0.0
        } else if k < self.low {
            f64::NEG_INFINITY
        } else if k < self.mode {
            self.ln_outer_sum(k, false)
        } else {
            ln_complement(self.ln_outer_sum(k + 1, true))
        }
    }

    /// The outermost run on the other side of `x` in which `small` holds, given as its inner end; none when empty.
    fn opposite(&self, x: u64, x_is_upper: bool, small: impl Fn(u64) -> bool) -> Option<u64> {
        if x_is_upper {
            let (mut from, mut to, mut found) = (self.low, x, None);
            while from < to {
                let middle = from + (to - from) / 2;
                if small(middle) {
                    found = Some(middle);
                    from = middle + 1;
                } else {
                    to = middle;
                }
            }
            found
        } else {
            let (mut from, mut to, mut found) = (x + 1, self.high + 1, None);
            while from < to {
                let middle = from + (to - from) / 2;
                if small(middle) {
                    found = Some(middle);
                    to = middle;
                } else {
                    from = middle + 1;
                }
            }
            found
        }
    }

    /// The steps from one mass to the next, upwards and downwards from `x`, when they are few enough to keep.
    fn ladder(&self, x: u64) -> Option<Ladder> {
        if self.high - self.low > MOST_STEPS {
            return None;
        }
        let up = (x..self.high).map(|k| self.ratio(k)).collect();
        let down = (self.low..x).rev().map(|k| 1.0 / self.ratio(k)).collect();
        Some(Ladder { up, down })
    }

    /// Tail sums weighted by psi^k relative to the observed mass: (above or at x, below x, first moments about x).
    fn tilted(&self, x: u64, psi: f64) -> Tilted {
        let up = Reach::summed((x..self.high).map(|k| self.ratio(k) * psi));
        let down = Reach::summed((self.low..x).rev().map(|k| 1.0 / (self.ratio(k) * psi)));
        Tilted::of(&up, &down)
    }
}

/// Largest number of masses whose ratios are kept.
const MOST_STEPS: u64 = 2_000;

/// Ratios of neighbouring masses, outwards from the observed one.
struct Ladder {
    up: Vec<f64>,
    down: Vec<f64>,
}

impl Ladder {
    fn tilted(&self, ln_psi: f64) -> Tilted {
        let (psi, inverse) = (ln_psi.exp(), (-ln_psi).exp());
        let up = Reach::summed(self.up.iter().map(|ratio| ratio * psi));
        let down = Reach::summed(self.down.iter().map(|ratio| ratio * inverse));
        Tilted::of(&up, &down)
    }

    /// The logarithm of the odds ratio at which a function of the sums is 0, by Newton's method; none where it goes astray.
    fn root(&self, start: f64, function: impl Fn(&Tilted) -> (f64, f64)) -> Option<f64> {
        let mut at = start;
        for _ in 0..12 {
            let (value, slope) = function(&self.tilted(at));
            let step = (value / slope).clamp(-2.0, 2.0);
            if step.is_nan() || slope <= 0.0 {
                return None;
            }
            at -= step;
            // The next step would be the square of this one.
            if step.abs() <= 1e-8 {
                return Some(at);
            }
        }
        None
    }
}

/// Sums over the values on one side of the observed one.
struct Reach {
    sum: f64,
    moment: f64,
    second: f64,
}

impl Reach {
    /// From the ratio of each mass to the one before it.
    fn summed(ratios: impl Iterator<Item = f64>) -> Self {
        let mut side = Self { sum: 0.0, moment: 0.0, second: 0.0 };
        let (mut term, mut distance) = (1.0, 0.0);
        for ratio in ratios {
            term *= ratio;
            distance += 1.0;
            let moment = term * distance;
            side.sum += term;
            side.moment += moment;
            side.second += moment * distance;
            if !(side.moment < 1e280 && term > side.sum * 1e-18) {
                break;
            }
        }
        side
    }
}

/// Sums over the values above and below the observed one, in units of its own weight.
struct Tilted {
    up: f64,
    down: f64,
    up_moment: f64,
    down_moment: f64,
    up_second: f64,
    down_second: f64,
}

impl Tilted {
    fn of(up: &Reach, down: &Reach) -> Self {
        Self {
            up: up.sum,
            down: down.sum,
            up_moment: up.moment,
            down_moment: down.moment,
            up_second: up.second,
            down_second: down.second,
        }
    }

    /// The logarithm of [`Self::upper`] over `tail`, and its slope by the logarithm of the odds ratio.
    fn ln_upper(&self, share: f64, tail: f64) -> (f64, f64) {
        let (part, all) = (self.up + share, self.up + 1.0 + self.down);
        ((part / all / tail).ln(), self.up_moment / part - (self.up_moment - self.down_moment) / all)
    }

    /// The same of [`Self::lower`], with both signs changed: it falls.
    fn ln_lower(&self, share: f64, tail: f64) -> (f64, f64) {
        let (part, all) = (self.down + share, self.up + 1.0 + self.down);
        (-(part / all / tail).ln(), self.down_moment / part + (self.up_moment - self.down_moment) / all)
    }

    /// 0 where the expectation is the observed value, with its slope: by logarithms, so that Newton's steps hold far away.
    fn balance(&self) -> (f64, f64) {
        let slope = self.up_second / self.up_moment + self.down_second / self.down_moment;
        ((self.up_moment / self.down_moment).ln(), slope)
    }

    /// P(X > x) + share P(X = x).
    fn upper(&self, share: f64) -> f64 {
        if self.up > 1e250 {
            return 1.0;
        }
        (self.up + share) / (self.up + 1.0 + self.down)
    }

    fn lower(&self, share: f64) -> f64 {
        if self.down > 1e250 {
            return 1.0;
        }
        (self.down + share) / (self.up + 1.0 + self.down)
    }
}

/// Are two proportions equal, given both margins? Fisher's exact test.
///
/// One-sided p-values are the same for all methods but mid-P. Exact for every size, but needlessly conservative where
/// only the group sizes are fixed: prefer [`boschloo`](super::boschloo). Up to 10^12 people.
///
/// Sources: Fisher 1935; Fay 2010, Biostatistics 11, 373-374 (central, Blaker); Lancaster 1961 (mid-P).
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{FisherMethod, Table, fisher}};
/// let table = Table::new(56, 70, 48, 80).unwrap();
/// let p = fisher(&table, FisherMethod::MinLikelihood, Side::Two).unwrap().p();
/// assert!((p - 0.012_521_129_75).abs() < 1e-10);
/// ```
///
/// # Errors
/// `too_large` beyond 10^12 people.
pub fn fisher(table: &Table, method: FisherMethod, side: Side) -> Result<PValue, StatError> {
    let conditional = Conditional::new(table)?;
    let x = table.x1();
    if method == FisherMethod::MidP {
        let (greater, less) = (mid_p_tail(&conditional, x, true), mid_p_tail(&conditional, x, false));
        return Ok(PValue::from_p(match side {
            Side::Greater => greater,
            Side::Less => less,
            Side::Two => 2.0 * greater.min(less),
        }));
    }
    let (greater, less) = (conditional.ln_upper(x), conditional.ln_lower(x));
    Ok(PValue::from_ln(match side {
        Side::Greater => greater,
        Side::Less => less,
        Side::Two => match method {
            FisherMethod::MinLikelihood => min_likelihood(&conditional, x),
            FisherMethod::Blaker => blaker(&conditional, x, greater, less),
            FisherMethod::Central | FisherMethod::MidP => greater.min(less) + std::f64::consts::LN_2,
        },
    }))
}

fn min_likelihood(conditional: &Conditional, x: u64) -> f64 {
    if x == conditional.mode {
        return 0.0;
    }
    let limit = conditional.ln_mass(x) + TIE.ln();
    let is_upper = x > conditional.mode;
    if conditional.ln_mass(conditional.mode) <= limit {
        return 0.0;
    }
    let small = |k: u64| {
        (if is_upper { k < conditional.mode } else { k > conditional.mode }) && conditional.ln_mass(k) <= limit
    };
    // Masses on the other side are monotone up to the mode; beyond it `small` is false, so that bisection is sound.
    let own = if is_upper { conditional.ln_upper(x) } else { conditional.ln_lower(x) };
    let other = conditional
        .opposite(x, is_upper, small)
        .map_or(f64::NEG_INFINITY, |k| if is_upper { conditional.ln_lower(k) } else { conditional.ln_upper(k) });
    (own.exp() + other.exp()).ln().max(own)
}

fn blaker(conditional: &Conditional, x: u64, greater: f64, less: f64) -> f64 {
    let is_upper = greater <= less;
    let own = greater.min(less);
    let limit = own + TIE.ln();
    let tail = |k: u64| if is_upper { conditional.ln_lower(k) } else { conditional.ln_upper(k) };
    let other = conditional.opposite(x, is_upper, |k| tail(k) <= limit).map_or(f64::NEG_INFINITY, tail);
    (own.exp() + other.exp()).ln().max(own).min(0.0)
}

fn mid_p_tail(conditional: &Conditional, x: u64, upper: bool) -> f64 {
    let half = 0.5 * conditional.ln_mass(x).exp();
    if upper {
        half + if x >= conditional.high { 0.0 } else { conditional.ln_upper(x + 1).exp() }
    } else {
        half + if x <= conditional.low { 0.0 } else { conditional.ln_lower(x - 1).exp() }
    }
}

/// The one-sided mid-P of Fisher's test.
///
/// ```
/// use fairtrial_stats::{Side, two_proportions::{Table, mid_p_one_sided}};
/// // The lady tasting tea: all of four right has 1/70, of which half counts (Fisher 1935; Lancaster 1961).
/// let p = mid_p_one_sided(&Table::new(4, 4, 0, 4).unwrap(), Side::Greater).unwrap().p();
/// assert!((p - 0.5 / 70.0).abs() < 1e-15);
/// ```
///
/// # Errors
/// `too_large` beyond 10^12 people.
pub fn mid_p_one_sided(table: &Table, side: Side) -> Result<PValue, StatError> {
    fisher(table, FisherMethod::MidP, side)
}

/// How many times the odds of arm 0 are those of arm 1, given both margins?
///
/// The conditional maximum-likelihood odds ratio with the exact equal-tailed interval (Cornfield 1956; what R's
/// `fisher.test` gives), or with `mid_p` the narrower one that counts half of the observed table. No estimate when the
/// margins leave only one table; infinite when the observed table is the last possible one. Up to 10^10 people.
///
/// ```
/// use fairtrial_stats::two_proportions::{Table, conditional_odds_ratio};
/// // The lady tasting tea, three of four right (Agresti 2002, 3.5.2): 6.408, from 0.2117 (R `fisher.test`); the upper limit
/// // solves 0.025 r^4 = 0.975 (16 r^3 + 36 r^2 + 16 r + 1).
/// let e = conditional_odds_ratio(&Table::new(3, 4, 1, 4).unwrap(), 0.95, false).unwrap();
/// assert!((e.point.unwrap() - 6.408).abs() < 1e-3 && (e.interval.lower - 0.2117).abs() < 1e-4);
/// assert!((e.interval.upper - 626.2435).abs() < 1e-3);
/// ```
///
/// # Errors
/// `invalid_argument` for a level outside (0, 1); `too_large` beyond 10^10 people.
pub fn conditional_odds_ratio(table: &Table, level: f64, mid_p: bool) -> Result<Estimate, StatError> {
    check_level(level)?;
    if table.total() > 10_000_000_000 {
        return Err(StatError::TooLarge { reason: "the conditional odds ratio takes up to 10^10 people".to_owned() });
    }
    let conditional = Conditional::new(table)?;
    let x = table.x1();
    let tail = 0.5 * (1.0 - level);
    let share = if mid_p { 0.5 } else { 1.0 };
    let (x1, n1, x0, n0) = table.floats();
    let (f1, f0) = (n1 - x1, n0 - x0);
    let woolf = (x1 + 0.5) * (f0 + 0.5) / ((x0 + 0.5) * (f1 + 0.5));
    let error = (1.0 / (x1 + 0.5) + 1.0 / (f1 + 0.5) + 1.0 / (x0 + 0.5) + 1.0 / (f0 + 0.5)).sqrt();
    let reach = -normal::quantile(tail) * error;
    let (start, ladder) = (Some(woolf), conditional.ladder(x));
    let newton = |at: f64, function: &dyn Fn(&Tilted) -> (f64, f64)| ladder.as_ref().and_then(|l| l.root(at, function));
    let point = if conditional.low == conditional.high {
        None
    } else if x == conditional.low {
        Some(0.0)
    } else if x == conditional.high {
        Some(f64::INFINITY)
    } else {
        let excess = |ln_psi: f64| {
            let t = conditional.tilted(x, ln_psi.exp());
            (t.down_moment - t.up_moment) / (1.0 + t.up + t.down)
        };
        let found = newton(woolf.ln(), &Tilted::balance);
        Some(found.map_or_else(|| log_root(excess, start), Ok)?.exp())
    };
    let lower = if x == conditional.low {
        0.0
    } else {
        let found = newton(woolf.ln() - reach, &|t| t.ln_upper(share, tail));
        let slow = || log_root(|v| tail - conditional.tilted(x, v.exp()).upper(share), start);
        found.map_or_else(slow, Ok)?.exp()
    };
    let upper = if x == conditional.high {
        f64::INFINITY
    } else {
        let found = newton(woolf.ln() + reach, &|t| t.ln_lower(share, tail));
        let slow = || log_root(|v| conditional.tilted(x, v.exp()).lower(share) - tail, start);
        found.map_or_else(slow, Ok)?.exp()
    };
    let method = if mid_p { FisherMethod::MidP } else { FisherMethod::Central };
    Ok(Estimate {
        point,
        standard_error: None,
        degrees_of_freedom: None,
        interval: Interval { lower, upper, level },
        p_value: Some(fisher(table, method, Side::Two)?),
        method: if mid_p { "conditional odds ratio, mid-P" } else { "conditional odds ratio, exact" }.to_owned(),
        guarantee: if mid_p { Guarantee::Asymptotic } else { Guarantee::Exact },
    })
}
