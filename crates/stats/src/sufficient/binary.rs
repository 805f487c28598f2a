use serde::{Deserialize, Serialize};

use super::{Sufficient, add_units, take_units};
use crate::error::StatError;

/// Units with a yes/no outcome: how many, and how many had it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binary {
    /// Number of units.
    pub n: u64,
    /// Number of them with the outcome; at most `n`.
    pub x: u64,
}

impl Binary {
    /// From the number of units and the number of them with the outcome.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Binary;
    /// assert_eq!(Binary::new(80, 48).unwrap().proportion(), Some(0.6));
    /// assert_eq!(Binary::new(80, 81).unwrap_err().to_string(), "x: 81 units with the outcome among 80 units");
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when `x` is larger than `n`.
    pub fn new(n: u64, x: u64) -> Result<Self, StatError> {
        if x > n {
            return Err(StatError::invalid("x", format!("{x} units with the outcome among {n} units")));
        }
        Ok(Self { n, x })
    }

    /// A single unit.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{Binary, Sufficient};
    /// let mut arm = Binary::unit(true);
    /// arm.merge(&Binary::unit(false)).unwrap();
    /// assert_eq!(arm, Binary { n: 2, x: 1 });
    /// ```
    #[must_use]
    pub fn unit(outcome: bool) -> Self {
        Self { n: 1, x: u64::from(outcome) }
    }

    /// Share of units with the outcome; none without units.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::Binary;
    /// assert_eq!(Binary { n: 4, x: 3 }.proportion(), Some(0.75));
    /// assert_eq!(Binary::default().proportion(), None);
    /// ```
    #[must_use]
    pub fn proportion(&self) -> Option<f64> {
        (self.n > 0).then(|| self.x as f64 / self.n as f64)
    }
}

impl Sufficient for Binary {
    fn units(&self) -> u64 {
        self.n
    }

    fn merge(&mut self, other: &Self) -> Result<(), StatError> {
        *self = Self { n: add_units(self.n, other.n)?, x: add_units(self.x, other.x)? };
        Ok(())
    }

    fn subtract(&mut self, other: &Self) -> Result<(), StatError> {
        let (n, x) = (take_units(self.n, other.n)?, take_units(self.x, other.x)?);
        *self = Self::new(n, x)?;
        Ok(())
    }
}
