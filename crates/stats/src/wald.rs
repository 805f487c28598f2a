//! Estimate, standard error and reference distribution turned into interval and p-value.

use crate::error::StatError;
use crate::estimate::{Estimate, Guarantee, Interval, PValue, Side};
use crate::special::elementary::ln;
use crate::special::{normal, student};

/// Beyond this a t variable's tail is taken as its leading power.
const FAR: f64 = 1e100;

/// The distribution to which a studentised estimate is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reference {
    Normal,
    Student(f64),
}

impl Reference {
    /// The value exceeded with probability `tail`.
    pub(crate) fn upper_quantile(self, tail: f64) -> f64 {
        match self {
            Self::Normal => -normal::quantile(tail),
            Self::Student(df) => -student::quantile(tail, df),
        }
    }

    /// Logarithm of the probability of a value above `t`.
    pub(crate) fn ln_sf(self, t: f64) -> f64 {
        match self {
            Self::Normal => normal::ln_sf(t),
            // So far out the tail is a power of t; its square would overflow.
            Self::Student(df) if t > FAR && df < 1e7 => student::ln_sf(FAR, df) - df * (ln(t) - ln(FAR)),
            Self::Student(df) => student::ln_sf(t, df),
        }
    }

    fn degrees_of_freedom(self) -> Option<f64> {
        match self {
            Self::Normal => None,
            Self::Student(df) => Some(df),
        }
    }

    /// p-value of a studentised estimate.
    pub(crate) fn p_value(self, t: f64, side: Side) -> PValue {
        PValue::from_ln(match side {
            Side::Two => self.ln_sf(t.abs()) + std::f64::consts::LN_2,
            Side::Greater => self.ln_sf(t),
            Side::Less => self.ln_sf(-t),
        })
    }
}

/// A studentised estimate and what is asked of it.
pub(crate) struct Wald {
    pub(crate) point: f64,
    pub(crate) standard_error: f64,
    pub(crate) reference: Reference,
    pub(crate) null: f64,
    pub(crate) side: Side,
    pub(crate) level: f64,
}

impl Wald {
    /// Interval and p-value. A one-sided question gets the one-sided interval that belongs to its test.
    pub(crate) fn estimate(&self, method: &str, guarantee: Guarantee) -> Result<Estimate, StatError> {
        check_level(self.level)?;
        check_finite("null", self.null)?;
        if !self.point.is_finite() || !self.standard_error.is_finite() {
            return Err(StatError::not_estimable("the values are too large for double precision"));
        }
        if self.standard_error <= 0.0 {
            return Err(StatError::ZeroVariance);
        }
        if let Reference::Student(df) = self.reference
            && (df.is_nan() || df <= 0.0)
        {
            return Err(StatError::not_estimable("the degrees of freedom are not positive"));
        }
        let alpha = 1.0 - self.level;
        let tail = if self.side == Side::Two { alpha / 2.0 } else { alpha };
        let margin = self.reference.upper_quantile(tail) * self.standard_error;
        let t = (self.point - self.null) / self.standard_error;
        Ok(Estimate {
            point: Some(self.point),
            standard_error: Some(self.standard_error),
            degrees_of_freedom: self.reference.degrees_of_freedom(),
            interval: Interval {
                lower: if self.side == Side::Less { f64::NEG_INFINITY } else { self.point - margin },
                upper: if self.side == Side::Greater { f64::INFINITY } else { self.point + margin },
                level: self.level,
            },
            p_value: Some(self.reference.p_value(t, self.side)),
            method: method.to_owned(),
            guarantee,
        })
    }
}

/// Confidence levels and error rates lie strictly between 0 and 1.
pub(crate) fn check_share(argument: &str, value: f64) -> Result<(), StatError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatError::invalid(argument, "must lie strictly between 0 and 1"))
    }
}

pub(crate) fn check_level(level: f64) -> Result<(), StatError> {
    check_share("level", level)
}

pub(crate) fn check_finite(argument: &str, value: f64) -> Result<(), StatError> {
    if value.is_finite() { Ok(()) } else { Err(StatError::invalid(argument, "must be finite")) }
}

pub(crate) fn check_positive(argument: &str, value: f64) -> Result<(), StatError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(StatError::invalid(argument, "must be finite and above 0"))
    }
}

pub(crate) fn check_all_finite(argument: &str, values: &[f64]) -> Result<(), StatError> {
    if values.iter().all(|value| value.is_finite()) {
        Ok(())
    } else {
        Err(StatError::invalid(argument, "must be finite numbers"))
    }
}
