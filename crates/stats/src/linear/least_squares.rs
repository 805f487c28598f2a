use serde::{Deserialize, Serialize};

use super::matrix::dot;
use super::{Matrix, inverse_spd};
use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Side};
use crate::wald::{Reference, Wald, check_all_finite};

/// Which variance of the coefficients, when the spread may depend on the explanatory variables.
///
/// HC2 is unbiased under equal spread and equals Welch's variance for two arms; HC3 is more careful with few units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heteroskedastic {
    /// White (1980).
    Hc0,
    /// With the factor n / (n - k).
    Hc1,
    /// Residuals divided by the root of 1 - leverage (MacKinnon and White 1985).
    Hc2,
    /// Residuals divided by 1 - leverage.
    Hc3,
    /// Residuals divided by a power of 1 - leverage that grows with the leverage (Cribari-Neto 2004).
    Hc4,
}

/// A linear regression fitted by least squares.
#[derive(Debug, Clone)]
pub struct LeastSquares {
    design: Matrix,
    bread: Matrix,
    coefficients: Vec<f64>,
    residuals: Vec<f64>,
}

impl LeastSquares {
    /// Fits an outcome to columns of explanatory variables; a constant has to be given as a column of ones.
    ///
    /// # Errors
    /// `InvalidArgument` for columns of different length or values that are not finite, `TooFewUnits` with fewer units than
    /// columns + 1, `NotEstimable` for linearly dependent columns.
    pub fn fit(outcome: &[f64], columns: &[&[f64]]) -> Result<Self, StatError> {
        Self::fit_matrix(outcome, Matrix::from_columns(columns)?)
    }

    pub(crate) fn fit_matrix(outcome: &[f64], design: Matrix) -> Result<Self, StatError> {
        let (n, k) = (outcome.len(), design.columns());
        if design.rows() != n {
            return Err(StatError::invalid("columns", format!("have {} rows, the outcome has {n}", design.rows())));
        }
        check_all_finite("outcome", outcome)?;
        for i in 0..n {
            check_all_finite("columns", design.row(i))?;
        }
        if n <= k {
            return Err(StatError::TooFewUnits { need: k as u64 + 1, got: n as u64 });
        }
        // Columns are scaled to unit length before the normal equations, so that the unit of a covariate does not matter.
        let lengths: Vec<f64> = (0..k).map(|j| dot(&design.column(j), &design.column(j)).sqrt()).collect();
        if lengths.contains(&0.0) {
            return Err(StatError::not_estimable("an explanatory variable is 0 for every unit"));
        }
        let scaled = Matrix::from_fn(n, k, |i, j| design.at(i, j) / lengths[j]);
        let transposed = scaled.transposed();
        let inverse = inverse_spd(&transposed.times(&scaled))?;
        let solve = |values: &[f64]| inverse.times_vector(&transposed.times_vector(values));
        let mut solution = solve(outcome);
        let remainder = |solution: &[f64]| -> Vec<f64> {
            scaled.times_vector(solution).iter().zip(outcome).map(|(fitted, value)| value - fitted).collect()
        };
        // Two steps of iterative refinement recover what the normal equations lose.
        for _ in 0..2 {
            let correction = solve(&remainder(&solution));
            solution.iter_mut().zip(&correction).for_each(|(value, step)| *value += step);
        }
        let residuals = remainder(&solution);
        let coefficients = solution.iter().zip(&lengths).map(|(value, length)| value / length).collect();
        let bread = Matrix::from_fn(k, k, |i, j| inverse.at(i, j) / (lengths[i] * lengths[j]));
        Ok(Self { design, bread, coefficients, residuals })
    }

    /// The coefficients in the order of the columns.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Outcome minus fitted value of each unit.
    #[must_use]
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// Units minus coefficients.
    #[must_use]
    pub fn residual_df(&self) -> f64 {
        (self.residuals.len() - self.coefficients.len()) as f64
    }

    pub(crate) fn design(&self) -> &Matrix {
        &self.design
    }

    pub(crate) fn bread(&self) -> &Matrix {
        &self.bread
    }

    /// Variance of one coefficient that allows for unequal spread.
    ///
    /// # Errors
    /// `InvalidArgument` for a number beyond the columns; `NotEstimable` when a unit determines a coefficient alone (leverage 1)
    /// and the variance corrects for leverage.
    pub fn variance(&self, coefficient: usize, kind: Heteroskedastic) -> Result<f64, StatError> {
        let (n, k) = (self.residuals.len(), self.coefficients.len());
        if coefficient >= k {
            return Err(StatError::invalid("coefficient", format!("there are {k} columns")));
        }
        let weights = self.bread.row(coefficient);
        let mut variance = 0.0;
        for (i, &residual) in self.residuals.iter().enumerate() {
            let row = self.design.row(i);
            let leverage = self.bread.quadratic(row);
            let rest = 1.0 - leverage;
            if rest < 1e-10 && !matches!(kind, Heteroskedastic::Hc0 | Heteroskedastic::Hc1) {
                return Err(StatError::not_estimable("one unit alone determines a coefficient (leverage 1)"));
            }
            let factor = match kind {
                Heteroskedastic::Hc0 => 1.0,
                Heteroskedastic::Hc1 => n as f64 / (n - k) as f64,
                Heteroskedastic::Hc2 => 1.0 / rest,
                Heteroskedastic::Hc3 => 1.0 / (rest * rest),
                Heteroskedastic::Hc4 => rest.powf(-(n as f64 * leverage / k as f64).min(4.0)),
            };
            variance += factor * (dot(weights, row) * residual).powi(2);
        }
        Ok(variance)
    }

    /// One coefficient with its interval by t with n - k degrees of freedom.
    ///
    /// # Errors
    /// As [`LeastSquares::variance`]; `ZeroVariance` for a perfect fit.
    pub fn estimate(
        &self,
        coefficient: usize,
        kind: Heteroskedastic,
        null: f64,
        side: Side,
        level: f64,
    ) -> Result<Estimate, StatError> {
        let standard_error = self.variance(coefficient, kind)?.sqrt();
        let method = format!("least squares, {kind:?}").replace("Hc", "HC");
        let reference = Reference::Student(self.residual_df());
        Wald { point: self.coefficients[coefficient], standard_error, reference, null, side, level }
            .estimate(&method, Guarantee::Asymptotic)
    }
}
