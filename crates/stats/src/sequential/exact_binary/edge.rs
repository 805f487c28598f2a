//! The largest error over the edge of a null hypothesis with a margin, with a proof.
//!
//! When arm 1 may be worse by a margin, both proportions are unknown and tied only by their difference. A region that grows
//! with arm 1's outcomes and shrinks with arm 0's has its largest probability under the null hypothesis where arm 1 is worse by
//! exactly the margin; so one line of pairs is searched. On it the arcsine of the root of any event's probability moves at most
//! as fast as the arcsines of the roots of the two proportions (Cauchy-Schwarz on the score), which bounds a whole piece.

use super::lattice::{Grid, binomial};
use super::one_sided::Sizes;
use crate::special::elementary::{asin, sin};
use crate::two_proportions::CertifiedSupremum;

/// Pieces with which the search starts.
const PIECES: usize = 48;
/// Most pieces looked at before the bound found so far is given.
const MOST_PIECES: usize = 60_000;
/// Share by which the proof may exceed the largest value found.
const SLACK: f64 = 1e-5;

/// Probability of an event along the line on which arm 1's proportion is arm 0's less the margin.
pub(crate) struct Edge<'a> {
    event: &'a Grid,
    sizes: Sizes,
    margin: f64,
}

/// A piece of the line by its middle and half-width, with what is known of it.
struct Piece {
    middle: f64,
    half: f64,
    value: f64,
    bound: f64,
}

impl<'a> Edge<'a> {
    pub(crate) fn new(event: &'a Grid, sizes: Sizes, margin: f64) -> Self {
        Self { event, sizes, margin }
    }

    /// The proportions of arm 0 for which both lie in [0, 1].
    fn range(&self) -> (f64, f64) {
        (self.margin.max(0.0), (1.0 + self.margin).min(1.0))
    }

    fn pair(&self, p0: f64) -> (f64, f64) {
        ((p0 - self.margin).clamp(0.0, 1.0), p0.clamp(0.0, 1.0))
    }

    pub(crate) fn value(&self, p0: f64) -> f64 {
        let (p1, p0) = self.pair(p0);
        self.event.expectation(&binomial(self.sizes.0, p1), &binomial(self.sizes.1, p0))
    }

    fn piece(&self, middle: f64, half: f64) -> Piece {
        let value = self.value(middle);
        let angle = |p: f64| asin(p.clamp(0.0, 1.0).sqrt());
        let ((m1, m0), (n1, n0)) = (self.pair(middle), (self.sizes.0 as f64, self.sizes.1 as f64));
        let way = |p0: f64| {
            let (p1, p0) = self.pair(p0);
            n1.sqrt() * (angle(p1) - angle(m1)).abs() + n0.sqrt() * (angle(p0) - angle(m0)).abs()
        };
        let reach = angle(value) + way(middle - half).max(way(middle + half));
        let bound = if reach >= std::f64::consts::FRAC_PI_2 { 1.0 } else { sin(reach).powi(2) };
        Piece { middle, half, value, bound }
    }

    fn pieces(&self) -> Vec<Piece> {
        let (low, high) = self.range();
        let half = 0.5 * (high - low) / PIECES as f64;
        (0..PIECES).map(|i| self.piece(low + half * (2 * i + 1) as f64, half)).collect()
    }

    fn halves(&self, piece: &Piece) -> [Piece; 2] {
        let half = 0.5 * piece.half;
        [self.piece(piece.middle - half, half), self.piece(piece.middle + half, half)]
    }

    /// Whether the supremum is at most `level`. In doubt the answer is no.
    pub(crate) fn is_at_most(&self, level: f64) -> bool {
        let mut open = self.pieces();
        if open.iter().any(|piece| piece.value > level) {
            return false;
        }
        let mut seen = open.len();
        while let Some(piece) = open.pop() {
            if piece.bound <= level {
                continue;
            }
            seen += 2;
            let halves = self.halves(&piece);
            if seen > MOST_PIECES || halves.iter().any(|half| half.value > level) {
                return false;
            }
            open.extend(halves);
        }
        true
    }

    /// The supremum, the proportion of arm 0 at which it is taken, and a proved upper bound.
    pub(crate) fn supremum(&self) -> CertifiedSupremum {
        let (low, high) = self.range();
        let mut best = [low, high].map(|p| (self.value(p), p)).into_iter().fold((0.0, low), larger);
        let mut open = self.pieces();
        let highest = open.iter().map(|piece| (piece.value, piece.middle)).fold(best, larger);
        best = larger(best, self.climb(highest, (high - low) / PIECES as f64));
        let (mut upper, mut seen) = (best.0, open.len());
        while let Some(piece) = open.pop() {
            if piece.bound <= best.0 * (1.0 + SLACK) + f64::MIN_POSITIVE || seen > MOST_PIECES {
                upper = upper.max(piece.bound);
                continue;
            }
            seen += 2;
            for half in self.halves(&piece) {
                if half.value > best.0 * (1.0 + 1e-12) {
                    best = self.climb((half.value, half.middle), 2.0 * half.half);
                    upper = upper.max(best.0);
                }
                open.push(half);
            }
        }
        CertifiedSupremum { value: best.0, upper_bound: upper.min(1.0), at: best.1 }
    }

    /// Golden-section ascent around a good place.
    fn climb(&self, start: (f64, f64), width: f64) -> (f64, f64) {
        let golden = 0.5 * (5_f64.sqrt() - 1.0);
        let (low, high) = self.range();
        let (mut a, mut b) = ((start.1 - width).max(low), (start.1 + width).min(high));
        let (mut left, mut right) = (b - golden * (b - a), a + golden * (b - a));
        let (mut at_left, mut at_right) = (self.value(left), self.value(right));
        let mut best = start;
        for _ in 0..40 {
            best = larger(larger(best, (at_left, left)), (at_right, right));
            if at_left > at_right {
                (b, right, at_right) = (right, left, at_left);
                left = b - golden * (b - a);
                at_left = self.value(left);
            } else {
                (a, left, at_left) = (left, right, at_right);
                right = a + golden * (b - a);
                at_right = self.value(right);
            }
        }
        best
    }
}

fn larger(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    if b.0 > a.0 { b } else { a }
}
