//! What can be wrong with the numbers handed in, or cannot be computed from them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why there is no number.
///
/// Every variant has a stable [`code`](StatError::code) that other programs may rely on.
#[derive(Debug, Clone, PartialEq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum StatError {
    /// An argument lies outside the values for which the method is defined.
    #[error("{argument}: {reason}")]
    InvalidArgument {
        /// Name of the argument as documented.
        argument: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The method exists for these arguments, but the data do not determine the quantity.
    #[error("cannot be estimated: {reason}")]
    NotEstimable {
        /// Why, in a sentence that an analyst understands.
        reason: String,
    },
    /// Fewer units than the method needs.
    #[error("needs at least {need} units, got {got}")]
    TooFewUnits {
        /// Smallest number that the method accepts.
        need: u64,
        /// Number handed in.
        got: u64,
    },
    /// All values are equal, so that a spread cannot be estimated.
    #[error("all values are equal: the spread cannot be estimated")]
    ZeroVariance,
    /// A numerical search ended without meeting its stated accuracy.
    #[error("no convergence: {reason}")]
    NoConvergence {
        /// Which search, and how far it came.
        reason: String,
    },
    /// The request is larger than the method computes in bounded time and memory.
    #[error("too large: {reason}")]
    TooLarge {
        /// What the limit is.
        reason: String,
    },
}

impl StatError {
    /// An argument that is out of range.
    ///
    /// ```
    /// let error = fairtrial_stats::StatError::invalid("alpha", "must lie strictly between 0 and 1");
    /// assert_eq!(error.to_string(), "alpha: must lie strictly between 0 and 1");
    /// ```
    #[must_use]
    pub fn invalid(argument: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidArgument { argument: argument.into(), reason: reason.into() }
    }

    /// A quantity that the data do not determine.
    ///
    /// ```
    /// let error = fairtrial_stats::StatError::not_estimable("nobody had the event");
    /// assert_eq!(error.to_string(), "cannot be estimated: nobody had the event");
    /// ```
    #[must_use]
    pub fn not_estimable(reason: impl Into<String>) -> Self {
        Self::NotEstimable { reason: reason.into() }
    }

    /// The stable code of this error.
    ///
    /// ```
    /// use fairtrial_stats::{StatError, two_proportions::Table};
    /// assert_eq!(Table::new(0, 0, 3, 9).unwrap_err().code(), "too_few_units");
    /// assert_eq!(Table::new(10, 9, 3, 9).unwrap_err().code(), "invalid_argument");
    /// assert_eq!(StatError::ZeroVariance.code(), "zero_variance");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument { .. } => "invalid_argument",
            Self::NotEstimable { .. } => "not_estimable",
            Self::TooFewUnits { .. } => "too_few_units",
            Self::ZeroVariance => "zero_variance",
            Self::NoConvergence { .. } => "no_convergence",
            Self::TooLarge { .. } => "too_large",
        }
    }
}
