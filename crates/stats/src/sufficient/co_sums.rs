use serde::{Deserialize, Serialize};

use super::{Moments, Step, Sufficient, add, add_units, centred_product, decimal_text, sub, take_units};
use crate::error::StatError;

/// Exact sums and products of several whole-number values per unit: outcome and covariates, or instrument, take-up and outcome.
///
/// An empty summary has no width yet and takes that of the first unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoSums {
    n: u64,
    #[serde(with = "decimal_text::list")]
    sums: Vec<i128>,
    /// Upper triangle by rows: (0,0), (0,1), ..., (1,1), ...
    #[serde(with = "decimal_text::list")]
    products: Vec<i128>,
}

impl CoSums {
    /// A single unit with its values in steps.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{CoSums, Sufficient};
    /// let mut sums = CoSums::unit(&[2, 10]);
    /// sums.merge(&CoSums::unit(&[5, -3])).unwrap();
    /// assert_eq!((sums.units(), sums.sum(0), sums.sum(1)), (2, Some(7), Some(7)));
    /// ```
    #[must_use]
    pub fn unit(values: &[i64]) -> Self {
        let sums: Vec<i128> = values.iter().map(|&value| i128::from(value)).collect();
        let mut products = Vec::with_capacity(sums.len() * (sums.len() + 1) / 2);
        for (i, &a) in sums.iter().enumerate() {
            products.extend(sums[i..].iter().map(|&b| a * b));
        }
        Self { n: 1, sums, products }
    }

    /// Number of values per unit.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::CoSums;
    /// assert_eq!((CoSums::unit(&[2, 10, 1]).width(), CoSums::default().width()), (3, 0));
    /// ```
    #[must_use]
    pub fn width(&self) -> usize {
        self.sums.len()
    }

    /// Sum of one variable in steps; none when there is no such variable.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::CoSums;
    /// assert_eq!((CoSums::unit(&[2, 10]).sum(1), CoSums::unit(&[2, 10]).sum(2)), (Some(10), None));
    /// ```
    #[must_use]
    pub fn sum(&self, i: usize) -> Option<i128> {
        self.sums.get(i).copied()
    }

    fn product(&self, i: usize, j: usize) -> Option<i128> {
        let (i, j) = if i <= j { (i, j) } else { (j, i) };
        let row_start: usize = (0..i).map(|row| self.width() - row).sum();
        self.products.get(row_start + j - i).copied()
    }

    /// Means and centred products in the outcomes' units, without cancellation.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{CoSums, Step, Sufficient};
    /// // Cents and points: (1.00, 2), (2.00, 4), (3.00, 9).
    /// let mut sums = CoSums::default();
    /// for unit in [[100, 2], [200, 4], [300, 9]] {
    ///     sums.merge(&CoSums::unit(&unit)).unwrap();
    /// }
    /// let moments = sums.moments(&[Step::new(1, 2).unwrap(), Step::ONE]).unwrap();
    /// assert_eq!((moments.means(), moments.product(0, 1)), (&[2.0, 5.0][..], Some(7.0)));
    /// ```
    ///
    /// # Errors
    /// `TooFewUnits` without units; `InvalidArgument` when the number of steps differs from the number of values per unit.
    pub fn moments(&self, steps: &[Step]) -> Result<CoMoments, StatError> {
        if steps.len() != self.width() {
            return Err(StatError::invalid("steps", format!("needs {} steps, got {}", self.width(), steps.len())));
        }
        let k = self.width();
        let mut centred = vec![0.0; k * k];
        for i in 0..k {
            for j in i..k {
                let s_ij = self
                    .product(i, j)
                    .ok_or_else(|| StatError::invalid("products", "is shorter than the width needs"))?;
                let value = steps[i].scale(steps[j].scale(centred_product(self.n, self.sums[i], self.sums[j], s_ij)?));
                centred[i * k + j] = value;
                centred[j * k + i] = value;
            }
        }
        let mean = self.sums.iter().zip(steps).map(|(&sum, step)| step.scale(sum as f64 / self.n as f64)).collect();
        CoMoments::new(self.n, mean, centred)
    }

    fn combined(
        &self,
        other: &Self,
        n: u64,
        combine: impl Fn(i128, i128, &str) -> Result<i128, StatError>,
    ) -> Result<Self, StatError> {
        if self.width() != other.width() {
            let reason = format!("has {} values per unit instead of {}", other.width(), self.width());
            return Err(StatError::invalid("other", reason));
        }
        let pairwise = |a: &[i128], b: &[i128], what: &str| -> Result<Vec<i128>, StatError> {
            a.iter().zip(b).map(|(&a, &b)| combine(a, b, what)).collect()
        };
        Ok(Self {
            n,
            sums: pairwise(&self.sums, &other.sums, "sum")?,
            products: pairwise(&self.products, &other.products, "sum of products")?,
        })
    }
}

impl Sufficient for CoSums {
    fn units(&self) -> u64 {
        self.n
    }

    fn merge(&mut self, other: &Self) -> Result<(), StatError> {
        if other.n == 0 {
            return Ok(());
        }
        *self = if self.n == 0 { other.clone() } else { self.combined(other, add_units(self.n, other.n)?, add)? };
        Ok(())
    }

    fn subtract(&mut self, other: &Self) -> Result<(), StatError> {
        if other.n == 0 {
            return Ok(());
        }
        let rest = self.combined(other, take_units(self.n, other.n)?, sub)?;
        if rest.n == 0 {
            if rest.sums.iter().chain(&rest.products).any(|&sum| sum != 0) {
                return Err(StatError::invalid("other", "cannot have been part of these sums"));
            }
            *self = Self::default();
        } else {
            *self = rest;
        }
        Ok(())
    }
}

/// Number of units, means, and sums of products of deviations of several variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoMoments {
    n: u64,
    mean: Vec<f64>,
    /// Square matrix by rows.
    centred: Vec<f64>,
}

impl CoMoments {
    /// From number, means, and the square matrix (by rows) of sums of products of deviations.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::CoMoments;
    /// let moments = CoMoments::new(3, vec![2.0, 5.0], vec![2.0, 7.0, 7.0, 26.0]).unwrap();
    /// assert_eq!(moments.product(1, 0), Some(7.0));
    /// // No sample has products that are not symmetric.
    /// assert!(CoMoments::new(3, vec![2.0, 5.0], vec![2.0, 7.0, 6.0, 26.0]).is_err());
    /// ```
    ///
    /// # Errors
    /// `TooFewUnits` without units; `InvalidArgument` for numbers that no sample has.
    pub fn new(n: u64, mean: Vec<f64>, centred: Vec<f64>) -> Result<Self, StatError> {
        let k = mean.len();
        if n == 0 {
            return Err(StatError::TooFewUnits { need: 1, got: 0 });
        }
        if centred.len() != k * k {
            return Err(StatError::invalid("centred", format!("needs {} numbers, got {}", k * k, centred.len())));
        }
        if mean.iter().chain(&centred).any(|value| !value.is_finite()) {
            return Err(StatError::invalid("centred", "means and products must be finite"));
        }
        for i in 0..k {
            if centred[i * k + i] < 0.0 {
                return Err(StatError::invalid("centred", "a sum of squared deviations is negative"));
            }
            if (0..i).any(|j| centred[i * k + j] != centred[j * k + i]) {
                return Err(StatError::invalid("centred", "is not symmetric"));
            }
        }
        Ok(Self { n, mean, centred })
    }

    /// From the values of the units, one list per variable, in two passes.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::CoMoments;
    /// let moments = CoMoments::of(&[&[1.0, 2.0, 3.0], &[2.0, 4.0, 9.0]]).unwrap();
    /// assert_eq!((moments.product(0, 0), moments.product(0, 1), moments.product(1, 1)), (Some(2.0), Some(7.0), Some(26.0)));
    /// ```
    ///
    /// # Errors
    /// `TooFewUnits` without units; `InvalidArgument` for lists of different length or values that are not finite.
    pub fn of(variables: &[&[f64]]) -> Result<Self, StatError> {
        let n = variables.first().map_or(0, |values| values.len());
        if variables.iter().any(|values| values.len() != n) {
            return Err(StatError::invalid("variables", "must have the same length"));
        }
        let mean: Vec<f64> =
            variables.iter().map(|values| Moments::of(values).map(|moments| moments.mean)).collect::<Result<_, _>>()?;
        let k = variables.len();
        let mut centred = vec![0.0; k * k];
        for i in 0..k {
            for j in i..k {
                let sum =
                    variables[i].iter().zip(variables[j]).map(|(a, b)| (a - mean[i]) * (b - mean[j])).sum::<f64>();
                centred[i * k + j] = sum;
                centred[j * k + i] = sum;
            }
        }
        Self::new(n as u64, mean, centred)
    }

    /// Number of units.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::CoMoments;
    /// assert_eq!(CoMoments::of(&[&[1.0, 2.0, 3.0], &[2.0, 4.0, 9.0]]).unwrap().units(), 3);
    /// ```
    #[must_use]
    pub fn units(&self) -> u64 {
        self.n
    }

    /// Number of variables.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::CoMoments;
    /// assert_eq!(CoMoments::of(&[&[1.0, 2.0, 3.0], &[2.0, 4.0, 9.0]]).unwrap().width(), 2);
    /// ```
    #[must_use]
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Means of the variables.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::CoMoments;
    /// assert_eq!(CoMoments::of(&[&[1.0, 2.0, 3.0], &[2.0, 4.0, 9.0]]).unwrap().means(), [2.0, 5.0]);
    /// ```
    #[must_use]
    pub fn means(&self) -> &[f64] {
        &self.mean
    }

    /// Sum of products of deviations of two variables; none when there is no such variable.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::CoMoments;
    /// let moments = CoMoments::of(&[&[1.0, 2.0, 3.0], &[2.0, 4.0, 9.0]]).unwrap();
    /// assert_eq!((moments.product(0, 1), moments.product(0, 2)), (Some(7.0), None));
    /// ```
    #[must_use]
    pub fn product(&self, i: usize, j: usize) -> Option<f64> {
        if i < self.width() && j < self.width() { self.centred.get(i * self.width() + j).copied() } else { None }
    }

    /// Moments of one variable; none when there is no such variable.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{CoMoments, Moments};
    /// let moments = CoMoments::of(&[&[1.0, 2.0, 3.0], &[2.0, 4.0, 9.0]]).unwrap();
    /// assert_eq!(moments.variable(0), Some(Moments { n: 3, mean: 2.0, m2: 2.0 }));
    /// ```
    #[must_use]
    pub fn variable(&self, i: usize) -> Option<Moments> {
        Some(Moments { n: self.n, mean: *self.mean.get(i)?, m2: self.product(i, i)? })
    }
}
