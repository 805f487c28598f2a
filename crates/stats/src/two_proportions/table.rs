//! The two-by-two table.

use crate::StatError;

/// Largest size of an arm for which floating point still tells neighbouring counts apart.
const MAX_ARM: u64 = 1_000_000_000_000_000;

/// Successes and sizes of two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    x1: u64,
    n1: u64,
    x0: u64,
    n0: u64,
}

impl Table {
    /// `x1` successes among `n1` in arm 1, `x0` among `n0` in arm 0.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::Table;
    /// let table = Table::new(56, 70, 48, 80).unwrap();
    /// assert_eq!((table.p1(), table.p0()), (0.8, 0.6));
    /// assert_eq!(Table::new(71, 70, 48, 80).unwrap_err().to_string(), "x1: 71 successes among 70");
    /// ```
    ///
    /// # Errors
    /// `too_few_units` for an empty arm, `invalid_argument` for more successes than people, `too_large` for an arm above
    /// 10^15.
    pub fn new(x1: u64, n1: u64, x0: u64, n0: u64) -> Result<Self, StatError> {
        for (name, x, n) in [("x1", x1, n1), ("x0", x0, n0)] {
            if n == 0 {
                return Err(StatError::TooFewUnits { need: 1, got: 0 });
            }
            if x > n {
                return Err(StatError::invalid(name, format!("{x} successes among {n}")));
            }
            if n > MAX_ARM {
                return Err(StatError::TooLarge { reason: "arms hold at most 10^15".to_owned() });
            }
        }
        Ok(Self { x1, n1, x0, n0 })
    }

    /// Successes in arm 1.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::two_proportions::Table::new(56, 70, 48, 80).unwrap().x1(), 56);
    /// ```
    #[must_use]
    pub fn x1(&self) -> u64 {
        self.x1
    }

    /// Size of arm 1.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::two_proportions::Table::new(56, 70, 48, 80).unwrap().n1(), 70);
    /// ```
    #[must_use]
    pub fn n1(&self) -> u64 {
        self.n1
    }

    /// Successes in arm 0.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::two_proportions::Table::new(56, 70, 48, 80).unwrap().x0(), 48);
    /// ```
    #[must_use]
    pub fn x0(&self) -> u64 {
        self.x0
    }

    /// Size of arm 0.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::two_proportions::Table::new(56, 70, 48, 80).unwrap().n0(), 80);
    /// ```
    #[must_use]
    pub fn n0(&self) -> u64 {
        self.n0
    }

    /// Size of both arms.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::two_proportions::Table::new(56, 70, 48, 80).unwrap().total(), 150);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.n1 + self.n0
    }

    /// Successes of both arms.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::two_proportions::Table::new(56, 70, 48, 80).unwrap().successes(), 104);
    /// ```
    #[must_use]
    pub fn successes(&self) -> u64 {
        self.x1 + self.x0
    }

    /// Observed proportion of arm 1.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::two_proportions::Table::new(56, 70, 48, 80).unwrap().p1(), 0.8);
    /// ```
    #[must_use]
    pub fn p1(&self) -> f64 {
        self.x1 as f64 / self.n1 as f64
    }

    /// Observed proportion of arm 0.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::two_proportions::Table::new(56, 70, 48, 80).unwrap().p0(), 0.6);
    /// ```
    #[must_use]
    pub fn p0(&self) -> f64 {
        self.x0 as f64 / self.n0 as f64
    }

    /// The observed difference p1 - p0, with one rounding only.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::Table;
    /// // 0.8 - 0.6 is not 0.2 in floating point; the difference of the fractions is.
    /// assert_eq!(Table::new(56, 70, 48, 80).unwrap().difference(), 0.2);
    /// ```
    #[must_use]
    pub fn difference(&self) -> f64 {
        let cross = i128::from(self.x1) * i128::from(self.n0) - i128::from(self.x0) * i128::from(self.n1);
        cross as f64 / (self.n1 as f64 * self.n0 as f64)
    }

    /// The arms exchanged.
    ///
    /// ```
    /// use fairtrial_stats::two_proportions::Table;
    /// let table = Table::new(56, 70, 48, 80).unwrap();
    /// assert_eq!(table.swapped(), Table::new(48, 80, 56, 70).unwrap());
    /// assert_eq!(table.swapped().difference(), -table.difference());
    /// ```
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self { x1: self.x0, n1: self.n0, x0: self.x1, n0: self.n1 }
    }

    /// Counts as floating point: x1, n1, x0, n0.
    pub(crate) fn floats(&self) -> (f64, f64, f64, f64) {
        (self.x1 as f64, self.n1 as f64, self.x0 as f64, self.n0 as f64)
    }
}

/// Checks a confidence level.
pub(crate) fn check_level(level: f64) -> Result<(), StatError> {
    if level > 0.0 && level < 1.0 {
        Ok(())
    } else {
        Err(StatError::invalid("level", "must lie strictly between 0 and 1"))
    }
}
