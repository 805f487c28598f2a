//! How strictly numbers are controlled.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How strictly numbers are controlled. There is no way to one that is weaker than [`Policy::STANDARD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Thresholds")]
pub struct Policy {
    base: u64,
    suppress_below: u64,
    sums_below: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thresholds {
    base: u64,
    suppress_below: u64,
    sums_below: u64,
}

/// Why a policy cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Weaker than the standard.
    #[error("{name} may be made stricter only: at least {least}, not {given}")]
    Weaker {
        /// Which threshold.
        name: &'static str,
        /// The standard.
        least: u64,
        /// What was asked.
        given: u64,
    },
    /// So strict that nothing would be left.
    #[error("{name} may be at most {most}, not {given}")]
    TooStrict {
        /// Which threshold.
        name: &'static str,
        /// The most.
        most: u64,
        /// What was asked.
        given: u64,
    },
    /// Rounding that would turn a shown count into zero.
    #[error("counts are shown from {suppress_below} on, so they cannot be rounded to multiples of {base}")]
    BaseAboveThreshold {
        /// The base asked for.
        base: u64,
        /// The threshold asked for.
        suppress_below: u64,
    },
}

impl Policy {
    /// Multiples of 3; nothing below 6; no average of fewer than 20 people.
    pub const STANDARD: Self = Self { base: 3, suppress_below: 6, sums_below: 20 };

    const MOST: u64 = 1_000;

    /// A policy at least as strict as the standard.
    ///
    /// ```
    /// use fairtrial_analysis::release::Policy;
    /// assert!(Policy::new(3, 10, 30).is_ok());
    /// assert!(Policy::new(3, 5, 20).is_err(), "weaker than the standard");
    /// ```
    ///
    /// # Errors
    /// When a threshold is below the standard, or above what leaves anything to show.
    pub fn new(base: u64, suppress_below: u64, sums_below: u64) -> Result<Self, PolicyError> {
        let standard = Self::STANDARD;
        for (name, given, least) in [
            ("the rounding base", base, standard.base),
            ("the smallest count shown", suppress_below, standard.suppress_below),
            ("the fewest people of an average", sums_below, standard.sums_below),
        ] {
            if given < least {
                return Err(PolicyError::Weaker { name, least, given });
            }
            if given > Self::MOST {
                return Err(PolicyError::TooStrict { name, most: Self::MOST, given });
            }
        }
        if base > suppress_below {
            return Err(PolicyError::BaseAboveThreshold { base, suppress_below });
        }
        Ok(Self { base, suppress_below, sums_below })
    }

    /// Counts are rounded to multiples of this.
    #[must_use]
    pub fn base(self) -> u64 {
        self.base
    }

    /// Smaller counts are not shown.
    #[must_use]
    pub fn suppress_below(self) -> u64 {
        self.suppress_below
    }

    /// Averages of fewer people are not shown.
    #[must_use]
    pub fn sums_below(self) -> u64 {
        self.sums_below
    }

    /// The stricter of two policies, threshold by threshold: an agency can add to the installation's, never take away.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let suppress_below = self.suppress_below.max(other.suppress_below);
        Self {
            base: self.base.max(other.base).min(suppress_below),
            suppress_below,
            sums_below: self.sums_below.max(other.sums_below),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl TryFrom<Thresholds> for Policy {
    type Error = PolicyError;

    fn try_from(given: Thresholds) -> Result<Self, PolicyError> {
        Self::new(given.base, given.suppress_below, given.sums_below)
    }
}
