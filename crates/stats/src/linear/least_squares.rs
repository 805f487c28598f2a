use crate::special::elementary::powf;
use serde::{Deserialize, Serialize};

use super::Matrix;
use super::matrix::dot;
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

/// A column whose part outside the span of those before it is this small beside it is one of them but for rounding.
const DEPENDENT: f64 = 1e-11;

/// A linear regression fitted by least squares.
#[derive(Debug, Clone)]
pub struct LeastSquares {
    design: Matrix,
    /// Orthonormal columns that span those of the design, and the inverse of the triangle that leads to them.
    orthonormal: Matrix,
    inverse: Matrix,
    bread: Matrix,
    coefficients: Vec<f64>,
    residuals: Vec<f64>,
}

impl LeastSquares {
    /// Fits an outcome to columns of explanatory variables; a constant has to be given as a column of ones.
    ///
    /// ```
    /// use fairtrial_stats::linear::LeastSquares;
    /// // Anscombe 1973, the first of four data sets: y = 3.00 + 0.50 x.
    /// let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
    /// let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    /// let fit = LeastSquares::fit(&y, &[&[1.0; 11], &x]).unwrap();
    /// assert!((fit.coefficients()[0] - 3.000_091).abs() < 1e-6 && (fit.coefficients()[1] - 0.500_091).abs() < 1e-6);
    /// ```
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
        let (columns, inverse) = orthonormalise(&design)?;
        // The outcome is made orthogonal to the columns twice, so that residuals keep their digits beside a large mean.
        let mut residuals = outcome.to_vec();
        let mut projections = vec![0.0; k];
        for _ in 0..2 {
            for (projection, column) in projections.iter_mut().zip(&columns) {
                let step = dot(column, &residuals);
                *projection += step;
                residuals.iter_mut().zip(column).for_each(|(value, unit)| *value -= step * unit);
            }
        }
        let coefficients = inverse.times_vector(&projections);
        let bread = inverse.times(&inverse.transposed());
        let borrowed: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        Ok(Self { design, orthonormal: Matrix::from_columns(&borrowed)?, inverse, bread, coefficients, residuals })
    }

    /// The coefficients in the order of the columns.
    ///
    /// ```
    /// use fairtrial_stats::linear::LeastSquares;
    /// // Two arms: the constant is the mean of arm 0, the second coefficient the difference.
    /// let fit = LeastSquares::fit(&[1.0, 3.0, 6.0, 8.0], &[&[1.0; 4], &[0.0, 0.0, 1.0, 1.0]]).unwrap();
    /// assert!((fit.coefficients()[0] - 2.0).abs() < 1e-14 && (fit.coefficients()[1] - 5.0).abs() < 1e-14);
    /// ```
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Outcome minus fitted value of each unit.
    ///
    /// ```
    /// use fairtrial_stats::linear::LeastSquares;
    /// let fit = LeastSquares::fit(&[1.0, 3.0, 6.0, 8.0], &[&[1.0; 4], &[0.0, 0.0, 1.0, 1.0]]).unwrap();
    /// for (residual, known) in fit.residuals().iter().zip([-1.0, 1.0, -1.0, 1.0]) {
    ///     assert!((residual - known).abs() < 1e-14);
    /// }
    /// ```
    #[must_use]
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// Units minus coefficients.
    ///
    /// ```
    /// use fairtrial_stats::linear::LeastSquares;
    /// let fit = LeastSquares::fit(&[1.0, 3.0, 6.0, 8.0], &[&[1.0; 4], &[0.0, 0.0, 1.0, 1.0]]).unwrap();
    /// assert_eq!(fit.residual_df(), 2.0);
    /// ```
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
    /// ```
    /// use fairtrial_stats::linear::{Heteroskedastic, LeastSquares};
    /// // HC2 of a difference is Welch's variance: 2 / 2 + 8 / 2 here, with two people an arm.
    /// let fit = LeastSquares::fit(&[1.0, 3.0, 6.0, 10.0], &[&[1.0; 4], &[0.0, 0.0, 1.0, 1.0]]).unwrap();
    /// assert!((fit.variance(1, Heteroskedastic::Hc2).unwrap() - 5.0).abs() < 1e-13);
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a number beyond the columns; `NotEstimable` when a unit determines a coefficient alone (leverage 1)
    /// and the variance corrects for leverage.
    pub fn variance(&self, coefficient: usize, kind: Heteroskedastic) -> Result<f64, StatError> {
        let (n, k) = (self.residuals.len(), self.coefficients.len());
        if coefficient >= k {
            return Err(StatError::invalid("coefficient", format!("there are {k} columns")));
        }
        let weights = self.inverse.row(coefficient);
        let mut variance = 0.0;
        for (i, &residual) in self.residuals.iter().enumerate() {
            let row = self.orthonormal.row(i);
            let leverage = dot(row, row);
            let rest = 1.0 - leverage;
            if rest < 1e-10 && !matches!(kind, Heteroskedastic::Hc0 | Heteroskedastic::Hc1) {
                return Err(StatError::not_estimable("one unit alone determines a coefficient (leverage 1)"));
            }
            let factor = match kind {
                Heteroskedastic::Hc0 => 1.0,
                Heteroskedastic::Hc1 => n as f64 / (n - k) as f64,
                Heteroskedastic::Hc2 => 1.0 / rest,
                Heteroskedastic::Hc3 => 1.0 / (rest * rest),
                Heteroskedastic::Hc4 => powf(rest, -(n as f64 * leverage / k as f64).min(4.0)),
            };
            variance += factor * (dot(weights, row) * residual).powi(2);
        }
        Ok(variance)
    }

    /// One coefficient with its interval by t with n - k degrees of freedom.
    ///
    /// ```
    /// use fairtrial_stats::{Side, linear::{Heteroskedastic, LeastSquares}};
    /// let fit = LeastSquares::fit(&[1.0, 3.0, 6.0, 10.0], &[&[1.0; 4], &[0.0, 0.0, 1.0, 1.0]]).unwrap();
    /// let e = fit.estimate(1, Heteroskedastic::Hc2, 0.0, Side::Two, 0.95).unwrap();
    /// // t = 6 / sqrt(5) with 2 degrees of freedom, whose distribution has a closed form: p = 1 - t / sqrt(t^2 + 2).
    /// let t = 6.0 / 5_f64.sqrt();
    /// assert!((e.p_value.unwrap().p() - (1.0 - t / (t * t + 2.0).sqrt())).abs() < 1e-13);
    /// ```
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

/// Orthonormal columns of the same span, and the upper triangular matrix that turns their products with an outcome into
/// coefficients.
///
/// Gram and Schmidt, modified, each column twice: the normal equations would square the ratio of a covariate's mean to
/// its spread, and lose all digits of a date or an amount of money.
fn orthonormalise(design: &Matrix) -> Result<(Vec<Vec<f64>>, Matrix), StatError> {
    let k = design.columns();
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(k);
    let mut triangle = Matrix::zeros(k, k);
    for j in 0..k {
        let mut column = design.column(j);
        let length = dot(&column, &column).sqrt();
        if length == 0.0 {
            return Err(StatError::not_estimable("an explanatory variable is 0 for every unit"));
        }
        for _ in 0..2 {
            for (i, earlier) in columns.iter().enumerate() {
                let step = dot(earlier, &column);
                triangle.add_at(i, j, step);
                column.iter_mut().zip(earlier).for_each(|(value, unit)| *value -= step * unit);
            }
        }
        let rest = dot(&column, &column).sqrt();
        if rest.is_nan() || rest <= DEPENDENT * length {
            return Err(StatError::not_estimable("the explanatory variables are linearly dependent"));
        }
        column.iter_mut().for_each(|value| *value /= rest);
        triangle.set(j, j, rest);
        columns.push(column);
    }
    let mut inverse = Matrix::zeros(k, k);
    for column in 0..k {
        for i in (0..=column).rev() {
            let unit = if i == column { 1.0 } else { 0.0 };
            let known: f64 = (i + 1..=column).map(|l| triangle.at(i, l) * inverse.at(l, column)).sum();
            inverse.set(i, column, (unit - known) / triangle.at(i, i));
        }
    }
    Ok((columns, inverse))
}
