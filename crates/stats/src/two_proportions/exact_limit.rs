//! The outermost value of a measure that an exact test does not reject.

use std::rc::Rc;

use super::edge::{Cell, Null, thresholds};
use super::edge_search::{ABSOLUTE_SLACK, Region, SLACK};
use super::exact_ratio::ExactMeasure;
use super::odds_edge::OddsEdge;
use super::score::Ratio;
use super::straight_edge::{MAX_TOTAL, StraightEdge};
use super::supremum::CertifiedSupremum;
use super::table::Table;

/// How far a limit may lie outside its exact place: of a difference, or of the logarithm of a ratio.
const WIDTH: f64 = 1e-7;
/// How far apart, and how often, programs that bisect look for a limit further out.
const PROBE: f64 = 0.004;
const PROBES: f64 = 10.0;
/// The logarithm that stands for an infinite ratio: a p0 below e^-40 has no successes.
const INFINITE: f64 = 40.0;

/// The outermost place (a difference, or the logarithm of a ratio) whose test towards arm 1 does not reject at `tail`, with p0
/// within two bounds and `gamma` of the error set aside for them; minus infinity for a ratio of 0.
pub(super) fn lower_limit(table: &Table, measure: ExactMeasure, tail: f64, gamma: f64, within: (f64, f64)) -> f64 {
    let unbounded = match measure {
        ExactMeasure::RiskDifference => table.difference() <= -1.0,
        ExactMeasure::RiskRatio => table.x1() == 0,
        ExactMeasure::OddsRatio => table.x1() == 0 || table.x0() == table.n0(),
    };
    if unbounded {
        return if measure == ExactMeasure::RiskDifference { -1.0 } else { f64::NEG_INFINITY };
    }
    // Rounding must not reject what is tied with the limit.
    let tail = (tail - gamma) * (1.0 - 1e-10);
    let (start, inside) = ends(table, measure, tail);
    if start >= inside {
        return inside.min(start);
    }
    let mut search = Search { table, measure, tail, proof: Proof::new(table, measure, within) };
    search.outermost(start, inside)
}

/// A place outside of which every test rejects, and one whose test does not.
///
/// Far outside nobody succeeds in arm 1 (and everybody in arm 0), which is not what was observed. For odds arm 1 and arm 0 can do
/// so separately: n1 p1 n0 (1 - p0) bounds the probability of the rest, and is at most the product of the sizes and the ratio.
fn ends(table: &Table, measure: ExactMeasure, tail: f64) -> (f64, f64) {
    let (n1, n0) = (table.n1() as f64, table.n0() as f64);
    let inside = match measure.point(table) {
        Some(point) if measure == ExactMeasure::RiskDifference => point,
        Some(point) if point.is_finite() => point.ln(),
        _ => INFINITE,
    };
    let start = match measure {
        ExactMeasure::RiskDifference => 0.9 * tail / (n1 + n0) - 1.0,
        ExactMeasure::RiskRatio => (0.9 * tail / (n1 + n0)).ln(),
        ExactMeasure::OddsRatio => (0.9 * tail / (n1 * n0)).ln(),
    };
    (start, inside)
}

/// Proofs that a region's probability along an edge stays within a limit.
enum Proof<'a> {
    Straight(StraightEdge, (f64, f64)),
    /// The second one where the ratio is too far out for the first.
    Odds(OddsEdge, &'a Table, (f64, f64)),
    /// Polynomials of too high a degree: bounds between points instead.
    Points(&'a Table, (f64, f64)),
}

impl<'a> Proof<'a> {
    fn new(table: &'a Table, measure: ExactMeasure, within: (f64, f64)) -> Self {
        if table.total() > MAX_TOTAL {
            Self::Points(table, within)
        } else if measure == ExactMeasure::OddsRatio {
            Self::Odds(OddsEdge::new(table.n1(), table.n0()), table, within)
        } else {
            Self::Straight(StraightEdge::new(table.n1(), table.n0()), within)
        }
    }

    /// Whether the probability is above `limit` anywhere on the edge; when not, that is proved.
    fn exceeds(&mut self, thresholds: &[u64], null: Null, limit: f64) -> bool {
        match (self, null) {
            (Self::Straight(edge, within), _) => edge.set(thresholds, null, *within) && edge.exceeds(limit),
            (Self::Odds(edge, _, within), Null::Ratio(_, ratio)) if edge.reaches(ratio.ln()) => {
                edge.set(thresholds, ratio.ln(), *within);
                edge.exceeds(limit)
            }
            (Self::Odds(_, table, within) | Self::Points(table, within), _) => {
                let mut region = Region::with(table, null, *within, thresholds.to_vec());
                // What is found must leave room for the proof.
                let room = limit / (1.0 + SLACK) - ABSOLUTE_SLACK;
                !region.is_empty() && region.supremum(room).value > room
            }
        }
    }
}

struct Search<'a> {
    table: &'a Table,
    measure: ExactMeasure,
    tail: f64,
    proof: Proof<'a>,
}

impl Search<'_> {
    fn end(&self, place: f64) -> End {
        End { place, thresholds: thresholds(self.table, self.measure.null(place)).into() }
    }

    fn kept(&mut self, end: &End) -> bool {
        self.proof.exceeds(&end.thresholds, self.measure.null(end.place), self.tail)
    }

    /// A place that parts one that is rejected from one that is kept, by bisection.
    fn parted(&mut self, mut low: f64, mut high: f64) -> f64 {
        while high - low > WIDTH {
            let middle = 0.5 * (low + high);
            if self.kept(&self.end(middle)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    /// Whether every test of a place in a cell rejects.
    ///
    /// A region grows more probable as the place moves inwards. So the cell is rejected when all tables that belong to a
    /// region somewhere in it are improbable together at its inner end.
    fn rejects(&mut self, outer: &End, inner: &End) -> bool {
        let null = self.measure.null(inner.place);
        let at_ends: Vec<u64> = outer.thresholds.iter().zip(&*inner.thresholds).map(|(a, b)| *a.min(b)).collect();
        if self.proof.exceeds(&at_ends, null, self.tail) {
            return false;
        }
        let cell = Cell { table: self.table, measure: self.measure, outer: outer.place, inner: inner.place };
        let all = cell.with_those_between(&at_ends);
        all == at_ends || !self.proof.exceeds(&all, null, self.tail)
    }

    /// From the outermost place inwards, in cells that are halved until each is rejected as a whole, or ends with a place whose
    /// test does not reject and is of the smallest width.
    fn outermost(&mut self, start: f64, inside: f64) -> f64 {
        // Cells by their ends, the outermost last, with whether the test of the inner end rejects.
        let mut open = vec![(self.end(start), self.end(inside), false)];
        while let Some((outer, inner, rejected)) = open.pop() {
            if rejected && self.rejects(&outer, &inner) {
                continue;
            }
            if inner.place - outer.place <= WIDTH {
                return outer.place;
            }
            let middle = self.end(0.5 * (outer.place + inner.place));
            if self.kept(&middle) {
                // Nothing further in is outermost.
                open.clear();
                open.push((outer, middle, false));
            } else {
                open.push((middle.clone(), inner, rejected));
                open.push((outer, middle, true));
            }
        }
        inside
    }
}

/// A place and the region of its test.
#[derive(Clone)]
struct End {
    place: f64,
    thresholds: Rc<[u64]>,
}

/// The limit for a difference by bisection, as if one place alone parted what is kept from what is rejected.
pub(super) fn bisected(table: &Table, tail: f64) -> f64 {
    if table.difference() <= -1.0 {
        return -1.0;
    }
    let measure = ExactMeasure::RiskDifference;
    let proof = Proof::new(table, measure, (0.0, 1.0));
    let mut search = Search { table, measure, tail: tail * (1.0 - 1e-10), proof };
    let mut limit = search.parted(-1.0, table.difference());
    // Those programs look a little further out.
    let mut probe = limit - PROBE;
    while probe > -1.0 && probe > limit - PROBES * PROBE {
        if search.kept(&search.end(probe)) {
            limit = search.parted((probe - PROBE).max(-1.0), probe);
        }
        probe -= PROBE;
    }
    limit
}

/// The largest probability, on the edge and with p0 within two bounds, of a table at least as extreme as the observed one;
/// proved, and 0 when no such proportions are left.
pub(super) fn largest_on_edge(table: &Table, null: Null, within: (f64, f64)) -> CertifiedSupremum {
    let mut region = Region::with(table, null, within, thresholds(table, null));
    if region.is_empty() {
        return CertifiedSupremum { value: 0.0, upper_bound: 0.0, at: 0.0 };
    }
    if table.total() > MAX_TOTAL {
        return region.supremum(0.0);
    }
    match null {
        Null::Ratio(Ratio::Odds, ratio) => {
            let mut edge = OddsEdge::new(table.n1(), table.n0());
            if !edge.reaches(ratio.ln()) {
                return region.supremum(0.0);
            }
            edge.set(region.thresholds(), ratio.ln(), within);
            climbed(&mut region, &mut edge)
        }
        _ => {
            let mut edge = StraightEdge::new(table.n1(), table.n0());
            edge.set(region.thresholds(), null, within);
            edge.largest()
        }
    }
}

/// From the best point of a grid upwards, until a little more than the largest value found is proved to be a bound.
fn climbed(region: &mut Region, edge: &mut OddsEdge) -> CertifiedSupremum {
    let (mut value, mut place) = region.peak();
    let mut slack = 1e-10;
    loop {
        let bound = (value * (1.0 + slack)).min(1.0);
        if value >= 1.0 || !edge.exceeds(bound) {
            return CertifiedSupremum { value, upper_bound: bound, at: region.p0(place) };
        }
        let found = region.peak_about(edge.exceeded_at());
        if found.0 > value {
            (value, place) = found;
        } else {
            // Flat or rounded: prove a little less.
            slack *= 10.0;
        }
    }
}
