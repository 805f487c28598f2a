//! Conditional probabilities on the lattice of tables, carried from look to look.
//!
//! A cell holds the probability of something in the past (not stopped, rejected before), given the table at this look.
//! Under independent units that probability does not depend on the outcome probabilities: given the table, every order
//! of the outcomes within an arm is equally likely. So one lattice answers every pair of proportions, all terms are
//! positive, and nothing overflows. The number of paths of the literature is the cell times two binomial coefficients.

use super::region::Staircase;

/// Probability that `y` of the `earlier` first units had the outcome, given `x` of all `later` units: hypergeometric.
#[derive(Debug, Clone)]
pub(crate) struct Thinning {
    rows: Vec<(usize, Vec<f64>)>,
}

impl Thinning {
    pub(crate) fn new(earlier: u64, later: u64) -> Self {
        let rows = (0..=later).map(|x| row(earlier, later - earlier.min(later), x)).collect();
        Self { rows }
    }

    /// Smallest `y` with positive probability and the probabilities from there on, given `x`.
    pub(crate) fn given(&self, x: usize) -> (usize, &[f64]) {
        self.rows.get(x).map_or((0, &[]), |(first, weights)| (*first, weights))
    }
}

/// The row for `x` outcomes among `earlier + added` units, from the mode outwards and then normalised to sum 1.
fn row(earlier: u64, added: u64, x: u64) -> (usize, Vec<f64>) {
    let first = x.saturating_sub(added);
    let last = x.min(earlier);
    let mode = (((earlier + 1) * (x + 1)) / (earlier + added + 2)).clamp(first, last);
    let mut weights = vec![0.0; (last - first + 1) as usize];
    let up = |y: u64| ((earlier - y) as f64 * (x - y) as f64) / ((y + 1) as f64 * (added + y + 1 - x) as f64);
    let mut weight = 1.0;
    for y in mode..=last {
        weights[(y - first) as usize] = weight;
        if y < last {
            weight *= up(y);
        }
    }
    weight = 1.0;
    for y in (first..mode).rev() {
        weight /= up(y);
        weights[(y - first) as usize] = weight;
    }
    let total: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= total;
    }
    (first as usize, weights)
}

/// One number for each table of a look; rows are outcomes in arm 1, columns outcomes in arm 0.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    columns: usize,
    cells: Vec<f64>,
}

impl Grid {
    pub(crate) fn filled(n1: u64, n0: u64, value: f64) -> Self {
        let columns = n0 as usize + 1;
        Self { columns, cells: vec![value; (n1 as usize + 1) * columns] }
    }

    pub(crate) fn row(&self, x1: usize) -> &[f64] {
        let from = x1 * self.columns;
        self.cells.get(from..from + self.columns).unwrap_or(&[])
    }

    pub(crate) fn row_mut(&mut self, x1: usize) -> &mut [f64] {
        let from = x1 * self.columns;
        self.cells.get_mut(from..from + self.columns).unwrap_or(&mut [])
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.cells.chunks_exact(self.columns)
    }

    /// Puts `value` into every cell of a set of tables of a look with `n0` units in arm 0.
    pub(crate) fn fill(&mut self, set: &Staircase, n0: u64, value: f64) {
        for (x1, row) in self.cells.chunks_exact_mut(self.columns).enumerate() {
            if let Some(cells) = row.get_mut(set.columns(x1, n0)) {
                cells.fill(value);
            }
        }
    }

    /// The same conditional probability given the table at a later look: a hypergeometric average in each arm.
    pub(crate) fn carry(&self, arm1: &Thinning, arm0: &Thinning) -> Self {
        let columns = arm0.rows.len();
        let mut along = Self { columns, cells: vec![0.0; self.cells.len() / self.columns * columns] };
        for (source, target) in self.cells.chunks_exact(self.columns).zip(along.cells.chunks_exact_mut(columns)) {
            if source.iter().all(|&cell| cell == 0.0) {
                continue;
            }
            for (cell, (first, weights)) in target.iter_mut().zip(&arm0.rows) {
                *cell = source.iter().skip(*first).zip(weights).map(|(a, b)| a * b).sum();
            }
        }
        let mut result = Self { columns, cells: vec![0.0; arm1.rows.len() * columns] };
        for (target, (first, weights)) in result.cells.chunks_exact_mut(columns).zip(&arm1.rows) {
            for (offset, weight) in weights.iter().enumerate() {
                for (cell, value) in target.iter_mut().zip(along.row(first + offset)) {
                    *cell += weight * value;
                }
            }
        }
        result
    }

    /// Probabilities of the tables after more units, whose outcomes have the probabilities `arm1` and `arm0`.
    pub(crate) fn extend(&self, arm1: &[f64], arm0: &[f64]) -> Self {
        let rows = self.cells.len() / self.columns;
        let columns = self.columns + arm0.len() - 1;
        let mut along = Self { columns, cells: vec![0.0; rows * columns] };
        for (source, target) in self.cells.chunks_exact(self.columns).zip(along.cells.chunks_exact_mut(columns)) {
            for (x0, mass) in source.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
                for (cell, probability) in target.iter_mut().skip(x0).zip(arm0) {
                    *cell += mass * probability;
                }
            }
        }
        let mut result = Self { columns, cells: vec![0.0; (rows + arm1.len() - 1) * columns] };
        for (x1, row) in along.cells.chunks_exact(columns).enumerate() {
            for (added, probability) in arm1.iter().enumerate() {
                for (cell, mass) in result.row_mut(x1 + added).iter_mut().zip(row) {
                    *cell += probability * mass;
                }
            }
        }
        result
    }

    /// Expectation of the cells over two independent binomial counts, given their probabilities.
    pub(crate) fn expectation(&self, arm1: &[f64], arm0: &[f64]) -> f64 {
        let rows = self.rows().zip(arm1).filter(|(_, weight)| **weight > 0.0);
        rows.map(|(row, weight)| weight * row.iter().zip(arm0).map(|(a, b)| a * b).sum::<f64>()).sum()
    }

    /// Mean of the cells over the tables with each total, under equal proportions: Bernstein coefficients by total.
    pub(crate) fn by_total(&self, margin: &Thinning, totals: usize) -> Vec<f64> {
        (0..totals)
            .map(|total| {
                let (first, weights) = margin.given(total);
                let cells = weights.iter().enumerate().map(|(offset, weight)| {
                    let x1 = first + offset;
                    weight * self.row(x1).get(total - x1).copied().unwrap_or(0.0)
                });
                cells.sum()
            })
            .collect()
    }
}

/// Probabilities of 0 to `n` outcomes among `n` units with outcome probability `p`, from the mode outwards.
pub(crate) fn binomial(n: u64, p: f64) -> Vec<f64> {
    let mut weights = vec![0.0; n as usize + 1];
    if p <= 0.0 {
        weights[0] = 1.0;
        return weights;
    }
    if p >= 1.0 {
        weights[n as usize] = 1.0;
        return weights;
    }
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let mut weight = 1.0;
    for x in mode..=n {
        weights[x as usize] = weight;
        weight *= odds * (n - x) as f64 / (x + 1) as f64;
    }
    weight = 1.0;
    for x in (0..mode).rev() {
        weight *= (x + 1) as f64 / ((n - x) as f64 * odds);
        weights[x as usize] = weight;
    }
    let total: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= total;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::{Grid, Thinning, binomial};

    #[test]
    fn thinning_is_hypergeometric() {
        let thinning = Thinning::new(4, 10);
        let (first, weights) = thinning.given(5);
        assert_eq!(first, 0);
        // C(4, y) C(6, 5 - y) / C(10, 5)
        for (weight, count) in weights.iter().zip([6.0, 60.0, 120.0, 60.0, 6.0]) {
            assert!((weight - count / 252.0).abs() < 1e-15);
        }
    }

    #[test]
    fn carrying_keeps_certainty() {
        let grid = Grid::filled(3, 5, 1.0).carry(&Thinning::new(3, 9), &Thinning::new(5, 8));
        assert!(grid.rows().flatten().all(|cell| (cell - 1.0).abs() < 1e-15));
    }

    #[test]
    fn binomial_sums_to_one_and_has_its_mean() {
        for (n, p) in [(7, 0.3), (1000, 0.001), (1000, 0.999), (500, 0.5), (5, 1e-300), (5, 0.0), (5, 1.0)] {
            let weights = binomial(n, p);
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            let mean: f64 = weights.iter().enumerate().map(|(x, w)| x as f64 * w).sum();
            assert!((mean - n as f64 * p).abs() < 1e-11);
        }
    }
}
