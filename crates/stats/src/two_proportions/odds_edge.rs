//! The probability of a region along the edge where the odds have a given ratio, and a proof of how large it gets.
//!
//! With p0 / (1 - p0) = u / (k (1 - u)) and k the root of the ratio, both the probability of a region and 1 are, but for one
//! common positive factor, Bernstein polynomials of u: k of arm 1 and l of arm 0 succeed with a weight that depends on k - l.
//! So the probability is above a limit somewhere just when the polynomial of the one less the limit times the other is above
//! 0, and halving that polynomial (de Casteljau) proves it. No root or quotient is rounded on the way.

use super::bernstein;
use super::ordering::given_totals;
use crate::special::elementary::{exp, ln};

/// Largest |ln ratio| times people: beyond, weights leave the range of doubles.
const MOST: f64 = 1_200.0;

/// Room for the polynomials of many regions of tables of one size.
pub(super) struct OddsEdge {
    n1: usize,
    n0: usize,
    /// By l and k: the probability of k in arm 1, given k + l in both.
    given_total: Vec<f64>,
    /// By n0 + k - l: the weight of that difference.
    weights: Vec<f64>,
    /// The polynomials of the region and of everything.
    region: Vec<f64>,
    whole: Vec<f64>,
    excess: Vec<f64>,
    /// The part of the edge in use, by u.
    part: (f64, f64),
    /// Where a limit was last exceeded, by share of the part.
    hint: f64,
}

impl OddsEdge {
    pub(super) fn new(n1: u64, n0: u64) -> Self {
        let (width, height) = (n1 as usize + 1, n0 as usize + 1);
        let given_total = given_totals(n1, n0);
        let total = width + height - 1;
        let row = || vec![0.0; total];
        let (n1, n0) = (n1 as usize, n0 as usize);
        let (weights, region, whole, excess) = (row(), row(), row(), row());
        Self { n1, n0, given_total, weights, region, whole, excess, part: (0.0, 1.0), hint: 0.5 }
    }

    /// Whether the weights of such a ratio can be written.
    pub(super) fn reaches(&self, ln_ratio: f64) -> bool {
        ln_ratio.abs() * ((self.n1 + self.n0) as f64) < MOST
    }

    /// Makes the polynomials of the region with these thresholds (for every x0 the smallest x1), where p0 lies within two bounds.
    pub(super) fn set(&mut self, thresholds: &[u64], ln_ratio: f64, within: (f64, f64)) {
        let half = 0.5 * ln_ratio;
        // The largest weight is 1.
        let most = half.abs() * (if half > 0.0 { self.n1 } else { self.n0 }) as f64;
        for (i, weight) in self.weights.iter_mut().enumerate() {
            *weight = exp(half * (i as f64 - self.n0 as f64) - most);
        }
        self.region.fill(0.0);
        self.whole.fill(0.0);
        let width = self.n1 + 1;
        for (l, threshold) in thresholds.iter().enumerate() {
            let given = &self.given_total[l * width..][..width];
            let weights = &self.weights[self.n0 - l..];
            for (k, (given, weight)) in given.iter().zip(weights).enumerate() {
                let mass = given * weight;
                self.whole[k + l] += mass;
                if k as u64 >= *threshold {
                    self.region[k + l] += mass;
                }
            }
        }
        self.part = Self::part(half, within);
        for polynomial in [&mut self.region, &mut self.whole] {
            bernstein::keep(polynomial, self.part);
        }
    }

    /// Whether the probability is above `limit` anywhere; when not, that is proved.
    pub(super) fn exceeds(&mut self, limit: f64) -> bool {
        for ((excess, region), whole) in self.excess.iter_mut().zip(&self.region).zip(&self.whole) {
            *excess = region - limit * whole;
        }
        match bernstein::above(&self.excess, 0.0) {
            Some(place) => {
                self.hint = place;
                true
            }
            None => false,
        }
    }

    /// The part of the edge, by u, where p0 lies within two bounds; `half` is half of the logarithm of the ratio.
    fn part(half: f64, within: (f64, f64)) -> (f64, f64) {
        let root = exp(half);
        let share = |p0: f64| p0 * root / (p0 * root + (1.0 - p0));
        (share(within.0), share(within.1))
    }

    /// The proportions at a share of that part.
    pub(super) fn pair(half: f64, within: (f64, f64), share: f64) -> (f64, f64) {
        let part = Self::part(half, within);
        let u = part.0 + (part.1 - part.0) * share;
        let root = exp(half);
        (u * root / (u * root + (1.0 - u)), u / (u + root * (1.0 - u)))
    }

    /// Where a limit was last exceeded, by share of the part of the edge; there it is looked first.
    pub(super) fn hint(&self) -> f64 {
        self.hint
    }

    pub(super) fn look_at(&mut self, share: f64) {
        self.hint = share;
    }

    /// Where a limit was last exceeded: the mean of the logits of p1 and p0.
    pub(super) fn exceeded_at(&self) -> f64 {
        let u = self.part.0 + (self.part.1 - self.part.0) * self.hint;
        ln(u / (1.0 - u))
    }
}
