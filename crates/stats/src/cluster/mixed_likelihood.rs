use crate::error::StatError;
use crate::linear::{LeastSquares, Matrix, inverse_spd, ln_determinant_spd};
use crate::special::elementary::{ln, powf};
use crate::special::root;

/// One cluster: number of units, sums of the explanatory variables, and which rows it has.
pub(super) struct Cluster {
    pub(super) rows: Vec<usize>,
    pub(super) sums: Vec<f64>,
    size: f64,
    outcome_sum: f64,
}

impl Cluster {
    pub(super) fn size(&self) -> f64 {
        self.size
    }
}

/// Units of one cluster with the same explanatory variables, which the likelihood needs no nearer than this: their number,
/// their mean, and the sum of squared deviations from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) units: f64,
    pub(super) mean: f64,
    pub(super) deviations: f64,
}

impl Cell {
    pub(super) fn unit(value: f64) -> Self {
        Self { units: 1.0, mean: value, deviations: 0.0 }
    }
}

/// Outcome and design with what the likelihood needs of them.
///
/// With a random shift per cluster, `V = within I + between 1 1'` in each cluster has two eigenvalues, so that every product with
/// its powers comes from the total cross-products and the clusters' sums.
pub(super) struct Data {
    /// Residuals of the ordinary fit, one a row of the design, whose coefficients follow.
    outcome: Vec<f64>,
    ordinary: Vec<f64>,
    /// Number of units of each row, and the squared deviations within all rows together.
    pub(super) weights: Vec<f64>,
    pub(super) deviations: f64,
    units: f64,
    scale: f64,
    pub(super) design: Matrix,
    pub(super) clusters: Vec<Cluster>,
    cross: Matrix,
    cross_outcome: Vec<f64>,
}

impl Data {
    pub(super) fn new(cells: &[Cell], design: Matrix, members: Vec<Vec<usize>>) -> Result<Self, StatError> {
        // The residuals of an ordinary fit take the outcome's place, so that digits survive when values lie far from zero; the
        // ordinary coefficients are added again at the end.
        let roots: Vec<f64> = cells.iter().map(|cell| cell.units.sqrt()).collect();
        let weighed: Vec<f64> = cells.iter().zip(&roots).map(|(cell, root)| cell.mean * root).collect();
        let weighed_design = design.scaled_rows(&roots);
        let ordinary = LeastSquares::fit_matrix(&weighed, weighed_design.clone())?;
        let scale = cells.iter().map(|cell| cell.units * cell.mean * cell.mean + cell.deviations).sum();
        let outcome: Vec<f64> = ordinary.residuals().iter().zip(&roots).map(|(value, root)| value / root).collect();
        let weights: Vec<f64> = cells.iter().map(|cell| cell.units).collect();
        let cross = weighed_design.transposed().times(&weighed_design);
        let clusters = members
            .into_iter()
            .map(|rows| {
                let sum = |value: &dyn Fn(usize) -> f64| rows.iter().map(|&row| weights[row] * value(row)).sum::<f64>();
                Cluster {
                    sums: (0..design.columns()).map(|j| sum(&|row| design.at(row, j))).collect(),
                    size: sum(&|_| 1.0),
                    outcome_sum: sum(&|row| outcome[row]),
                    rows,
                }
            })
            .collect();
        let cross_outcome = weighed_design.transposed().times_vector(ordinary.residuals());
        Ok(Self {
            outcome,
            ordinary: ordinary.coefficients().to_vec(),
            units: weights.iter().sum(),
            weights,
            deviations: cells.iter().map(|cell| cell.deviations).sum(),
            scale,
            design,
            clusters,
            cross,
            cross_outcome,
        })
    }

    pub(super) fn units(&self) -> f64 {
        self.units
    }

    pub(super) fn columns(&self) -> f64 {
        self.design.columns() as f64
    }

    /// `X' f(V) X` for a function of the eigenvalues: `f(within)` and, on the clusters' sums, `f(within + size between)`.
    pub(super) fn sandwich(&self, plain: f64, on_sums: impl Fn(f64) -> f64) -> Matrix {
        let mut result = Matrix::zeros(self.design.columns(), self.design.columns()).plus(&self.cross, plain);
        for cluster in &self.clusters {
            result.add_outer(&cluster.sums, (on_sums(cluster.size()) - plain) / cluster.size());
        }
        result
    }

    /// `sum_j weight(size_j) s_j s_j'` over the clusters' sums.
    pub(super) fn outer_sums(&self, weight: impl Fn(f64) -> f64) -> Matrix {
        let mut result = Matrix::zeros(self.design.columns(), self.design.columns());
        for cluster in &self.clusters {
            result.add_outer(&cluster.sums, weight(cluster.size()));
        }
        result
    }

    fn solve(&self, ratio: f64) -> Result<Solution, StatError> {
        let inner = self.sandwich(1.0, |size| 1.0 / (1.0 + size * ratio));
        let inverse = inverse_spd(&inner)?;
        let mut right = self.cross_outcome.clone();
        for cluster in &self.clusters {
            let shrink = ratio / (1.0 + cluster.size() * ratio) * cluster.outcome_sum;
            right.iter_mut().zip(&cluster.sums).for_each(|(value, sum)| *value -= shrink * sum);
        }
        let coefficients = inverse.times_vector(&right);
        let fitted = self.design.times_vector(&coefficients);
        let residuals: Vec<f64> = self.outcome.iter().zip(&fitted).map(|(value, fitted)| value - fitted).collect();
        // e'V⁻¹e within clusters plus between clusters, each a sum of squares.
        let mut quadratic = self.deviations;
        let mut between_part = 0.0;
        let mut ln_det = 0.0;
        let mut trace = 0.0;
        for cluster in &self.clusters {
            let size = cluster.size();
            let sum: f64 = cluster.rows.iter().map(|&row| self.weights[row] * residuals[row]).sum();
            let mean = sum / size;
            let within: f64 = cluster.rows.iter().map(|&row| self.weights[row] * (residuals[row] - mean).powi(2)).sum();
            let eigen = 1.0 + size * ratio;
            quadratic += within + sum * mean / eigen;
            between_part += (sum / eigen).powi(2);
            ln_det += ln(eigen);
            trace += size / eigen;
        }
        let lost = self.outer_sums(|size| (1.0 + size * ratio).powi(-2)).trace_of_product(&inverse);
        let df = self.units() - self.columns();
        let log_likelihood =
            -0.5 * (df * ln(2.0 * std::f64::consts::PI * quadratic / df) + df + ln_det + ln_determinant_spd(&inner)?);
        let slope = if quadratic > 0.0 { df * between_part / quadratic - (trace - lost) } else { f64::NAN };
        Ok(Solution { coefficients, residuals, quadratic, slope, log_likelihood })
    }
}

/// Everything at one ratio of the variance between to the variance within clusters.
struct Solution {
    coefficients: Vec<f64>,
    residuals: Vec<f64>,
    quadratic: f64,
    /// Twice the derivative of the profiled restricted log-likelihood.
    slope: f64,
    log_likelihood: f64,
}

/// The maximum of the restricted likelihood.
pub(super) struct Fit {
    pub(super) coefficients: Vec<f64>,
    pub(super) residuals: Vec<f64>,
    pub(super) between: f64,
    pub(super) within: f64,
    pub(super) log_likelihood: f64,
}

impl Fit {
    pub(super) fn maximise(data: &Data) -> Result<Self, StatError> {
        let start = data.solve(0.0)?;
        if start.quadratic <= 1e-26 * data.scale || start.quadratic <= 0.0 {
            return Err(StatError::ZeroVariance);
        }
        // The restricted likelihood may have several maxima: each falling crossing of its slope on a wide grid is refined, and
        // the best maximum is taken.
        let grid: Vec<f64> =
            std::iter::once(0.0).chain((-32..=32).map(|step| powf(10f64, f64::from(step) / 4.0))).collect();
        let slopes = grid.iter().map(|&ratio| data.solve(ratio).map(|at| at.slope)).collect::<Result<Vec<f64>, _>>()?;
        if slopes.iter().any(|slope| slope.is_nan()) {
            return Err(StatError::ZeroVariance);
        }
        let mut best: Option<(f64, Solution)> = None;
        let mut consider = |ratio: f64| -> Result<(), StatError> {
            let at = data.solve(ratio)?;
            if best.as_ref().is_none_or(|(_, known)| at.log_likelihood > known.log_likelihood) {
                best = Some((ratio, at));
            }
            Ok(())
        };
        if slopes[0] <= 0.0 {
            consider(0.0)?;
        }
        for i in 1..grid.len() {
            if slopes[i - 1] > 0.0 && slopes[i] <= 0.0 {
                let slope = |ratio: f64| data.solve(ratio).map_or(f64::NAN, |at| at.slope);
                consider(root::find(slope, grid[i - 1], grid[i], 0.0)?.value)?;
            }
        }
        let Some((ratio, at)) = best else {
            return Err(StatError::NoConvergence {
                reason: "the variance between clusters is more than 10^8 times that within".into(),
            });
        };
        let within = at.quadratic / (data.units() - data.columns());
        Ok(Self {
            coefficients: at.coefficients.iter().zip(&data.ordinary).map(|(step, ordinary)| step + ordinary).collect(),
            residuals: at.residuals,
            between: ratio * within,
            within,
            log_likelihood: at.log_likelihood,
        })
    }
}
