//! Proofs that a region of tables is improbable along the whole edge of a null hypothesis.

use super::edge::Null;
use super::edge_search::{ABSOLUTE_SLACK, Region, SLACK, probability, slopes};
use super::exact_ratio::ExactMeasure;
use super::odds_edge::OddsEdge;
use super::score::Ratio;
use super::straight_edge::{MAX_TOTAL, StraightEdge};
use super::table::Table;
use crate::special::count::ln_choose;
use crate::special::elementary::{exp, ln};

/// Proofs for all tables of one size of arms, with the room that they share.
pub(super) struct Proof {
    n1: usize,
    n0: usize,
    /// The p0 that are looked at.
    within: (f64, f64),
    edge: Edge,
    first: Vec<f64>,
    second: Vec<f64>,
}

enum Edge {
    Straight(StraightEdge),
    /// For ratios too far out for it points serve.
    Odds(OddsEdge),
    /// Polynomials of too high a degree: bounds between points instead.
    Points,
}

impl Proof {
    pub(super) fn new(n1: u64, n0: u64, measure: ExactMeasure) -> Self {
        let edge = if n1 + n0 > MAX_TOTAL {
            Edge::Points
        } else if measure == ExactMeasure::OddsRatio {
            Edge::Odds(OddsEdge::new(n1, n0))
        } else {
            Edge::Straight(StraightEdge::new(n1, n0))
        };
        let (first, second) = (vec![0.0; n1 as usize + 1], vec![0.0; n0 as usize + 1]);
        Self { n1: n1 as usize, n0: n0 as usize, within: (0.0, 1.0), edge, first, second }
    }

    /// Starts anew, so that no table's answer depends on the one before; with p0 within two bounds.
    pub(super) fn begin(&mut self, within: (f64, f64)) {
        self.within = within;
        self.look_at(0.5);
    }

    /// Whether the region's probability is above `limit` anywhere on the edge; when not, that is proved.
    pub(super) fn exceeds(&mut self, thresholds: &[u64], null: Null, limit: f64) -> bool {
        // Where it was so before it often is so again.
        if let Some(share) = self.place()
            && self.probability(thresholds, null, share).is_some_and(|p| p > limit)
        {
            return true;
        }
        match (&mut self.edge, null) {
            (Edge::Straight(edge), _) => edge.set(thresholds, null, self.within) && edge.exceeds(limit),
            (Edge::Odds(edge), Null::Ratio(_, ratio)) if edge.reaches(ln(ratio)) => {
                edge.set(thresholds, ln(ratio), self.within);
                edge.exceeds(limit)
            }
            _ => self.exceeds_at_a_point(thresholds, null, limit),
        }
    }

    fn exceeds_at_a_point(&self, thresholds: &[u64], null: Null, limit: f64) -> bool {
        let Ok(table) = Table::new(0, self.n1 as u64, 0, self.n0 as u64) else { return false };
        let mut region = Region::with(&table, null, self.within, thresholds.to_vec());
        // What is found must leave room for the proof.
        let room = limit / (1.0 + SLACK) - ABSOLUTE_SLACK;
        if let Null::Ratio(Ratio::Odds, ratio) = null
            && corners(thresholds, self.n1 as u64, ratio) <= limit
        {
            return false;
        }
        if room <= 0.0 {
            return !region.is_empty();
        }
        !region.is_empty() && region.supremum(room).value > room
    }

    /// The share of the edge that is looked at first: where a limit was last exceeded. None where points serve.
    pub(super) fn place(&self) -> Option<f64> {
        match &self.edge {
            Edge::Straight(edge) => Some(edge.hint()),
            Edge::Odds(edge) => Some(edge.hint()),
            Edge::Points => None,
        }
    }

    /// The share of the edge to look at first from now on.
    pub(super) fn look_at(&mut self, share: f64) {
        match &mut self.edge {
            Edge::Straight(edge) => edge.look_at(share),
            Edge::Odds(edge) => edge.look_at(share),
            Edge::Points => {}
        }
    }

    /// The logarithm of the probability of a region under two proportions, p1 first, with its slopes in them.
    pub(super) fn slopes(&mut self, thresholds: &[u64], pair: (f64, f64)) -> (f64, f64, f64) {
        slopes(thresholds, pair, (&mut self.first, &mut self.second))
    }

    /// The proportions at a share of the edge, p1 first; none where there is no such edge.
    pub(super) fn pair(&self, null: Null, share: f64) -> Option<(f64, f64)> {
        match null {
            Null::Ratio(Ratio::Odds, ratio) => Some(OddsEdge::pair(0.5 * ln(ratio), self.within, share)),
            _ => StraightEdge::pair(null, self.within, share),
        }
    }

    /// The probability of a region at a share of the edge; none where there is no such edge.
    pub(super) fn probability(&mut self, thresholds: &[u64], null: Null, share: f64) -> Option<f64> {
        let pair = self.pair(null, share)?;
        Some(probability(thresholds, pair, (&mut self.first, &mut self.second)))
    }
}

/// A bound of the probability of a region where the ratio of the odds is small: every table of it has at least a successes in arm 1
/// and b failures in arm 0 for one of its corners, and the product of the two probabilities is at most the ratio.
fn corners(thresholds: &[u64], n1: u64, ratio: f64) -> f64 {
    let n0 = thresholds.len() as u64 - 1;
    let mut bound = 0.0;
    for (x0, (threshold, next)) in (0..).zip(thresholds.iter().zip(thresholds[1..].iter().chain([&u64::MAX]))) {
        if threshold < next && *threshold <= n1 {
            let failures = n0 - x0;
            let ways = ln_choose(n1, *threshold) + ln_choose(n0, failures);
            bound += exp(ways + (*threshold).min(failures) as f64 * ln(ratio));
        }
    }
    bound
}
