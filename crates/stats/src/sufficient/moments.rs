use serde::{Deserialize, Serialize};

use crate::error::StatError;

/// Number of units, mean, and sum of squared deviations from the mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Number of units.
    pub n: u64,
    /// Mean in the outcome's unit.
    pub mean: f64,
    /// Sum of squared deviations from the mean, in the squared unit; at least 0.
    pub m2: f64,
}

impl Moments {
    /// From the values of the units, in two passes.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Moments;
    /// assert_eq!(Moments::of(&[1.0, 2.0, 6.0]).unwrap(), Moments { n: 3, mean: 3.0, m2: 14.0 });
    /// // The same spread a million million away from zero.
    /// assert_eq!(Moments::of(&[1e12 + 1.0, 1e12 + 2.0, 1e12 + 6.0]).unwrap().m2, 14.0);
    /// ```
    ///
    /// # Errors
    /// `TooFewUnits` without values; `InvalidArgument` for a value that is not finite.
    pub fn of(values: &[f64]) -> Result<Self, StatError> {
        if values.is_empty() {
            return Err(StatError::TooFewUnits { need: 1, got: 0 });
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(StatError::invalid("values", "must be finite"));
        }
        let n = values.len() as f64;
        let first = values[0];
        // Centred on the first value, then corrected: exact for constant data and stable far from zero.
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / n;
        let drift = values.iter().map(|value| value - mean).sum::<f64>() / n;
        let m2 = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() - n * drift * drift;
        Self { n: values.len() as u64, mean: mean + drift, m2: m2.max(0.0) }.checked("values")
    }

    /// From number, mean and sample variance (denominator `n - 1`).
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Moments;
    /// assert_eq!(Moments::from_variance(3, 3.0, 7.0).unwrap(), Moments::of(&[1.0, 2.0, 6.0]).unwrap());
    /// assert!(Moments::from_variance(3, 3.0, -1.0).is_err());
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for numbers that no sample has.
    pub fn from_variance(n: u64, mean: f64, variance: f64) -> Result<Self, StatError> {
        Self { n, mean, m2: variance * n.saturating_sub(1) as f64 }.checked("variance")
    }

    /// Sample variance with denominator `n - 1`.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Moments;
    /// assert_eq!(Moments::of(&[1.0, 2.0, 6.0]).unwrap().variance().unwrap(), 7.0);
    /// assert_eq!(Moments::of(&[1.0]).unwrap().variance().unwrap_err().code(), "too_few_units");
    /// ```
    ///
    /// # Errors
    /// `TooFewUnits` below two units.
    pub fn variance(&self) -> Result<f64, StatError> {
        if self.n < 2 {
            return Err(StatError::TooFewUnits { need: 2, got: self.n });
        }
        Ok(self.m2 / (self.n - 1) as f64)
    }

    /// Both samples together (Chan, Golub and LeVeque 1983). Not exact: the last digits depend on the order; use
    /// [`FixedSums`](super::FixedSums) where bytes must agree.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Moments;
    /// let both = Moments::of(&[1.0, 2.0]).unwrap().combined(&Moments::of(&[6.0]).unwrap());
    /// assert_eq!(both, Moments::of(&[1.0, 2.0, 6.0]).unwrap());
    /// ```
    #[must_use]
    pub fn combined(&self, other: &Self) -> Self {
        if self.n == 0 {
            return *other;
        }
        if other.n == 0 {
            return *self;
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let (n, delta) = (a + b, other.mean - self.mean);
        Self {
            n: self.n.saturating_add(other.n),
            mean: self.mean + delta * (b / n),
            m2: self.m2 + other.m2 + delta * delta * a * (b / n),
        }
    }

    /// The same numbers if they can belong to a sample.
    pub(crate) fn checked(self, argument: &str) -> Result<Self, StatError> {
        if !self.mean.is_finite() {
            return Err(StatError::invalid(argument, "the mean must be finite"));
        }
        if !self.m2.is_finite() || self.m2 < 0.0 {
            return Err(StatError::invalid(argument, "the sum of squared deviations must be finite and at least 0"));
        }
        if self.n == 1 && self.m2 > 0.0 {
            return Err(StatError::invalid(argument, "a single unit has no deviation from its mean"));
        }
        Ok(self)
    }
}
