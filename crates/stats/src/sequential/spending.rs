//! How the error is shared over the looks.

use crate::special::elementary::{exp, exp_m1, ln, ln_1p, powf};
use serde::{Deserialize, Serialize};

use crate::StatError;
use crate::special::normal;

/// A spending function: how much of an error probability may have been used when a share of the information is in.
///
/// Which one: O'Brien-Fleming spends almost nothing early, so that an early stop needs overwhelming evidence and the last
/// look is nearly as strong as a trial without looks; Pocock spends about evenly and stops earliest when the effect is
/// large; the other two are one-parameter families between and beyond them.
///
/// Source: Lan and DeMets 1983; Kim and DeMets 1987; Hwang, Shih and DeCani 1990; Jennison and Turnbull 2000, chapter 7.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Spending {
    /// `2 - 2 Phi(z / sqrt t)` with `z` the upper `alpha/2` quantile.
    #[serde(rename = "lan_demets_obrien_fleming")]
    LanDeMetsOBrienFleming,
    /// `alpha ln(1 + (e - 1) t)`.
    #[serde(rename = "lan_demets_pocock")]
    LanDeMetsPocock,
    /// `alpha t^rho`, the power family; `rho` above 0.
    #[serde(rename = "kim_demets")]
    KimDeMets {
        /// Exponent: 1 spends evenly, 3 resembles O'Brien-Fleming.
        rho: f64,
    },
    /// `alpha (1 - exp(-gamma t)) / (1 - exp(-gamma))`; `gamma` finite, 0 spends evenly.
    #[serde(rename = "hwang_shih_decani")]
    HwangShihDeCani {
        /// -4 resembles O'Brien-Fleming, 1 resembles Pocock.
        gamma: f64,
    },
    /// `alpha^(t^-nu)`, the exponential family; `nu` above 0.
    Exponential {
        /// Exponent; 0.75 is a common choice.
        nu: f64,
    },
    /// Straight lines through `(share of information, share of error)`, from (0, 0) to (1, 1).
    Piecewise {
        /// Corner points, both coordinates non-decreasing, between 0 and 1.
        points: Vec<(f64, f64)>,
    },
}

impl Spending {
    /// Whether the parameters lie in their range.
    ///
    /// ```
    /// use fairtrial_stats::sequential::Spending;
    /// assert!(Spending::KimDeMets { rho: 2.0 }.validate().is_ok());
    /// assert_eq!(Spending::KimDeMets { rho: 0.0 }.validate().unwrap_err().code(), "invalid_argument");
    /// assert!(Spending::Piecewise { points: vec![(0.5, 0.4), (0.4, 0.5)] }.validate().is_err());
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` naming the parameter.
    pub fn validate(&self) -> Result<(), StatError> {
        match self {
            Self::LanDeMetsOBrienFleming | Self::LanDeMetsPocock => Ok(()),
            Self::KimDeMets { rho } => positive("rho", *rho),
            Self::Exponential { nu } => positive("nu", *nu),
            Self::HwangShihDeCani { gamma } => {
                if gamma.is_finite() && gamma.abs() <= 500.0 {
                    Ok(())
                } else {
                    Err(StatError::invalid("gamma", "must be a number between -500 and 500"))
                }
            }
            Self::Piecewise { points } => {
                let mut last = (0.0, 0.0);
                for &(t, share) in points {
                    let rising = t > last.0 && share >= last.1 && t <= 1.0 && share <= 1.0;
                    if !rising {
                        return Err(StatError::invalid("points", "must rise from (0, 0) to (1, 1)"));
                    }
                    last = (t, share);
                }
                Ok(())
            }
        }
    }

    /// How much of `alpha` may be used when the share `fraction` of the planned information is in.
    ///
    /// `alpha` lies in (0, 1) and `fraction` at or above 0; from 1 on everything is spent. The result is a probability.
    ///
    /// ```
    /// use fairtrial_stats::sequential::Spending;
    /// let half = Spending::LanDeMetsOBrienFleming.spent(0.025, 0.5)?;
    /// assert!((half - 0.001_525_322_757_989).abs() < 1e-12);
    /// # Ok::<(), fairtrial_stats::StatError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` when `alpha`, `fraction` or a parameter of the function is out of range.
    pub fn spent(&self, alpha: f64, fraction: f64) -> Result<f64, StatError> {
        self.validate()?;
        check_probability("alpha", alpha)?;
        if fraction.is_nan() || fraction < 0.0 {
            return Err(StatError::invalid("fraction", "must be at least 0"));
        }
        Ok(self.cumulative(alpha, fraction))
    }

    /// The same without checks, for callers that have made them.
    pub(crate) fn cumulative(&self, alpha: f64, fraction: f64) -> f64 {
        if fraction >= 1.0 {
            return alpha;
        }
        if fraction <= 0.0 {
            return 0.0;
        }
        let t = fraction;
        let spent = match self {
            Self::LanDeMetsOBrienFleming => 2.0 * normal::cdf(normal::quantile(0.5 * alpha) / t.sqrt()),
            Self::LanDeMetsPocock => alpha * ln_1p((std::f64::consts::E - 1.0) * t),
            Self::KimDeMets { rho } => alpha * powf(t, *rho),
            Self::HwangShihDeCani { gamma } => {
                if gamma.abs() < 1e-12 {
                    alpha * t
                } else {
                    alpha * exp_m1(-gamma * t) / exp_m1(-gamma)
                }
            }
            Self::Exponential { nu } => exp(ln(alpha) * powf(t, -nu)),
            Self::Piecewise { points } => alpha * interpolate(points, t),
        };
        spent.min(alpha)
    }
}

fn interpolate(points: &[(f64, f64)], t: f64) -> f64 {
    let mut from = (0.0, 0.0);
    for &to in points.iter().chain(std::iter::once(&(1.0, 1.0))) {
        if t <= to.0 {
            let width = to.0 - from.0;
            return if width > 0.0 { from.1 + (to.1 - from.1) * (t - from.0) / width } else { to.1 };
        }
        from = to;
    }
    1.0
}

fn positive(argument: &str, value: f64) -> Result<(), StatError> {
    if value > 0.0 && value <= 1e3 {
        Ok(())
    } else {
        Err(StatError::invalid(argument, "must be above 0 and at most 1000"))
    }
}

/// Checks a probability that may be neither 0 nor 1.
pub(crate) fn check_probability(argument: &str, value: f64) -> Result<(), StatError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatError::invalid(argument, "must lie strictly between 0 and 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::Spending;

    #[test]
    fn every_function_rises_from_nothing_to_all() {
        let functions = [
            Spending::LanDeMetsOBrienFleming,
            Spending::LanDeMetsPocock,
            Spending::KimDeMets { rho: 2.0 },
            Spending::HwangShihDeCani { gamma: -4.0 },
            Spending::HwangShihDeCani { gamma: 0.0 },
            Spending::Exponential { nu: 0.75 },
            Spending::Piecewise { points: vec![(0.5, 0.1)] },
        ];
        for function in functions {
            let mut last = 0.0;
            for i in 0..=20 {
                let spent = function.spent(0.05, f64::from(i) / 20.0).unwrap();
                assert!(spent >= last && spent <= 0.05, "{function:?} at {i}");
                last = spent;
            }
            assert_eq!(last, 0.05);
            assert_eq!(function.spent(0.05, 0.0).unwrap(), 0.0);
        }
    }

    #[test]
    fn refuses_parameters_out_of_range() {
        assert!(Spending::KimDeMets { rho: 0.0 }.spent(0.05, 0.5).is_err());
        assert!(Spending::HwangShihDeCani { gamma: f64::NAN }.spent(0.05, 0.5).is_err());
        assert!(Spending::Piecewise { points: vec![(0.5, 0.6), (0.4, 0.7)] }.spent(0.05, 0.5).is_err());
        for alpha in [0.0, 1.0, f64::NAN, -0.1, f64::INFINITY] {
            assert!(Spending::LanDeMetsPocock.spent(alpha, 0.5).is_err());
        }
        assert!(Spending::LanDeMetsPocock.spent(0.05, f64::NAN).is_err());
    }
}
