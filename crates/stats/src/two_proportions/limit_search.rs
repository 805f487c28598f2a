//! The search for the outermost place that an exact test keeps, and the proof that it is.
//!
//! Two parts share the work. Where the limit lies is guessed: by the score interval, then by the place at which the tables of the
//! test change or at which those that stay become too probable. What lies outside of it is proved, in cells that are the
//! wider the further out they are.

use crate::special::elementary::{exp, ln};
use std::rc::Rc;

use super::edge::{Cell, Null, crossing, thresholds, thresholds_near};
use super::exact_ratio::ExactMeasure;
use super::proof::Proof;
use super::table::Table;

/// How far a limit may lie outside its exact place: of a difference, or of the logarithm of a ratio.
pub(super) const WIDTH: f64 = 1e-7;
/// A guess is tried this far to both sides, so that what is left is narrower than a limit may be off.
const BESIDE: f64 = 0.45 * WIDTH;
/// First step from the guess, as a share of the distance from the estimate to it.
const STEP: f64 = 0.05;
/// The width of the first cell outside a limit, as such a share, and how much wider the next one is.
const FIRST_CELL: f64 = 0.05;
const GROWTH: f64 = 1.9;
/// The widest cell, as a share of the distance of its inner end from a difference of -1.
const NEAREST: f64 = 0.8;
/// Most steps of Newton's method to where a probability passes the error.
const STEPS: usize = 12;
/// The furthest that such a step goes along the edge, how far from a point the slope is taken again, and the step that stands for a
/// derivative of the proportions.
const FURTHEST: f64 = 0.15;
const ALONG: f64 = 1e-4;
const TINY: f64 = 1e-7;
/// Cells narrower than this share are looked into table by table, and at their middle.
const NARROW: f64 = 0.1;
/// The largest such distance: an infinite estimate has no scale.
const LARGEST_SCALE: f64 = 4.0;

/// A place and the region of its test.
#[derive(Clone)]
pub(super) struct End {
    pub(super) place: f64,
    thresholds: Rc<[u64]>,
}

/// The logarithm of a probability and its slopes in the place and along the edge.
struct Slopes {
    ln_p: f64,
    place: f64,
    along: f64,
}

pub(super) struct Search<'a> {
    pub(super) table: &'a Table,
    pub(super) measure: ExactMeasure,
    /// The error on one side.
    pub(super) tail: f64,
    pub(super) proof: &'a mut Proof,
}

impl Search<'_> {
    fn null(&self, place: f64) -> Null {
        self.measure.null(place)
    }

    pub(super) fn end(&self, place: f64) -> End {
        End { place, thresholds: thresholds(self.table, self.null(place)).into() }
    }

    fn end_near(&self, place: f64, known: &End) -> End {
        End { place, thresholds: thresholds_near(self.table, self.null(place), &known.thresholds).into() }
    }

    pub(super) fn kept(&mut self, end: &End) -> bool {
        self.proof.exceeds(&end.thresholds, self.measure.null(end.place), self.tail)
    }

    /// The outermost place kept between one outside of which every test rejects and one that is kept, or at most [`WIDTH`] outside
    /// of it; looked for about a guess.
    pub(super) fn outermost(&mut self, start: f64, guess: f64, inside: f64) -> f64 {
        let guess = guess.clamp(start, inside);
        let scale = (inside - guess).clamp(1e-3, LARGEST_SCALE);
        let (low, high) = self.bracket((start, guess, inside), STEP * scale);
        let limit = self.narrowed(low, high).place;
        self.proved(limit, FIRST_CELL * scale, (start, inside), scale)
    }

    /// The same, when a place further in is known to be kept, near to the one outside of which every test rejects.
    pub(super) fn outermost_below(&mut self, start: f64, kept: f64, inside: f64) -> f64 {
        let low = self.end(start);
        let high = self.end_near(kept, &low);
        let limit = self.narrowed(low, high).place;
        let scale = (inside - limit).clamp(1e-3, LARGEST_SCALE);
        self.proved(limit, (limit - start).min(FIRST_CELL * scale), (start, inside), scale)
    }

    /// The limit, or one further out: proves cell by cell, the first one of a given width, that everything outside is refuted.
    fn proved(&mut self, mut limit: f64, mut width: f64, (start, inside): (f64, f64), scale: f64) -> f64 {
        // Everything from the limit to here is refuted.
        let mut inner = limit;
        let mut known = self.end(inner);
        while inner > start {
            let room = self.room(inner);
            let narrowest = WIDTH * room.min(1.0);
            width = width.min(NEAREST * room).max(narrowest);
            let outer = if inner - start > 1.5 * width { inner - width } else { start };
            let closely = width < NARROW * scale;
            if self.refuted(outer, inner, &mut known, closely) {
                inner = outer;
                width *= GROWTH;
                continue;
            }
            let last = width <= narrowest;
            if !last {
                width *= 0.5;
            }
            if closely || last {
                let probe = self.end_near(inner - width, &known);
                if self.kept(&probe) {
                    // Further out than what was taken for the limit.
                    let (low, high) = self.bracket((start, probe.place, inside), STEP * scale);
                    limit = self.narrowed(low, high).place;
                    (inner, width) = (limit, FIRST_CELL * scale);
                } else if last {
                    // Neither proved nor disproved: it counts as kept.
                    (limit, inner) = (outer, outer);
                }
            }
        }
        limit
    }

    /// Towards a difference of -1 everything happens on the scale of the distance from it.
    fn room(&self, inner: f64) -> f64 {
        if self.measure == ExactMeasure::RiskDifference { 1.0 + inner } else { f64::INFINITY }
    }

    /// A place about the guess whose test rejects, and one further in that is kept.
    fn bracket(&mut self, (start, guess, inside): (f64, f64, f64), mut step: f64) -> (End, End) {
        let mut known = self.end(guess);
        let outwards = guess >= inside || self.kept(&known);
        loop {
            let place = known.place + if outwards { -step } else { step };
            if place <= start || place >= inside {
                let last = self.end_near(if outwards { start } else { inside }, &known);
                return if outwards { (last, known) } else { (known, last) };
            }
            let next = self.end_near(place, &known);
            match (self.kept(&next), outwards) {
                (true, false) => return (known, next),
                (false, true) => return (next, known),
                _ => known = next,
            }
            step *= 2.0;
        }
    }

    /// From a place that is rejected and one further in that is kept to two that are no further apart than [`WIDTH`]; returns the
    /// outer one.
    fn narrowed(&mut self, mut low: End, mut high: End) -> End {
        while high.place - low.place > WIDTH {
            // A guess is tried to both sides, and then the half of what is left.
            if let Some(guess) = self.change(&low, &high) {
                for place in [guess - BESIDE, guess + BESIDE] {
                    if place > low.place && place < high.place {
                        self.part(place, &mut low, &mut high);
                    }
                }
            }
            if high.place - low.place > WIDTH {
                self.part(0.5 * (low.place + high.place), &mut low, &mut high);
            }
        }
        low
    }

    /// Puts a place between in the place of the one that is treated alike.
    fn part(&mut self, place: f64, low: &mut End, high: &mut End) {
        let probe = self.end_near(place, low);
        let end = if self.kept(&probe) { high } else { low };
        *end = probe;
    }

    /// Where rejection may turn into none between two places: where one of the tables comes in or leaves, or where the same tables
    /// become too probable.
    fn change(&mut self, low: &End, high: &End) -> Option<f64> {
        let differs = low.thresholds.iter().zip(&*high.thresholds).position(|(a, b)| a != b);
        let Some(x0) = differs else { return self.root(low, high) };
        let x1 = low.thresholds[x0].min(high.thresholds[x0]);
        let other = Table::new(x1, self.table.n1(), x0 as u64, self.table.n0()).ok()?;
        crossing(self.table, &other, self.measure, (low.place, high.place))
    }

    /// Where the largest probability of one region along the edge passes the error, by Newton's method in the place and in the share
    /// of the edge at once; none when it gets lost.
    fn root(&mut self, low: &End, high: &End) -> Option<f64> {
        let tail = ln(self.tail);
        let mut along = self.along(self.proof.place()?);
        let mut place = high.place;
        for _ in 0..STEPS {
            let here = self.slopes(high, place, along)?;
            let beside = self.slopes(high, place, along + ALONG)?;
            let bend = (beside.along - here.along) / ALONG;
            // Up along the edge, at most a little way where the probability has no top nearby.
            let step = if bend < 0.0 { -here.along / bend } else { FURTHEST.copysign(here.along) };
            let step = step.clamp(-FURTHEST, FURTHEST);
            let moved = self.inside(along + step) - along;
            let top = here.ln_p + (here.along + 0.5 * bend.min(0.0) * moved) * moved;
            let next = place - (top - tail) / here.place;
            if !next.is_finite() {
                return None;
            }
            along += moved;
            let before = place;
            place = next.clamp(low.place, high.place);
            if (place - before).abs() < 0.05 * WIDTH && moved.abs() < 1e-3 {
                break;
            }
        }
        self.proof.look_at(self.share(along));
        Some(place)
    }

    /// The coordinate along the edge: its share, or for odds the logit of it, since the top may lie in a millionth of the edge at
    /// one of its ends.
    fn along(&self, share: f64) -> f64 {
        if self.measure == ExactMeasure::OddsRatio { ln(share / (1.0 - share)).clamp(-30.0, 30.0) } else { share }
    }

    fn share(&self, along: f64) -> f64 {
        if self.measure == ExactMeasure::OddsRatio { 1.0 / (1.0 + exp(-along)) } else { along }
    }

    fn inside(&self, along: f64) -> f64 {
        if self.measure == ExactMeasure::OddsRatio { along.clamp(-30.0, 30.0) } else { along.clamp(1e-9, 1.0 - 1e-9) }
    }

    /// The logarithm of the probability of a region at a place and a point along its edge, with its slopes in both.
    fn slopes(&mut self, end: &End, place: f64, along: f64) -> Option<Slopes> {
        let at = |place: f64, along: f64| self.proof.pair(self.null(place), self.share(along));
        let (p1, p0) = at(place, along)?;
        let (beyond, above) = (at(place + TINY, along)?, at(place, along + TINY)?);
        let (ln_p, by_p1, by_p0) = self.proof.slopes(&end.thresholds, (p1, p0));
        let slope = |to: (f64, f64)| (by_p1 * (to.0 - p1) + by_p0 * (to.1 - p0)) / TINY;
        Some(Slopes { ln_p, place: slope(beyond), along: slope(above) })
    }

    /// Whether every test of a place in a cell rejects; that of the inner end does.
    ///
    /// A region grows more probable as the place moves inwards. So the cell is rejected when all tables that belong to a
    /// region somewhere in it are improbable together at its inner end.
    ///
    /// When the widest region is not, it is looked into `closely`, table by table, or not.
    fn refuted(&mut self, outer: f64, inner: f64, known: &mut End, closely: bool) -> bool {
        let null = self.measure.null(inner);
        let cell = Cell { table: self.table, measure: self.measure, outer, inner };
        let widest = cell.widest(&known.thresholds);
        if !self.proof.exceeds(&widest, null, self.tail) {
            *known = End { place: inner, thresholds: widest.into() };
            return true;
        }
        if !closely {
            return false;
        }
        let ends = [outer, inner].map(|place| thresholds_near(self.table, self.null(place), &widest));
        let at_ends: Vec<u64> = ends[0].iter().zip(&ends[1]).map(|(a, b)| *a.min(b)).collect();
        if at_ends == widest || self.proof.exceeds(&at_ends, null, self.tail) {
            return false;
        }
        let all = cell.with_those_between(&at_ends, &widest);
        all == at_ends || (all != widest && !self.proof.exceeds(&all, null, self.tail))
    }
}

/// Where a function that grows passes 0 between two places, by secants that keep both signs; none when it does not.
pub(super) fn secant(excess: &mut impl FnMut(f64) -> Option<f64>, (mut low, mut high): (f64, f64)) -> Option<f64> {
    let (mut at_low, mut at_high) = (excess(low)?, excess(high)?);
    if at_low > 0.0 || at_high < 0.0 {
        return None;
    }
    let mut place = high;
    for _ in 0..40 {
        let before = place;
        let share = if at_high > at_low { at_low / (at_low - at_high) } else { 0.5 };
        place = if share.is_finite() { low + (high - low) * share } else { 0.5 * (low + high) };
        if (place - before).abs() < 0.01 * WIDTH {
            break;
        }
        let value = excess(place)?;
        // The end that stays counts half, so that it moves at last (the Illinois rule).
        if value < 0.0 {
            (low, at_low, at_high) = (place, value, 0.5 * at_high);
        } else {
            (high, at_high, at_low) = (place, value, 0.5 * at_low);
        }
    }
    Some(place)
}
