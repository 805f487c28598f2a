//! Where the tables begin that reach a score: a curve, followed from row to row without computing the scores of tables.
//!
//! Let z be a score and p1, p0 proportions on the edge of a null hypothesis. Exactly one pair of (real) counts has these as its most
//! likely proportions and z as its score: x1 = n1 p1 + z times something, x0 = n0 p0 - z times something, in closed form. So the
//! smallest x1 that reaches z beside a given x0 needs one root in p0, and that beside a total of successes for odds none at all.
//! Counts that lie on the curve but for rounding are left to whoever compares scores.

use super::edge::Null;
use super::score::Ratio;

/// How near to the curve a count is for its score to be compared.
const ON_THE_CURVE: f64 = 1e-6;
/// How near to x0 a place on the curve must be.
const RESIDUAL: f64 = 1e-10;

/// What is known of the smallest x1 that reaches the score.
pub(super) enum Start {
    Known(u64),
    /// Near this count, or unknown: scores decide.
    Near(u64),
}

/// A curve for a difference or a ratio.
pub(super) struct Frontier {
    null: Null,
    n1: f64,
    n0: f64,
    score: f64,
    /// Range of p0, and x0 at its ends.
    low: f64,
    high: f64,
    at_low: f64,
    at_high: f64,
    /// The place of the last row.
    last: f64,
    /// How far the last row was from the one before.
    step: f64,
}

struct Point {
    x1: f64,
    x0: f64,
    /// How x0 grows with p0.
    slope: f64,
}

impl Frontier {
    /// None for odds and for scores that are not positive.
    pub(super) fn new(n1: u64, n0: u64, null: Null, score: f64) -> Option<Self> {
        if !(score > 0.0 && score.is_finite()) || matches!(null, Null::Ratio(Ratio::Odds, _)) {
            return None;
        }
        let (low, high) = null.places((0.0, 1.0));
        if low >= high {
            return None;
        }
        let (n1, n0) = (n1 as f64, n0 as f64);
        let mut curve = Self { null, n1, n0, score, low, high, at_low: 0.0, at_high: 0.0, last: low, step: 0.0 };
        (curve.at_low, curve.at_high) = (curve.at(low).x0, curve.at(high).x0);
        Some(curve)
    }

    fn at(&self, p0: f64) -> Point {
        let (p1, q0) = (self.null.pair(p0).0, 1.0 - p0);
        let q1 = 1.0 - p1;
        let (n1, n0, z) = (self.n1, self.n0, self.score);
        match self.null {
            Null::Ratio(_, ratio) => {
                let spread = q1 / n1 + ratio * q0 / n0;
                let root = (p1 / spread).sqrt();
                // Half of the slope of the logarithm of p1 over the spread.
                let slope = 0.5 * ratio * (1.0 / p1 + (1.0 / n1 + 1.0 / n0) / spread);
                Point {
                    x1: n1 * p1 + z * q1 * root,
                    x0: n0 * p0 - z * q0 * root,
                    slope: n0 + z * root * (1.0 - q0 * slope),
                }
            }
            Null::Difference(_) => {
                let (v1, v0) = (p1 * q1, p0 * q0);
                let spread = v1 / n1 + v0 / n0;
                let share = z / spread.sqrt();
                let slope = 0.5 * ((q1 - p1) / n1 + (q0 - p0) / n0) / spread;
                Point { x1: n1 * p1 + v1 * share, x0: n0 * p0 - v0 * share, slope: n0 - share * (q0 - p0 - v0 * slope) }
            }
        }
    }

    /// The start of a row; rows in growing order of x0.
    pub(super) fn row(&mut self, x0: u64) -> Start {
        let wanted = x0 as f64;
        let unknown = Start::Near(0);
        // At the ends of the range one of the arms has a proportion of 0 or 1, and the most likely proportions stay there.
        let (at_low, at_high) = (self.at_low, self.at_high);
        let starts_at_zero = self.low > 0.0 && at_low.is_finite();
        if starts_at_zero && wanted < at_low - ON_THE_CURVE {
            return Start::Known(0);
        }
        if x0 == 0 || wanted > at_high - ON_THE_CURVE || (starts_at_zero && wanted < at_low + ON_THE_CURVE) {
            return unknown;
        }
        let (mut from, mut to) = (self.low, self.high);
        let mut p0 = self.last + self.step;
        for _ in 0..60 {
            if !(p0 > from && p0 < to) {
                p0 = 0.5 * (from + to);
            }
            let point = self.at(p0);
            let excess = point.x0 - wanted;
            if excess.abs() <= RESIDUAL * self.n0 {
                self.step = if self.last > self.low { p0 - self.last } else { 0.0 };
                self.last = p0;
                return start(point.x1);
            }
            if excess < 0.0 {
                from = p0;
            } else {
                to = p0;
            }
            p0 -= excess / point.slope;
        }
        unknown
    }
}

/// For odds: where the curve passes, by total of successes; without branches, so that several totals are computed at once.
///
/// The most likely proportions are those of [`restricted_by_odds`](super::score::restricted_by_odds), which depend on the total alone.
pub(super) fn odds_curve(n1: u64, n0: u64, ratio: f64, score: f64) -> Vec<f64> {
    let total = n1 + n0;
    let mut curve = vec![0.0; total as usize + 1];
    let (n1, n0, total) = (n1 as f64, n0 as f64, total as f64);
    let (a, above) = (n0 * (ratio - 1.0), ratio >= 1.0);
    let mut successes = 0.0;
    for x1 in &mut curve {
        let failures = total - successes;
        let (b, e) = ((n1 - successes) * ratio + (n0 + successes), (n1 - failures) + (n0 + failures) * ratio);
        let f = failures * ratio;
        let root = if above { b * b + 4.0 * a * successes } else { e * e - 4.0 * a * f }.sqrt();
        let (up, down) = if b >= 0.0 { (2.0 * successes, b + root) } else { (root - b, 2.0 * a) };
        let (other_up, other_down) = if e >= 0.0 { (2.0 * f, e + root) } else { (e - root, 2.0 * a) };
        // p0 and 1 - p0, and of arm 1 the same over their sum.
        let (p0, q0) = (up / down, other_up / other_down);
        let sum = q0 + ratio * p0;
        let p1 = ratio * p0 / sum;
        let (v1, v0) = (n1 * p1 * (q0 / sum), n0 * p0 * q0);
        *x1 = n1 * p1 + score * (v1 * v0 / (v1 + v0)).sqrt();
        successes += 1.0;
    }
    curve
}

/// The start among tables where the curve passes at `x1`.
pub(super) fn start(x1: f64) -> Start {
    if x1.is_nan() || x1.abs() >= 1e15 {
        return Start::Near(0);
    }
    let x1 = x1.max(0.0);
    let below = x1 as u64;
    let rest = x1 - below as f64;
    if rest <= ON_THE_CURVE {
        Start::Near(below)
    } else if rest >= 1.0 - ON_THE_CURVE {
        Start::Near(below + 1)
    } else {
        Start::Known(below + 1)
    }
}
