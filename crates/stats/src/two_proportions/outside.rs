//! What exact tests reject for many tables at once: proofs about cells of null hypotheses that all tables of one size share.
//!
//! Given a cell, the more extreme a table is at the inner end, the fewer tables can be as extreme somewhere in the cell. So one
//! score parts the tables whose tests reject all over the cell from those for which this cell is too wide; another one, at the inner
//! end alone, those whose test keeps it.

use super::edge::{Null, least, reaching, reaching_by_total};
use super::exact_ratio::ExactMeasure;
use super::proof::Proof;
use super::table::Table;
use crate::special::elementary::exp;

/// Width of a cell where both proportions are a half, in units of the standard error there.
const WIDTH: f64 = 0.1;
/// Largest share of the distance from a difference of -1 that a cell takes.
const NEAREST: f64 = 0.3;
/// So near to -1 each cell doubles the distance.
const NEAR: f64 = 0.02;
/// How closely the parting scores are found, as a share of them.
const LEVEL: f64 = 0.05;
/// The first score that is tried, and the largest.
const FIRST_LEVEL: f64 = 2.0;
const LARGEST_LEVEL: f64 = 1e9;

/// For every table the place up to which all its tests reject, and one further in that is kept.
pub(super) struct Outside {
    n1: u64,
    /// By x0 and x1.
    about: Vec<(f64, f64)>,
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
        let mut about = vec![(start, f64::INFINITY); ((n1 + 1) * (n0 + 1)) as usize];
        let (mut outer, mut rejected) = (start, FIRST_LEVEL);
        let mut known: Option<Vec<u64>> = None;
        while outer < end {
            let inner = (outer + width(measure, outer, error)).min(end);
            let (null, before) = (measure.null(inner), measure.null(outer));
            let mut exceeds = |of: Null, level: f64| {
                let region = reaching(n1, n0, of, least(level), known.as_deref());
                let exceeds = proof.exceeds(&region, null, tail);
                known = Some(region);
                exceeds
            };
            let guess;
            (guess, rejected) = parting(rejected, |level| exceeds(before, level));
            let kept = passed(guess, |level| exceeds(null, level));
            let reached = Reached::new(n1, n0, measure, inner, rejected);
            let not_kept = kept.map(|kept| Reached::new(n1, n0, measure, inner, kept.next_up()));
            let mut going_on = false;
            for (i, (reach, first_kept)) in about.iter_mut().enumerate() {
                let (x1, x0) = (i as u64 % (n1 + 1), i as u64 / (n1 + 1));
                // A table stops at the first cell that is too wide for it.
                if *reach == outer && reached.has(x1, x0) {
                    *reach = inner;
                }
                if *first_kept == f64::INFINITY && not_kept.as_ref().is_some_and(|tables| !tables.has(x1, x0)) {
                    *first_kept = inner;
                }
                going_on |= *first_kept == f64::INFINITY;
            }
            if !going_on {
                break;
            }
            outer = inner;
        }
        Self { n1, about }
    }

    /// The place up to which a table's tests all reject, and one that is kept; infinite when none was found.
    pub(super) fn about(&self, table: &Table) -> Option<(f64, f64)> {
        self.about.get((table.x0() * (self.n1 + 1) + table.x1()) as usize).copied()
    }
}

/// The tables whose scores reach a level.
struct Reached {
    odds: bool,
    /// The smallest x1 for every x0, for odds for every total.
    smallest: Vec<u64>,
}

impl Reached {
    fn new(n1: u64, n0: u64, measure: ExactMeasure, place: f64, level: f64) -> Self {
        let (odds, null) = (measure == ExactMeasure::OddsRatio, measure.null(place));
        let smallest = if odds { reaching_by_total(n1, n0, null, level) } else { reaching(n1, n0, null, level, None) };
        Self { odds, smallest }
    }

    fn has(&self, x1: u64, x0: u64) -> bool {
        let of = if self.odds { x1 + x0 } else { x0 };
        self.smallest.get(of as usize).is_some_and(|smallest| x1 >= *smallest)
    }
}

/// Two levels near to each other, of which regions from the first one exceed the error and from the second one do not; 0 and
/// infinite where there is none. About a guess in steps that double, then by bisection.
fn parting(guess: f64, mut exceeds: impl FnMut(f64) -> bool) -> (f64, f64) {
    let guess = guess.clamp(LEVEL, LARGEST_LEVEL);
    let mut step = 2.0 * LEVEL * guess;
    let (mut low, mut high);
    if exceeds(guess) {
        (low, high) = (guess, guess + step);
        while exceeds(high) {
            if high > LARGEST_LEVEL {
                return (high, f64::INFINITY);
            }
            step *= 2.0;
            (low, high) = (high, high + step);
        }
    } else {
        (low, high) = (guess - step, guess);
        while low > 0.0 && !exceeds(low) {
            step *= 2.0;
            (low, high) = (low - step, low);
        }
        low = low.max(0.0);
    }
    while high - low > LEVEL * high && high > 1e-3 {
        let middle = 0.5 * (low + high);
        if exceeds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low, high)
}

/// The first level from the guess downwards whose region exceeds the error.
fn passed(guess: f64, mut exceeds: impl FnMut(f64) -> bool) -> Option<f64> {
    let (mut level, mut step) = (guess, LEVEL * guess);
    while !exceeds(level) {
        if level <= 0.0 {
            return None;
        }
        (level, step) = ((level - step).max(0.0), 2.0 * step);
    }
    Some(level)
}

fn width(measure: ExactMeasure, outer: f64, error: f64) -> f64 {
    let plain = WIDTH * error;
    match measure {
        ExactMeasure::RiskDifference => {
            let (spread, room) = ((1.0 - outer * outer).max(0.0).sqrt(), 1.0 + outer);
            if room < NEAR { room } else { (plain * spread).max(NEAREST * plain * room).min(NEAREST * room) }
        }
        // The rarer the successes, the larger the error of a logarithm.
        ExactMeasure::RiskRatio => plain * exp(0.5 * outer.abs()),
        ExactMeasure::OddsRatio => 4.0 * plain * exp(0.25 * outer.abs()),
    }
}
