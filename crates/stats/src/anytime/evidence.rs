//! Evidence that may be looked at at any time.

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
    #[must_use]
    pub fn e(&self) -> f64 {
        self.ln_e.exp()
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
    #[must_use]
    pub fn now(&self) -> EValue {
        EValue { ln_e: self.ln_e }
    }

    /// The largest evidence so far.
    #[must_use]
    pub fn largest(&self) -> EValue {
        EValue { ln_e: self.ln_e_max }
    }

    /// A p-value that is valid at any time: 1 over the largest e-value so far.
    #[must_use]
    pub fn p_value(&self) -> PValue {
        PValue::from_ln(-self.ln_e_max)
    }

    /// Whether the null hypothesis has been rejected at `alpha` at any moment so far.
    ///
    /// # Errors
    /// `InvalidArgument` when `alpha` is not in (0, 1).
    pub fn rejects(&self, alpha: f64) -> Result<bool, StatError> {
        check_alpha(alpha)?;
        Ok(self.ln_e_max >= -alpha.ln())
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
