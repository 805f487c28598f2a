//! Evidence that may be looked at at any time.

use crate::special::elementary::{exp, ln};
use serde::{Deserialize, Serialize};

use crate::{PValue, StatError};

/// An e-value as its natural logarithm, which does not overflow.
///
/// Under the null hypothesis its expectation is at most 1, so it exceeds `1 / alpha` with probability at most `alpha`,
/// at whatever moment one looks.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct EValue {
    /// Natural logarithm; above 0 speaks against the null hypothesis.
    pub ln_e: f64,
}

impl EValue {
    /// The e-value itself; infinite when it is too large for a double.
    ///
    /// ```
    /// use fairtrial_stats::anytime::EValue;
    /// assert!((EValue { ln_e: 20_f64.ln() }.e() - 20.0).abs() < 1e-13);
    /// // Its logarithm holds what a double cannot.
    /// assert_eq!(EValue { ln_e: 800.0 }.e(), f64::INFINITY);
    /// ```
    #[must_use]
    pub fn e(&self) -> f64 {
        exp(self.ln_e)
    }
}

/// An e-value that grows with the data, and the largest it has been.
///
/// ```
/// use fairtrial_stats::anytime::{EProcess, EValue};
/// let mut process = EProcess::default();
/// process.multiply(EValue { ln_e: 30_f64.ln() })?;
/// process.multiply(EValue { ln_e: 0.5_f64.ln() })?;
/// assert!((process.now().e() - 15.0).abs() < 1e-12);
/// assert!((process.p_value().p() - 1.0 / 30.0).abs() < 1e-15);
/// assert!(process.rejects(0.05)?);
/// # Ok::<(), fairtrial_stats::StatError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EProcess {
    ln_e: f64,
    ln_e_max: f64,
}

impl EProcess {
    /// Takes in the e-value of new data, given the old.
    ///
    /// ```
    /// use fairtrial_stats::anytime::{EProcess, EValue};
    /// let mut process = EProcess::default();
    /// process.multiply(EValue { ln_e: 4_f64.ln() }).unwrap();
    /// process.multiply(EValue { ln_e: 5_f64.ln() }).unwrap();
    /// assert!((process.now().e() - 20.0).abs() < 1e-13);
    /// assert_eq!(process.multiply(EValue { ln_e: f64::NAN }).unwrap_err().code(), "invalid_argument");
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when it is not a number.
    pub fn multiply(&mut self, next: EValue) -> Result<(), StatError> {
        if next.ln_e.is_nan() {
            return Err(StatError::invalid("ln_e", "must be a number"));
        }
        // Certainty against the data ends the process at 0 for good.
        self.ln_e = if self.ln_e == f64::NEG_INFINITY { self.ln_e } else { self.ln_e + next.ln_e };
        self.ln_e_max = self.ln_e_max.max(self.ln_e);
        Ok(())
    }

    /// The evidence now.
    ///
    /// ```
    /// use fairtrial_stats::anytime::{EProcess, EValue};
    /// let mut process = EProcess::default();
    /// assert_eq!(process.now().e(), 1.0);
    /// process.multiply(EValue { ln_e: -1.0 }).unwrap();
    /// assert_eq!(process.now().ln_e, -1.0);
    /// ```
    #[must_use]
    pub fn now(&self) -> EValue {
        EValue { ln_e: self.ln_e }
    }

    /// The largest evidence so far.
    ///
    /// ```
    /// use fairtrial_stats::anytime::{EProcess, EValue};
    /// let mut process = EProcess::default();
    /// for ln_e in [3.0, -2.0] {
    ///     process.multiply(EValue { ln_e }).unwrap();
    /// }
    /// assert_eq!((process.now().ln_e, process.largest().ln_e), (1.0, 3.0));
    /// ```
    #[must_use]
    pub fn largest(&self) -> EValue {
        EValue { ln_e: self.ln_e_max }
    }

    /// A p-value that is valid at any time: 1 over the largest e-value so far.
    ///
    /// ```
    /// use fairtrial_stats::anytime::{EProcess, EValue};
    /// let mut process = EProcess::default();
    /// // Nothing seen: nothing said.
    /// assert_eq!(process.p_value().p(), 1.0);
    /// process.multiply(EValue { ln_e: 40_f64.ln() }).unwrap();
    /// assert!((process.p_value().p() - 0.025).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn p_value(&self) -> PValue {
        PValue::from_ln(-self.ln_e_max)
    }

    /// Whether the null hypothesis has been rejected at `alpha` at any moment so far.
    ///
    /// ```
    /// use fairtrial_stats::anytime::{EProcess, EValue};
    /// let mut process = EProcess::default();
    /// process.multiply(EValue { ln_e: 25_f64.ln() }).unwrap();
    /// // Ville 1939: 20 suffices at 5 %, 100 is needed at 1 %. What was rejected stays so.
    /// process.multiply(EValue { ln_e: -9.0 }).unwrap();
    /// assert!(process.rejects(0.05).unwrap() && !process.rejects(0.01).unwrap());
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when `alpha` is not in (0, 1).
    pub fn rejects(&self, alpha: f64) -> Result<bool, StatError> {
        check_alpha(alpha)?;
        Ok(self.ln_e_max >= -ln(alpha))
    }
}

pub(crate) fn check_alpha(alpha: f64) -> Result<(), StatError> {
    crate::sequential::spending::check_probability("alpha", alpha)
}

pub(crate) fn check_positive(argument: &str, value: f64) -> Result<(), StatError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(StatError::invalid(argument, "must be a positive number"))
    }
}

pub(crate) fn check_finite(argument: &str, value: f64) -> Result<(), StatError> {
    if value.is_finite() { Ok(()) } else { Err(StatError::invalid(argument, "must be a finite number")) }
}
