//! The number of successes of arm 1 given both margins: its masses, its tails, and the same for any odds ratio.

use super::table::Table;
use crate::StatError;
use crate::special::count::ln_hypergeometric;
use crate::special::elementary::{exp, ln};
use crate::special::incomplete_gamma::ln_complement;

/// Largest number of people for which the conditional distribution is summed.
const MAX_TOTAL: u64 = 1_000_000_000_000;
/// Largest number of masses that are kept.
const MOST_STEPS: u64 = 2_000;
/// A mass below this, relative to the observed one, is not kept.
const LEAST_KEPT: f64 = 1e-280;
/// Sums above this are left to logarithms.
const MOST: f64 = 1e250;
/// Probabilities closer than this count as tied, as in R.
pub(super) const TIE: f64 = 1.0 + 1e-7;
/// Terms below this share of their sum are left out.
const NEGLIGIBLE: f64 = 1e-18;

/// The number of successes of arm 1 given both margins: x from `low` to `high`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditional {
    n1: u64,
    n0: u64,
    successes: u64,
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) mode: u64,
}

impl Conditional {
    pub(super) fn new(table: &Table) -> Result<Self, StatError> {
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

    /// P(k) / P(k + 1).
    fn inverse_ratio(&self, k: u64) -> f64 {
        ((k + 1) as f64 / (self.n1 - k) as f64)
            * ((self.n0 + k + 1 - self.successes) as f64 / (self.successes - k) as f64)
    }

    pub(super) fn ln_mass(&self, k: u64) -> f64 {
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
            if term < sum * NEGLIGIBLE {
                break;
            }
        }
        (self.ln_mass(k) + ln(sum)).min(0.0)
    }

    /// ln P(X >= k).
    pub(super) fn ln_upper(&self, k: u64) -> f64 {
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
    pub(super) fn ln_lower(&self, k: u64) -> f64 {
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
    pub(super) fn opposite(&self, x: u64, x_is_upper: bool, small: impl Fn(u64) -> bool) -> Option<u64> {
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

    /// The masses on both sides of `x` for the odds ratio e^`ln_psi`, relative to that of `x`, when they are few enough to keep.
    pub(super) fn ladder(&self, x: u64, ln_psi: f64) -> Option<Ladder> {
        if self.high - self.low > MOST_STEPS {
            return None;
        }
        let (psi, inverse) = (exp(ln_psi), exp(-ln_psi));
        let up = Rungs::of((x..self.high).map(|k| self.ratio(k) * psi));
        let down = Rungs::of((self.low..x).rev().map(|k| self.inverse_ratio(k) * inverse));
        Some(Ladder { up, down, ln_psi })
    }

    /// The sums of the masses above and below `x`, relative to that of `x`; none when they are too many or too large.
    pub(super) fn around(&self, x: u64) -> Option<(f64, f64)> {
        if self.high - self.low > MOST_STEPS {
            return None;
        }
        let up = sum_while_noticed((x..self.high).map(|k| self.ratio(k)));
        let down = sum_while_noticed((self.low..x).rev().map(|k| self.inverse_ratio(k)));
        (up + down < MOST).then_some((up, down))
    }

    /// The sum of the masses that are at most `tied` times that of `x`, relative to it, from the sums above and below it.
    pub(super) fn as_unlikely(&self, x: u64, tied: f64, up: f64, down: f64) -> f64 {
        // From x to the mode, over it, and down on the other side.
        let (mut term, mut sum) = (1.0, 0.0);
        let mut small = |k: u64, ratio: f64| {
            term *= ratio;
            let counts = if k == self.mode { false } else { (k < self.mode) == (x > self.mode) && term <= tied };
            if counts {
                sum += term;
            }
            // The mode no likelier than x: every mass counts.
            (k == self.mode && term <= tied, counts && term < NEGLIGIBLE)
        };
        let mut walk = |steps: &mut dyn Iterator<Item = (u64, f64)>| {
            for (k, ratio) in steps {
                let (all, done) = small(k, ratio);
                if all || done {
                    return all;
                }
            }
            false
        };
        let (own, all) = match x.cmp(&self.mode) {
            std::cmp::Ordering::Equal => (up + down, true),
            std::cmp::Ordering::Greater => (up, walk(&mut (self.low..x).rev().map(|k| (k, self.inverse_ratio(k))))),
            std::cmp::Ordering::Less => (down, walk(&mut (x..self.high).map(|k| (k + 1, self.ratio(k))))),
        };
        if all { up + 1.0 + down } else { own + 1.0 + sum }
    }

    /// Tail sums weighted by psi^k relative to the observed mass: (above or at x, below x, first moments about x).
    pub(super) fn tilted(&self, x: u64, psi: f64) -> Tilted {
        let up = Reach::summed((x..self.high).map(|k| self.ratio(k) * psi));
        let down = Reach::summed((self.low..x).rev().map(|k| self.inverse_ratio(k) / psi));
        Tilted::of(&up, &down)
    }
}

fn sum_while_noticed(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        if term < sum * NEGLIGIBLE {
            break;
        }
    }
    sum
}

/// Masses outwards from the observed one, relative to it.
struct Rungs {
    masses: Vec<f64>,
    /// Whether none was left out.
    complete: bool,
}

impl Rungs {
    fn of(ratios: impl Iterator<Item = f64>) -> Self {
        let (mut mass, mut masses) = (1.0, Vec::with_capacity(64));
        for ratio in ratios {
            mass *= ratio;
            if mass < LEAST_KEPT {
                return Self { masses, complete: false };
            }
            masses.push(mass);
        }
        Self { masses, complete: true }
    }

    /// The sums when each mass is `factor` times larger for each step outwards; none when what was left out would count.
    fn summed(&self, factor: f64) -> Option<Reach> {
        let mut side = Reach { sum: 0.0, moment: 0.0, second: 0.0 };
        let (mut power, mut distance, mut term) = (1.0, 0.0, 0.0);
        for mass in &self.masses {
            power *= factor;
            distance += 1.0;
            term = mass * power;
            let moment = term * distance;
            side.sum += term;
            side.moment += moment;
            side.second += moment * distance;
            if term < side.sum * NEGLIGIBLE {
                return Some(side);
            }
        }
        ((self.complete || term < side.sum * NEGLIGIBLE) && side.second < 1e280).then_some(side)
    }
}

/// The masses on both sides of the observed one, for one odds ratio near the estimate.
pub(super) struct Ladder {
    up: Rungs,
    down: Rungs,
    ln_psi: f64,
}

impl Ladder {
    pub(super) fn tilted(&self, ln_psi: f64) -> Option<Tilted> {
        let factor = exp(ln_psi - self.ln_psi);
        Some(Tilted::of(&self.up.summed(factor)?, &self.down.summed(1.0 / factor)?))
    }

    /// The logarithm of the odds ratio at which an increasing function of the sums is 0, from its value, slope and curvature by
    /// Halley's method (Newton's with a curvature of 0); ends after a step within `close`. None where it goes astray.
    pub(super) fn root(&self, start: f64, close: f64, function: impl Fn(&Tilted) -> [f64; 3]) -> Option<f64> {
        let mut at = start;
        for _ in 0..12 {
            let [value, slope, curvature] = function(&self.tilted(at)?);
            let newton = value / slope;
            let step = (newton / (1.0 - (0.5 * newton * curvature / slope).min(0.5))).clamp(-2.0, 2.0);
            if step.is_nan() || slope <= 0.0 {
                return None;
            }
            at -= step;
            if step.abs() <= close {
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
            if !(side.moment < 1e280 && term > side.sum * NEGLIGIBLE) {
                break;
            }
        }
        side
    }
}

/// Sums over the values above and below the observed one, in units of its own weight.
pub(super) struct Tilted {
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

    /// The logarithm of [`Self::upper`] over `tail`, with its slope and curvature by the logarithm of the odds ratio.
    pub(super) fn ln_upper(&self, share: f64, tail: f64) -> [f64; 3] {
        let (part, all) = (self.up + share, self.up + 1.0 + self.down);
        let (mean_part, mean) = (self.up_moment / part, (self.up_moment - self.down_moment) / all);
        let spread_part = self.up_second / part - mean_part * mean_part;
        [ln(part / all / tail), mean_part - mean, spread_part - self.variance()]
    }

    /// The same of [`Self::lower`], with all signs changed: it falls.
    pub(super) fn ln_lower(&self, share: f64, tail: f64) -> [f64; 3] {
        let (part, all) = (self.down + share, self.up + 1.0 + self.down);
        let (mean_part, mean) = (-self.down_moment / part, (self.up_moment - self.down_moment) / all);
        let spread_part = self.down_second / part - mean_part * mean_part;
        [-ln(part / all / tail), mean - mean_part, self.variance() - spread_part]
    }

    /// The variance of the number of successes of arm 1.
    pub(super) fn variance(&self) -> f64 {
        let all = self.up + 1.0 + self.down;
        let mean = (self.up_moment - self.down_moment) / all;
        (self.up_second + self.down_second) / all - mean * mean
    }

    /// What the observed value exceeds the expectation by.
    pub(super) fn excess(&self) -> f64 {
        (self.down_moment - self.up_moment) / (1.0 + self.up + self.down)
    }

    /// Twice the smaller tail, with `share` of the observed mass.
    pub(super) fn central(&self, share: f64) -> f64 {
        2.0 * self.upper(share).min(self.lower(share))
    }

    /// 0 where the expectation is the observed value, with its slope and no curvature: by logarithms, so that Newton's steps hold
    /// far away.
    pub(super) fn balance(&self) -> [f64; 3] {
        let slope = self.up_second / self.up_moment + self.down_second / self.down_moment;
        [ln(self.up_moment / self.down_moment), slope, 0.0]
    }

    /// P(X > x) + share P(X = x).
    pub(super) fn upper(&self, share: f64) -> f64 {
        if self.up > 1e250 {
            return 1.0;
        }
        (self.up + share) / (self.up + 1.0 + self.down)
    }

    pub(super) fn lower(&self, share: f64) -> f64 {
        if self.down > 1e250 {
            return 1.0;
        }
        (self.down + share) / (self.up + 1.0 + self.down)
    }
}
