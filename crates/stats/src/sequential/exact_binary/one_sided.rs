//! The exact boundary of one side: as many tables as the error that may be spent allows.

use super::edge::Edge;
use super::lattice::{Grid, Thinning};
use super::nuisance::ErrorPolynomial;
use super::order::{Order, Rank, Score};
use super::region::Staircase;
use crate::two_proportions::CertifiedSupremum;

/// Arm sizes at one look: units of the arm whose high scores count, then of the other.
pub(crate) type Sizes = (u64, u64);

/// One look of a one-sided test.
#[derive(Debug, Clone)]
pub(crate) struct OneSidedLook {
    /// Lowest pooled score that rejects; none when no table may, or when a margin orders them otherwise.
    pub(crate) threshold: Option<Score>,
    /// Lowest score that rejects, for reading.
    pub(crate) z: Option<f64>,
    /// The tables that reject.
    pub(crate) region: Staircase,
    /// Cumulative size over the unknown proportion, with its proof.
    pub(crate) size: CertifiedSupremum,
    /// Number of rejecting tables that a trial can reach, having gone on until then.
    pub(crate) tables: u64,
    /// Probability of rejection at an earlier look, given the table at this look.
    pub(crate) before: Grid,
    /// Probability of no rejection at an earlier look: its complement, kept because it is 0 without rounding.
    open: Grid,
}

/// The tables of a look with a score above 0, highest score first, and where each group of ties ends.
struct Ranking {
    tables: Vec<(Score, u32, u32)>,
    group_ends: Vec<usize>,
}

impl Ranking {
    fn new((n1, n0): Sizes) -> Self {
        let zero = Score::of(0, n1, 0, n0);
        let mut tables: Vec<(Score, u32, u32)> = Vec::new();
        for x1 in 0..=n1 {
            for x0 in 0..=n0 {
                let score = Score::of(x1, n1, x0, n0);
                if score <= zero {
                    break;
                }
                tables.push((score, x1 as u32, x0 as u32));
            }
        }
        tables.sort_unstable_by(|a, b| b.cmp(a));
        let mut group_ends: Vec<usize> = (1..tables.len()).filter(|&i| tables[i].0 != tables[i - 1].0).collect();
        if !tables.is_empty() {
            group_ends.push(tables.len());
        }
        Self { tables, group_ends }
    }
}

/// Finds, look after look, the largest set of high scores whose cumulative error stays within what may be spent.
///
/// `allowed` is the cumulative error of each look. A set is taken only when the proved upper bound of its error over the
/// common proportion is within that.
pub(crate) fn boundary(sizes: &[Sizes], allowed: &[f64], margin: f64) -> Vec<OneSidedLook> {
    let mut looks: Vec<OneSidedLook> = Vec::with_capacity(sizes.len());
    for (k, (&(n1, n0), &level)) in sizes.iter().zip(allowed).enumerate() {
        let (before, open) = match k.checked_sub(1).and_then(|j| looks.get(j).zip(sizes.get(j))) {
            Some((look, &(m1, m0))) => {
                let (arm1, arm0) = (Thinning::new(m1, n1), Thinning::new(m0, n0));
                let after = |grid: &Grid, value: f64| {
                    let mut grid = grid.clone();
                    grid.fill(&look.region, m0, value);
                    grid.carry(&arm1, &arm0)
                };
                (after(&look.before, 1.0), after(&look.open, 0.0))
            }
            None => (Grid::filled(n1, n0, 0.0), Grid::filled(n1, n0, 1.0)),
        };
        looks.push(if margin == 0.0 {
            look((n1, n0), level, before, open)
        } else {
            margin_look((n1, n0), level, Order { margin }, before, open)
        });
    }
    looks
}

fn look((n1, n0): Sizes, level: f64, before: Grid, open: Grid) -> OneSidedLook {
    let margin = Thinning::new(n1, n1 + n0);
    let totals = (n1 + n0) as usize + 1;
    let base = before.by_total(&margin, totals);
    let ranking = Ranking::new((n1, n0));
    // What each table adds to the error, given its total.
    let gains: Vec<(usize, f64)> = ranking
        .tables
        .iter()
        .map(|&(_, x1, x0)| {
            let total = (x1 + x0) as usize;
            let (first, weights) = margin.given(total);
            let weight = (x1 as usize).checked_sub(first).and_then(|i| weights.get(i)).copied().unwrap_or(0.0);
            (total, weight * open.row(x1 as usize).get(x0 as usize).copied().unwrap_or(0.0))
        })
        .collect();
    let with_first = |groups: usize| {
        let end = groups.checked_sub(1).and_then(|g| ranking.group_ends.get(g)).copied().unwrap_or(0);
        let mut coefficients = base.clone();
        for &(total, gain) in gains.iter().take(end) {
            if let Some(coefficient) = coefficients.get_mut(total) {
                *coefficient += gain;
            }
        }
        (end, ErrorPolynomial::new(coefficients))
    };
    let (mut fits, mut fails) = (0, ranking.group_ends.len() + 1);
    while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2;
        if with_first(middle).1.is_at_most(level) {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    let (end, error) = with_first(fits);
    let mut region = Staircase::no_high(n1);
    for &(_, x1, x0) in ranking.tables.iter().take(end) {
        region.add(u64::from(x1), u64::from(x0));
    }
    let tables = gains.iter().take(end).filter(|(_, gain)| *gain > 0.0).count() as u64;
    let threshold = end.checked_sub(1).and_then(|i| ranking.tables.get(i)).map(|table| table.0);
    let z = threshold.map(|score| score.z(n1, n0));
    OneSidedLook { threshold, z, region, size: error.supremum(), tables, before, open }
}

/// The same when arm 1 may be worse by a margin: the error is sought on the edge of that null hypothesis.
///
/// The score for a margin does not always rise with arm 1 and fall with arm 0; tables are added until the region does, so that
/// its probability is largest on the edge.
fn margin_look((n1, n0): Sizes, level: f64, order: Order, before: Grid, open: Grid) -> OneSidedLook {
    let mut tables: Vec<(Rank, u64, u64)> = (0..=n1)
        .flat_map(|x1| (0..=n0).map(move |x0| (order.rank(x1, n1, x0, n0), x1, x0)))
        .filter(|table| table.0 > Rank::Rounded(0))
        .collect();
    tables.sort_unstable_by(|a, b| b.cmp(a));
    let mut ends: Vec<usize> = (1..tables.len()).filter(|&i| tables[i].0 != tables[i - 1].0).collect();
    if !tables.is_empty() {
        ends.push(tables.len());
    }
    let region_of = |groups: usize| {
        let end = groups.checked_sub(1).and_then(|g| ends.get(g)).copied().unwrap_or(0);
        let mut region = Staircase::no_high(n1);
        tables.iter().take(end).for_each(|&(_, x1, x0)| region.add(x1, x0));
        region.close();
        region
    };
    let event_of = |region: &Staircase| {
        let mut event = before.clone();
        event.fill(region, n0, 1.0);
        event
    };
    let (mut fits, mut fails) = (0, ends.len() + 1);
    while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2;
        if Edge::new(&event_of(&region_of(middle)), (n1, n0), order.margin).is_at_most(level) {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    let region = region_of(fits);
    let event = event_of(&region);
    let mut size = Edge::new(&event, (n1, n0), order.margin).supremum();
    if fits > 0 {
        // Proved when the region was taken.
        size.upper_bound = size.upper_bound.min(level.max(size.value));
    }
    let inside = (0..=n1 as usize).flat_map(|x1| region.columns(x1, n0).map(move |x0| (x1, x0)));
    let reached: Vec<(usize, usize)> = inside.filter(|&(x1, x0)| open.row(x1)[x0] > 0.0).collect();
    let lowest = reached.iter().map(|&(x1, x0)| order.z(x1 as u64, n1, x0 as u64, n0)).reduce(f64::min);
    OneSidedLook { threshold: None, z: lowest, region, size, tables: reached.len() as u64, before, open }
}
