//! The outermost value of a measure that an exact test does not reject.

use super::edge::{Null, thresholds};
use super::edge_search::Region;
use super::exact_ratio::ExactMeasure;
use super::limit_search::{Search, WIDTH};
use super::odds_edge::OddsEdge;
use super::outside::Outside;
use super::proof::Proof;
use super::score::{Ratio, ScoreVariance, odds_ratio_score, risk_difference_score, risk_ratio_score};
use super::straight_edge::{MAX_TOTAL, StraightEdge};
use super::supremum::CertifiedSupremum;
use super::table::Table;
use crate::special::elementary::ln;

/// How far apart, and how often, programs that bisect look for a limit further out.
const PROBE: f64 = 0.004;
const PROBES: f64 = 10.0;
/// The logarithm that stands for an infinite ratio: a p0 below e^-40 has no successes.
const INFINITE: f64 = 40.0;

/// The search for lower limits of tables of one size.
pub(super) struct Limits {
    measure: ExactMeasure,
    /// The error on one side.
    tail: f64,
    proof: Proof,
    /// What is known for all tables.
    outside: Option<Outside>,
}

impl Limits {
    /// For a single table; `gamma` of the error is set aside for the p0 that are not looked at.
    pub(super) fn of_one(n1: u64, n0: u64, measure: ExactMeasure, tail: f64, gamma: f64) -> Self {
        // Rounding must not reject what is tied with the limit.
        let tail = (tail - gamma) * (1.0 - 1e-10);
        Self { measure, tail, proof: Proof::new(n1, n0, measure), outside: None }
    }

    /// For all tables, with what can be said of many at once.
    pub(super) fn of_all(n1: u64, n0: u64, measure: ExactMeasure, tail: f64) -> Self {
        let mut limits = Self::of_one(n1, n0, measure, tail, 0.0);
        let start = start(n1 as f64, n0 as f64, measure, limits.tail);
        let end = if measure == ExactMeasure::RiskDifference { 1.0 } else { -start };
        let end = 0.999 * end;
        limits.outside = Some(Outside::new((n1, n0), measure, limits.tail, (start, end), &mut limits.proof));
        limits
    }

    /// The outermost place (a difference, or the logarithm of a ratio) whose test towards arm 1 does not reject, with p0 within
    /// two bounds, for a table that is not [`unbounded`].
    pub(super) fn lower(&mut self, table: &Table, within: (f64, f64)) -> f64 {
        let (far, inside) = ends(table, self.measure, self.tail);
        let known = self.outside.as_ref().and_then(|outside| outside.about(table));
        let (start, kept) = known.map_or((far, f64::INFINITY), |(reach, kept)| (reach.max(far), kept));
        if start >= inside {
            return inside.min(start);
        }
        self.proof.begin(within);
        if kept > start && kept < inside {
            let (measure, tail, proof) = (self.measure, self.tail, &mut self.proof);
            return Search { table, measure, tail, proof }.outermost_below(start, kept, inside);
        }
        let guess = guess(table, self.measure, self.tail).unwrap_or(0.5 * (start + inside));
        let (measure, tail, proof) = (self.measure, self.tail, &mut self.proof);
        Search { table, measure, tail, proof }.outermost(start, guess, inside)
    }
}

/// The limit of a table that does not speak against anything on this side.
pub(super) fn unbounded(table: &Table, measure: ExactMeasure) -> Option<f64> {
    match measure {
        ExactMeasure::RiskDifference => (table.difference() <= -1.0).then_some(-1.0),
        ExactMeasure::RiskRatio => (table.x1() == 0).then_some(f64::NEG_INFINITY),
        ExactMeasure::OddsRatio => (table.x1() == 0 || table.x0() == table.n0()).then_some(f64::NEG_INFINITY),
    }
}

/// The lower limit of a single table, with `gamma` of the error set aside for p0 outside two bounds.
pub(super) fn lower_limit(table: &Table, measure: ExactMeasure, tail: f64, gamma: f64, within: (f64, f64)) -> f64 {
    let search = || Limits::of_one(table.n1(), table.n0(), measure, tail, gamma).lower(table, within);
    unbounded(table, measure).unwrap_or_else(search)
}

/// The limit of the score interval.
fn guess(table: &Table, measure: ExactMeasure, tail: f64) -> Option<f64> {
    let (level, variance) = (1.0 - 2.0 * tail, ScoreVariance::Uncorrected);
    let estimate = match measure {
        ExactMeasure::RiskDifference => {
            return Some(risk_difference_score(table, level, variance).ok()?.interval.lower);
        }
        ExactMeasure::RiskRatio => risk_ratio_score(table, level, variance),
        ExactMeasure::OddsRatio => odds_ratio_score(table, level, variance),
    };
    let lower = ln(estimate.ok()?.interval.lower);
    lower.is_finite().then_some(lower)
}

/// A place outside of which every test rejects, and one whose test does not.
fn ends(table: &Table, measure: ExactMeasure, tail: f64) -> (f64, f64) {
    let (_, n1, _, n0) = table.floats();
    let inside = match measure.point(table) {
        Some(point) if measure == ExactMeasure::RiskDifference => point,
        Some(point) if point.is_finite() => ln(point),
        _ => INFINITE,
    };
    (start(n1, n0, measure, tail), inside)
}

/// Far outside nobody succeeds in arm 1 (and everybody in arm 0), which is not what was observed. For odds arm 1 and arm 0 can do
/// so separately: n1 p1 n0 (1 - p0) bounds the probability of the rest, and is at most the product of the sizes and the ratio.
fn start(n1: f64, n0: f64, measure: ExactMeasure, tail: f64) -> f64 {
    match measure {
        ExactMeasure::RiskDifference => 0.9 * tail / (n1 + n0) - 1.0,
        ExactMeasure::RiskRatio => ln(0.9 * tail / (n1 + n0)),
        ExactMeasure::OddsRatio => ln(0.9 * tail / (n1 * n0)),
    }
}

/// A place that parts one that is rejected from one that is kept, by bisection.
fn parted(search: &mut Search<'_>, mut low: f64, mut high: f64) -> f64 {
    while high - low > WIDTH {
        let middle = 0.5 * (low + high);
        let end = search.end(middle);
        if search.kept(&end) {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

/// The limit for a difference by bisection, as if one place alone parted what is kept from what is rejected.
pub(super) fn bisected(table: &Table, tail: f64) -> f64 {
    if table.difference() <= -1.0 {
        return -1.0;
    }
    let measure = ExactMeasure::RiskDifference;
    let mut proof = Proof::new(table.n1(), table.n0(), measure);
    let mut search = Search { table, measure, tail: tail * (1.0 - 1e-10), proof: &mut proof };
    let mut limit = parted(&mut search, -1.0, table.difference());
    // Those programs look a little further out.
    let mut probe = limit - PROBE;
    while probe > -1.0 && probe > limit - PROBES * PROBE {
        let end = search.end(probe);
        if search.kept(&end) {
            limit = parted(&mut search, (probe - PROBE).max(-1.0), probe);
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
            if !edge.reaches(ln(ratio)) {
                return region.supremum(0.0);
            }
            edge.set(region.thresholds(), ln(ratio), within);
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
