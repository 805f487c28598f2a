//! The outermost value of a measure that an exact test does not reject.

use super::edge::{Null, thresholds};
use super::edge_search::{ABSOLUTE_SLACK, Region, SLACK};
use super::exact_ratio::ExactMeasure;
use super::straight_edge::{MAX_TOTAL, StraightEdge};
use super::table::Table;

/// How far a limit may lie outside its exact place: of a difference, or of the logarithm of a ratio.
const WIDTH: f64 = 1e-7;
/// Beyond this logarithm a ratio is not followed.
const FARTHEST: f64 = 700.0;
/// The logarithm that stands for an infinite ratio: a p0 below e^-40 has no successes.
const INFINITE: f64 = 40.0;

/// The outermost place (a difference, or the logarithm of a ratio) whose test towards arm 1 does not reject at `tail`, with p0
/// within two bounds and `gamma` of the error set aside for them; minus infinity for a ratio of 0.
pub(super) fn lower_limit(table: &Table, measure: ExactMeasure, tail: f64, gamma: f64, within: (f64, f64)) -> f64 {
    let difference = measure == ExactMeasure::RiskDifference;
    let unbounded = match measure {
        ExactMeasure::RiskDifference => table.difference() <= -1.0,
        ExactMeasure::RiskRatio => table.x1() == 0,
        ExactMeasure::OddsRatio => table.x1() == 0 || table.x0() == table.n0(),
    };
    if unbounded {
        return if difference { -1.0 } else { f64::NEG_INFINITY };
    }
    if measure == ExactMeasure::OddsRatio || table.total() > MAX_TOTAL {
        searched(table, measure, tail - gamma, within)
    } else {
        // Rounding must not reject what is tied with the limit.
        proved(table, measure, (tail - gamma) * (1.0 - 1e-10), within)
    }
}

/// A place on the scale of the measure and the region of its test.
#[derive(Clone)]
struct End {
    place: f64,
    thresholds: Vec<u64>,
}

/// From the outermost place inwards, in cells that are halved until each is rejected as a whole.
///
/// One region grows more probable as the place moves inwards, so a cell is rejected when the region of both of its ends
/// together is improbable at its inner end. What is not rejected in a cell of the smallest width is the limit.
fn proved(table: &Table, measure: ExactMeasure, tail: f64, within: (f64, f64)) -> f64 {
    let end = |place: f64| End { place, thresholds: thresholds(table, measure.null(place)) };
    let total = table.total() as f64;
    // Before here only a table that is not the observed one is left: nobody succeeds in arm 1 (and everybody in arm 0).
    let (start, inside) = match measure {
        ExactMeasure::RiskDifference => (0.9 * tail / total - 1.0, table.difference()),
        _ if table.x0() == 0 => ((0.9 * tail / total).ln(), INFINITE),
        _ => ((0.9 * tail / total).ln(), (table.p1() / table.p0()).ln()),
    };
    if start >= inside {
        return inside.min(start);
    }
    let mut edge = StraightEdge::new(table.n1(), table.n0());
    let mut open = vec![(end(start), end(inside))];
    while let Some((outer, inner)) = open.pop() {
        let both: Vec<u64> = outer.thresholds.iter().zip(&inner.thresholds).map(|(a, b)| *a.min(b)).collect();
        let rejected = !edge.set(&both, measure.null(inner.place), within) || !edge.exceeds(tail);
        if rejected {
            continue;
        }
        if inner.place - outer.place <= WIDTH {
            return outer.place;
        }
        let middle = end(0.5 * (outer.place + inner.place));
        open.push((middle.clone(), inner));
        open.push((outer, middle));
    }
    inside
}

/// For edges that are not straight, or polynomials of too high a degree: by the largest value found, then proved.
pub(super) fn searched(table: &Table, measure: ExactMeasure, tail: f64, within: (f64, f64)) -> f64 {
    let (end, step, probes) = match measure {
        ExactMeasure::RiskDifference => (-1.0, 0.004, 10),
        _ => (-FARTHEST, 0.03, 25),
    };
    // What is found must leave room for the proof that follows.
    let limit_of_rejection = tail / (1.0 + SLACK) - ABSOLUTE_SLACK;
    let region = |place: f64| Region::within(table, measure.null(place), within);
    let accepted = |place: f64| {
        let mut region = region(place);
        !region.is_empty() && region.peak().0 > limit_of_rejection
    };
    let bisect = |mut low: f64, mut high: f64| {
        while high - low > WIDTH {
            let middle = 0.5 * (low + high);
            if accepted(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    };
    let mut inside = match (measure, measure.point(table)) {
        (ExactMeasure::RiskDifference, point) => point.unwrap_or(0.0),
        (_, Some(point)) if point.is_finite() => point.ln(),
        _ => 0.0,
    };
    // Nothing bounds an infinite ratio from above: go up until the data are no surprise.
    let mut reach = 1.0;
    while !accepted(inside) && inside < FARTHEST && measure != ExactMeasure::RiskDifference {
        inside += reach;
        reach *= 2.0;
    }
    let mut outside = end;
    if measure != ExactMeasure::RiskDifference {
        reach = 1.0;
        outside = inside - reach;
        while outside > end && accepted(outside) {
            reach *= 2.0;
            outside = (inside - reach).max(end);
        }
    }
    let mut limit = bisect(outside, inside);
    // The p-value is not monotone: look further out, as far as rejections are near the line.
    let mut probe = limit - step;
    while probe > end && probe > limit - f64::from(probes) * step {
        if accepted(probe) {
            limit = bisect((probe - step).max(end), probe);
        }
        probe -= step;
    }
    // So far by the largest value found; now it is proved, else the limit moves outwards.
    let mut outwards = 1e-6;
    let refuted = |place: f64| {
        let mut region = region(place);
        region.is_empty() || region.supremum(limit_of_rejection).value <= limit_of_rejection
    };
    while limit > end && !refuted(limit) {
        limit = (limit - outwards).max(end);
        outwards *= 2.0;
    }
    limit
}

/// The largest probability, on the edge and with p0 within two bounds, of a table at least as extreme as the observed one;
/// proved, and 0 when no such proportions are left.
pub(super) fn largest_on_edge(table: &Table, null: Null, within: (f64, f64)) -> super::supremum::CertifiedSupremum {
    if null.line().is_some() && table.total() <= MAX_TOTAL {
        let mut edge = StraightEdge::new(table.n1(), table.n0());
        if edge.set(&thresholds(table, null), null, within) {
            return edge.largest();
        }
    } else {
        let mut region = Region::within(table, null, within);
        if !region.is_empty() {
            return region.supremum(0.0);
        }
    }
    super::supremum::CertifiedSupremum { value: 0.0, upper_bound: 0.0, at: 0.0 }
}
