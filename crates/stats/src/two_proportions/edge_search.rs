//! The probability of a region along any edge of a null hypothesis, by evaluation at points and bounds between them.

use super::edge::Null;
use super::score::Ratio;
use super::supremum::{CertifiedSupremum, masses};
use super::table::Table;
use crate::special::elementary::{asin, ln, sin};

/// Share by which the proof may exceed the largest value found.
pub(super) const SLACK: f64 = 1e-4;
/// What the proof may exceed it by besides.
pub(super) const ABSOLUTE_SLACK: f64 = 1e-6;
/// The same where the value is so large that nothing is decided by it.
const SLACK_WHERE_LARGE: f64 = 1e-2;
const LARGE: f64 = 0.3;
/// Cells with which the search starts.
const CELLS: usize = 64;

/// The probability of the tables with these thresholds (for every x0 the smallest x1) under two proportions, p1 first; with room
/// for the probabilities of n1 + 1 and n0 + 1 counts.
pub(super) fn probability(thresholds: &[u64], (p1, p0): (f64, f64), (first, second): (&mut [f64], &mut [f64])) -> f64 {
    let (from1, to1) = masses(first.len() - 1, p1, first);
    let (from0, to0) = masses(second.len() - 1, p0, second);
    // Thresholds grow with x0: walk both down together.
    let (mut tail, mut at, mut sum) = (0.0, to1 + 1, 0.0);
    for x0 in (from0..=to0).rev() {
        let threshold = (thresholds[x0] as usize).max(from1);
        while at > threshold {
            at -= 1;
            tail += first[at];
        }
        sum += second[x0] * tail;
    }
    sum.min(1.0)
}

/// The logarithm of that probability and its slopes in p1 and p0 (0 where a proportion is an end of [0, 1]).
pub(super) fn slopes(
    thresholds: &[u64],
    (p1, p0): (f64, f64),
    (first, second): (&mut [f64], &mut [f64]),
) -> (f64, f64, f64) {
    let n0 = (second.len() - 1) as f64;
    let (from1, to1) = masses(first.len() - 1, p1, first);
    let (from0, to0) = masses(second.len() - 1, p0, second);
    let (mut tail, mut at, mut sum, mut by_p1, mut by_p0) = (0.0, to1 + 1, 0.0, 0.0, 0.0);
    for x0 in (from0..=to0).rev() {
        let threshold = (thresholds[x0] as usize).max(from1);
        while at > threshold {
            at -= 1;
            tail += first[at];
        }
        sum += second[x0] * tail;
        by_p0 += second[x0] * tail * (x0 as f64 - n0 * p0);
        // P(at least t of n) grows with p as t P(t of n) / p.
        if threshold <= to1 {
            by_p1 += second[x0] * threshold as f64 * first[threshold];
        }
    }
    let over = |sum: f64, by: f64| if by > 0.0 { sum / by } else { 0.0 };
    (ln(sum), over(by_p1, sum * p1), over(by_p0, sum * p0 * (1.0 - p0)))
}

/// The region and room for the probabilities.
pub(super) struct Region {
    n1: usize,
    n0: usize,
    null: Null,
    /// The places along the edge that are looked at.
    within: (f64, f64),
    thresholds: Vec<u64>,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Region {
    /// The region with these thresholds, with p0 in a part of [0, 1].
    pub(super) fn with(table: &Table, null: Null, p0: (f64, f64), thresholds: Vec<u64>) -> Self {
        let (n1, n0) = (table.n1() as usize, table.n0() as usize);
        let (first, second) = (vec![0.0; n1 + 1], vec![0.0; n0 + 1]);
        Self { n1, n0, null, within: null.places(p0), thresholds, first, second }
    }

    pub(super) fn thresholds(&self) -> &[u64] {
        &self.thresholds
    }

    /// p0 at a place along the edge.
    pub(super) fn p0(&self, place: f64) -> f64 {
        self.null.pair(place).1
    }

    /// Whether no pair of proportions is left.
    pub(super) fn is_empty(&self) -> bool {
        self.within.0 > self.within.1
    }

    /// The probability of the region at a place along the edge.
    pub(super) fn probability(&mut self, place: f64) -> f64 {
        probability(&self.thresholds, self.null.pair(place), (&mut self.first, &mut self.second))
    }

    /// The largest probability that a grid and an ascent from its best point find; not proved.
    pub(super) fn peak(&mut self) -> (f64, f64) {
        let (low, high) = self.within;
        let mut best = (self.probability(low), low);
        for i in 1..=2 * CELLS {
            let p = low + (high - low) * (i as f64 / (2 * CELLS) as f64);
            let value = self.probability(p);
            if value > best.0 {
                best = (value, p);
            }
        }
        self.climbed(best, (high - low) / CELLS as f64, (low, high))
    }

    /// The largest probability near a place; not proved.
    pub(super) fn peak_about(&mut self, place: f64) -> (f64, f64) {
        let (low, high) = self.within;
        let place = place.clamp(low, high);
        let start = (self.probability(place), place);
        self.climbed(start, (high - low) / CELLS as f64, (low, high))
    }

    /// The largest probability over all p0, proved to a share of 1e-4 (1e-2 above 0.3) and 1e-6 besides. With a
    /// positive `enough` the search ends when that is exceeded, and below it only so much is proved.
    ///
    /// By the Cauchy-Schwarz inequality the slope of the arcsine of the root of any event's probability is at most half
    /// the root of the Fisher information, which integrates to arcsines: that bounds the probability between two places. Near
    /// the maximum, where the probability is flat, its second derivative bounds it more sharply.
    pub(super) fn supremum(&mut self, enough: f64) -> CertifiedSupremum {
        let (low, high) = self.within;
        let angle = |p: f64| asin(p.clamp(0.0, 1.0).sqrt());
        let (root1, root0) = ((self.n1 as f64).sqrt(), (self.n0 as f64).sqrt());
        let null = self.null;
        let distance = |a: f64, b: f64| {
            let ((a1, a0), (b1, b0)) = (null.pair(a), null.pair(b));
            root1 * (angle(a1) - angle(b1)).abs() + root0 * (angle(a0) - angle(b0)).abs()
        };
        let mut best = self.peak();
        let mut bound = best.0;
        let bend = self.bend();
        let edges: Vec<(f64, f64)> = (0..=CELLS)
            .map(|i| low + (high - low) * (i as f64 / CELLS as f64))
            .map(|place| (place, self.probability(place)))
            .collect();
        let mut open: Vec<[(f64, f64); 2]> = edges.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        while let Some([a, b]) = open.pop() {
            if enough > 0.0 && best.0 > enough {
                break;
            }
            let reach = 0.5 * (angle(a.1) + angle(b.1) + distance(a.0, b.0));
            let by_angle = if reach >= std::f64::consts::FRAC_PI_2 { 1.0 } else { sin(reach).powi(2) };
            let width = b.0 - a.0;
            let cell_bound = by_angle.min(a.1.max(b.1) + 0.125 * bend * width * width);
            let slack = if best.0 > LARGE { SLACK_WHERE_LARGE } else { SLACK };
            if cell_bound <= best.0.max(enough) * (1.0 + slack) + ABSOLUTE_SLACK || width < 1e-12 {
                bound = bound.max(cell_bound);
                continue;
            }
            let centre = 0.5 * (a.0 + b.0);
            let value = self.probability(centre);
            if value > best.0 * (1.0 + 1e-12) {
                best = self.climbed((value, centre), 0.5 * width, (low, high));
                bound = bound.max(best.0);
            }
            open.push([a, (centre, value)]);
            open.push([(centre, value), b]);
        }
        CertifiedSupremum { value: best.0, upper_bound: bound.min(1.0), at: null.pair(best.1).1 }
    }

    /// Bound on the second derivative of the probability along the edge; infinite where the edge is not a line.
    ///
    /// Differentiating twice leaves second differences of the region's indicator, times the numbers of units; one step up a
    /// staircase makes them at most 1.
    fn bend(&self) -> f64 {
        let (n1, n0) = (self.n1 as f64, self.n0 as f64);
        match self.null {
            Null::Difference(_) => (n1 + n0).powi(2),
            Null::Ratio(Ratio::Risk, ratio) => (ratio * n1 + n0).powi(2),
            Null::Ratio(Ratio::Odds, _) => f64::INFINITY,
        }
    }

    /// Golden-section ascent around a good point.
    fn climbed(&mut self, start: (f64, f64), width: f64, range: (f64, f64)) -> (f64, f64) {
        let golden = 0.618_033_988_749_894_9;
        let (mut a, mut b) = ((start.1 - width).max(range.0), (start.1 + width).min(range.1));
        let mut best = start;
        let (mut left, mut right) = (b - golden * (b - a), a + golden * (b - a));
        let (mut at_left, mut at_right) = (self.probability(left), self.probability(right));
        for _ in 0..45 {
            if at_left > best.0 {
                best = (at_left, left);
            }
            if at_right > best.0 {
                best = (at_right, right);
            }
            if at_left >= at_right {
                (b, right, at_right) = (right, left, at_left);
                left = b - golden * (b - a);
                at_left = self.probability(left);
            } else {
                (a, left, at_left) = (left, right, at_right);
                right = a + golden * (b - a);
                at_right = self.probability(right);
            }
        }
        best
    }
}
