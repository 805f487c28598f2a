//! The edge of a null hypothesis about two proportions, and the tables that speak against it as loudly as the observed one.

use super::score::{Ratio, ScoreVariance, difference_z, ratio_z};
use super::table::Table;
use crate::StatError;

/// Largest number of possible tables.
const MAX_TABLES: u64 = 110_000;

/// The edge of a null hypothesis: which p1 goes with each p0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Null {
    /// p1 - p0.
    Difference(f64),
    /// p1 / p0 or the ratio of the odds; above 0.
    Ratio(Ratio, f64),
}

impl Null {
    pub(super) fn statistic(self, table: &Table) -> f64 {
        match self {
            Self::Difference(difference) => difference_z(table, difference, ScoreVariance::Uncorrected),
            // Without any variation no odds are contradicted; rounding must not say otherwise.
            Self::Ratio(Ratio::Odds, _) if table.successes() == 0 || table.successes() == table.total() => 0.0,
            Self::Ratio(measure, ratio) => ratio_z(table, measure, ratio, ScoreVariance::Uncorrected),
        }
    }

    /// The proportions p1 and p0 at a place along the edge: p0 itself, for odds the mean of both logits, because one of the
    /// proportions rushes through [0, 1] while the other one hardly moves.
    pub(super) fn pair(self, place: f64) -> (f64, f64) {
        let (p1, p0) = match self {
            Self::Difference(difference) => (place + difference, place),
            Self::Ratio(Ratio::Risk, ratio) => (place * ratio, place),
            Self::Ratio(Ratio::Odds, ratio) => {
                let half = 0.5 * ratio.ln();
                let expit = |logit: f64| 1.0 / (1.0 + (-logit).exp());
                (expit(place + half), expit(place - half))
            }
        };
        (p1.clamp(0.0, 1.0), p0.clamp(0.0, 1.0))
    }

    /// The places at which both proportions lie in [0, 1] and p0 between two bounds. Odds are followed until both are within
    /// e^-40 of an end.
    pub(super) fn places(self, (from, to): (f64, f64)) -> (f64, f64) {
        match self {
            Self::Difference(difference) => {
                let low = (-difference).max(0.0);
                (low.max(from), (1.0 - difference).min(1.0).max(low).min(to))
            }
            Self::Ratio(Ratio::Risk, ratio) => (from, (1.0 / ratio).min(1.0).min(to)),
            Self::Ratio(Ratio::Odds, ratio) => {
                let half = 0.5 * ratio.ln();
                let place = |p0: f64| p0.ln() - (-p0).ln_1p() + half;
                let far = 40.0 + half.abs();
                (place(from).max(-far), place(to).min(far))
            }
        }
    }

    /// The ends of the edge, p1 and p0 at each, where both proportions move along a straight line between them.
    pub(super) fn line(self) -> Option<[(f64, f64); 2]> {
        match self {
            Self::Difference(difference) if difference <= 0.0 => Some([(0.0, -difference), (1.0 + difference, 1.0)]),
            Self::Difference(difference) => Some([(difference, 0.0), (1.0, 1.0 - difference)]),
            Self::Ratio(Ratio::Risk, ratio) if ratio <= 1.0 => Some([(0.0, 0.0), (ratio, 1.0)]),
            Self::Ratio(Ratio::Risk, ratio) => Some([(0.0, 0.0), (1.0, 1.0 / ratio)]),
            Self::Ratio(Ratio::Odds, _) => None,
        }
    }
}

pub(super) fn check_size(table: &Table) -> Result<(), StatError> {
    let tables = u128::from(table.n1() + 1) * u128::from(table.n0() + 1);
    if tables > u128::from(MAX_TABLES) {
        let reason = "exact tests of a difference take up to 110,000 tables (330 people an arm)".to_owned();
        return Err(StatError::TooLarge { reason });
    }
    Ok(())
}

/// The tables at least as extreme (towards arm 1) as the observed one: for every x0 the smallest x1.
///
/// The thresholds are made monotone, so that the probability of the region is largest on the edge of the null
/// hypothesis; that can only add tables.
pub(super) fn thresholds(table: &Table, null: Null) -> Vec<u64> {
    let observed = null.statistic(table);
    // Scores closer than rounding count as tied.
    let limit = observed - 1e-10 * observed.abs().clamp(1e-3, 1e300);
    let (n1, n0) = (table.n1(), table.n0());
    let extreme = |x1: u64, x0: u64| Table::new(x1, n1, x0, n0).is_ok_and(|t| null.statistic(&t) >= limit);
    let mut found = Vec::with_capacity(n0 as usize + 1);
    let mut from = 0;
    for x0 in 0..=n0 {
        // The next threshold is rarely far: strides that double, then bisection.
        let (mut low, mut stride) = (from, 1);
        let mut high = from;
        while high <= n1 && !extreme(high, x0) {
            low = high + 1;
            high = (high + stride).min(n1 + 1);
            stride *= 2;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if extreme(middle, x0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        found.push(low);
        from = low;
    }
    // The observed table belongs to its own region whatever the rounding.
    for threshold in found.iter_mut().take(table.x0() as usize + 1) {
        *threshold = (*threshold).min(table.x1());
    }
    found
}
