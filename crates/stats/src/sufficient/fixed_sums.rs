use serde::{Deserialize, Serialize};

use super::{Moments, Sufficient, add, add_units, centred_product, decimal_text, sub, take_units};
use crate::error::StatError;

/// The size of one whole number in the outcome's unit: `multiple / 10^decimals`.
///
/// A cent of a dollar is 1 / 10^2, five minutes in minutes is 5 / 10^0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Numerator, at least 1.
    pub multiple: u32,
    /// Number of decimals, at most 18.
    pub decimals: u8,
}

impl Step {
    /// Whole numbers of the outcome's own unit.
    pub const ONE: Self = Self { multiple: 1, decimals: 0 };

    /// From numerator and number of decimals.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Step;
    /// // Five cents of a dollar.
    /// assert_eq!(Step::new(5, 2).unwrap().scale(3.0), 0.15);
    /// assert!(Step::new(0, 2).is_err() && Step::new(1, 19).is_err());
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a numerator of 0 or more than 18 decimals.
    pub fn new(multiple: u32, decimals: u8) -> Result<Self, StatError> {
        if multiple == 0 {
            return Err(StatError::invalid("multiple", "must be at least 1"));
        }
        if decimals > 18 {
            return Err(StatError::invalid("decimals", "must be at most 18"));
        }
        Ok(Self { multiple, decimals })
    }

    /// The value in the outcome's unit of a number of steps. Dividing by the power of ten keeps 12.34 the double nearest to it.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Step;
    /// assert_eq!(Step::new(1, 2).unwrap().scale(1234.0), 12.34);
    /// assert_eq!(Step::ONE.scale(7.0), 7.0);
    /// ```
    #[must_use]
    pub fn scale(&self, steps: f64) -> f64 {
        steps * f64::from(self.multiple) / 10f64.powi(i32::from(self.decimals))
    }
}

/// Exact sums of whole-number values: number of units, sum, sum of squares.
///
/// The same whatever the order of the units, the database or the number of servers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedSums {
    /// Number of units.
    pub n: u64,
    /// Sum of the values in steps.
    #[serde(with = "decimal_text")]
    pub s1: i128,
    /// Sum of the squared values in squared steps.
    #[serde(with = "decimal_text")]
    pub s2: i128,
}

impl FixedSums {
    /// A single unit with its value in steps.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::FixedSums;
    /// assert_eq!(FixedSums::unit(-3), FixedSums { n: 1, s1: -3, s2: 9 });
    /// ```
    #[must_use]
    pub fn unit(steps: i64) -> Self {
        let value = i128::from(steps);
        Self { n: 1, s1: value, s2: value * value }
    }

    /// Sums of many units.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{FixedSums, Sufficient};
    /// // Any order, any split, and a unit taken away again: the same whole numbers.
    /// let mut sums = FixedSums::of([7, 1, -2]).unwrap();
    /// sums.merge(&FixedSums::of([5, 100]).unwrap()).unwrap();
    /// sums.subtract(&FixedSums::unit(100)).unwrap();
    /// assert_eq!(sums, FixedSums::of([-2, 1, 5, 7]).unwrap());
    /// ```
    ///
    /// # Errors
    /// `TooLarge` when the sum of squares leaves the 128-bit range.
    pub fn of(values: impl IntoIterator<Item = i64>) -> Result<Self, StatError> {
        let mut sums = Self::default();
        for value in values {
            sums.merge(&Self::unit(value))?;
        }
        Ok(sums)
    }

    /// Number, mean and sum of squared deviations in the outcome's unit, without cancellation.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{FixedSums, Step};
    /// // Far from zero: 10^9 + 1, 2, 3 have variance 1, which sums of squares in floating point lose.
    /// let sums = FixedSums::of([1_000_000_001, 1_000_000_002, 1_000_000_003]).unwrap();
    /// let moments = sums.moments(Step::ONE).unwrap();
    /// assert_eq!((moments.mean, moments.variance().unwrap()), (1_000_000_002.0, 1.0));
    /// ```
    ///
    /// # Errors
    /// `TooFewUnits` without units; `InvalidArgument` when no values can have these sums.
    pub fn moments(&self, step: Step) -> Result<Moments, StatError> {
        Step::new(step.multiple, step.decimals)?;
        let steps_m2 = centred_product(self.n, self.s1, self.s1, self.s2)?;
        if steps_m2 < 0.0 {
            return Err(StatError::invalid("s2", "is smaller than the square of the sum allows"));
        }
        Ok(Moments {
            n: self.n,
            mean: step.scale(self.s1 as f64 / self.n as f64),
            m2: step.scale(step.scale(steps_m2)),
        })
    }
}

impl Sufficient for FixedSums {
    fn units(&self) -> u64 {
        self.n
    }

    fn merge(&mut self, other: &Self) -> Result<(), StatError> {
        *self = Self {
            n: add_units(self.n, other.n)?,
            s1: add(self.s1, other.s1, "sum")?,
            s2: add(self.s2, other.s2, "sum of squares")?,
        };
        Ok(())
    }

    fn subtract(&mut self, other: &Self) -> Result<(), StatError> {
        let rest = Self {
            n: take_units(self.n, other.n)?,
            s1: sub(self.s1, other.s1, "sum")?,
            s2: sub(self.s2, other.s2, "sum of squares")?,
        };
        if rest.s2 < 0 || (rest.n == 0 && (rest.s1 != 0 || rest.s2 != 0)) {
            return Err(StatError::invalid("other", "cannot have been part of these sums"));
        }
        *self = rest;
        Ok(())
    }
}
