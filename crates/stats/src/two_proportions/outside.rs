//! What exact tests reject for many tables at once: proofs about cells of null hypotheses that all tables of one size share.
//!
//! Given a cell, the more extreme a table is at the inner end, the fewer tables can be as extreme somewhere in the cell. So one
//! score parts the tables whose tests reject all over the cell from those for which this cell is too wide.

use super::edge::{among, least};
use super::exact_ratio::ExactMeasure;
use super::proof::Proof;
use super::table::Table;

/// Width of a cell where both proportions are a half, in units of the standard error there.
const WIDTH: f64 = 0.11;
/// Largest share of the distance from a difference of -1 that a cell takes.
const NEAREST: f64 = 0.3;
/// So near to -1 each cell doubles the distance.
const NEAR: f64 = 0.02;

/// For every table the place up to which all its tests reject.
pub(super) struct Outside {
    n1: u64,
    /// By x0 and x1.
    reach: Vec<f64>,
}

impl Outside {
    /// For all tables of the sizes of `proof`, from `start` (outside of which every test rejects) to `end` at most.
    pub(super) fn new(
        (n1, n0): (u64, u64),
        measure: ExactMeasure,
        tail: f64,
        (start, end): (f64, f64),
        proof: &mut Proof,
    ) -> Self {
        proof.begin((0.0, 1.0));
        let error = 0.5 * (1.0 / n1 as f64 + 1.0 / n0 as f64).sqrt();
        let mut at_outer = scores(n1, n0, measure, start);
        let mut reach = vec![start; at_outer.len()];
        let (mut outer, mut guess, mut going_on) = (start, 0, true);
        while outer < end && going_on {
            let inner = (outer + width(measure, outer, error)).min(end);
            let at_inner = scores(n1, n0, measure, inner);
            let null = measure.null(inner);
            let rejected = |level: f64| !proof.exceeds(&among(n1, n0, measure, &at_outer, least(level)), null, tail);
            let level;
            (guess, level) = last_rejected(&at_inner, guess, rejected);
            going_on = false;
            for (reach, score) in reach.iter_mut().zip(&at_inner) {
                // A table stops at the first cell that is too wide for it.
                if *reach == outer && *score >= level {
                    *reach = inner;
                    going_on = true;
                }
            }
            (outer, at_outer) = (inner, at_inner);
        }
        Self { n1, reach }
    }

    /// The place up to which a table's tests all reject.
    pub(super) fn reach(&self, table: &Table) -> Option<f64> {
        self.reach.get((table.x0() * (self.n1 + 1) + table.x1()) as usize).copied()
    }
}

/// How many of the positive scores, from the largest on, are rejected, and the last of them; looked for about a guess.
fn last_rejected(scores: &[f64], guess: usize, rejected: impl FnMut(f64) -> bool) -> (usize, f64) {
    let mut levels: Vec<f64> = scores.iter().copied().filter(|score| *score > 0.0).collect();
    levels.sort_by(|a, b| b.total_cmp(a));
    let many = last_that_passes(&levels, guess, rejected);
    (many, many.checked_sub(1).map_or(f64::INFINITY, |last| levels[last]))
}

/// How many of the levels, from the first on, pass: near `guess` in strides that double, then by bisection.
fn last_that_passes(levels: &[f64], guess: usize, mut passes: impl FnMut(f64) -> bool) -> usize {
    let guess = guess.min(levels.len());
    let (mut low, mut high, mut stride) = (0, levels.len(), 1);
    // Those before `low` pass, those from `high` on do not.
    if guess == 0 || passes(levels[guess - 1]) {
        low = guess;
        while low < high {
            let probe = (low + stride).min(high);
            if passes(levels[probe - 1]) {
                low = probe;
                stride *= 2;
            } else {
                high = probe - 1;
                break;
            }
        }
    } else {
        high = guess - 1;
        while low < high {
            let probe = high.saturating_sub(stride);
            if probe == 0 || passes(levels[probe - 1]) {
                low = probe;
                break;
            }
            high = probe - 1;
            stride *= 2;
        }
    }
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if passes(levels[middle - 1]) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

fn width(measure: ExactMeasure, outer: f64, error: f64) -> f64 {
    let plain = WIDTH * error;
    match measure {
        ExactMeasure::RiskDifference => {
            let (spread, room) = ((1.0 - outer * outer).max(0.0).sqrt(), 1.0 + outer);
            if room < NEAR { room } else { (plain * spread).max(NEAREST * plain * room).min(NEAREST * room) }
        }
        // The rarer the successes, the larger the error of a logarithm.
        ExactMeasure::RiskRatio => 2.0 * plain * (0.5 * outer.abs()).exp(),
        ExactMeasure::OddsRatio => 4.0 * plain * (0.25 * outer.abs()).exp(),
    }
}

/// The scores of all tables at a place, by x0 and x1.
fn scores(n1: u64, n0: u64, measure: ExactMeasure, place: f64) -> Vec<f64> {
    let null = measure.null(place);
    let score = |x1: u64, x0: u64| Table::new(x1, n1, x0, n0).map_or(f64::NEG_INFINITY, |table| null.statistic(&table));
    (0..=n0).flat_map(|x0| (0..=n1).map(move |x1| score(x1, x0))).collect()
}
