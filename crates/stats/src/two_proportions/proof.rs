//! Proofs that a region of tables is improbable along the whole edge of a null hypothesis.

use super::edge::Null;
use super::edge_search::{ABSOLUTE_SLACK, Region, SLACK, probability};
use super::exact_ratio::ExactMeasure;
use super::odds_edge::OddsEdge;
use super::score::Ratio;
use super::straight_edge::{MAX_TOTAL, StraightEdge};
use super::table::Table;

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
            (Edge::Odds(edge), Null::Ratio(_, ratio)) if edge.reaches(ratio.ln()) => {
                edge.set(thresholds, ratio.ln(), self.within);
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

    /// The probability of a region at a share of the edge; none where there is no such edge.
    pub(super) fn probability(&mut self, thresholds: &[u64], null: Null, share: f64) -> Option<f64> {
        let (p1, p0) = match null {
            Null::Ratio(Ratio::Odds, ratio) => OddsEdge::pair(0.5 * ratio.ln(), self.within, share),
            _ => StraightEdge::pair(null, self.within, share)?,
        };
        Some(probability(thresholds, (p1, p0), (&mut self.first, &mut self.second)))
    }
}
