//! Do events happen at different rates? Counts of events over time (or people times time) in two arms.
//!
//! The methods of `exact`, `score` and `mover` take totals and assume Poisson counts: events independent of each other.
//! When one person can have several events they are too narrow: use [`quasi_poisson`], [`robust_poisson`] or
//! [`negative_binomial`], which take each unit's count.

mod exact;
mod mover;
mod overdispersed;
mod score;

pub use exact::{PoissonTail, exact_rate_ratio, mid_p_rate_ratio, poisson_test};
pub use mover::mover_rate_ratio;
pub use overdispersed::{
    ArmCounts, NegativeBinomial, PoissonFit, negative_binomial, poisson_regression, quasi_poisson, robust_poisson,
};
pub use score::{scas_rate_difference, scas_rate_ratio, score_rate_difference, score_rate_ratio};

use crate::StatError;

/// Events and exposure of two arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Events {
    x1: u64,
    t1: f64,
    x0: u64,
    t0: f64,
}

/// Most events in an arm.
const MAX_EVENTS: u64 = 1_000_000_000;

impl Events {
    /// `x1` events in exposure `t1` (any unit of time, above 0) in arm 1, `x0` in `t0` in arm 0.
    ///
    /// ```
    /// use fairtrial_stats::rates::Events;
    /// // Boice and Monson 1977: breast cancer with and without repeated X-rays, in woman-years.
    /// let events = Events::new(41, 28_010.0, 15, 19_017.0).unwrap();
    /// assert!((events.ratio().unwrap() - 1.8558).abs() < 5e-5);
    /// assert_eq!(Events::new(41, 0.0, 15, 19_017.0).unwrap_err().code(), "invalid_argument");
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for an exposure that is not above 0; `too_large` beyond 10^9 events in an arm.
    pub fn new(x1: u64, t1: f64, x0: u64, t0: f64) -> Result<Self, StatError> {
        for (name, x, t) in [("t1", x1, t1), ("t0", x0, t0)] {
            if !(t.is_finite() && t > 0.0) {
                return Err(StatError::invalid(name, "must be above 0"));
            }
            if x > MAX_EVENTS {
                return Err(StatError::TooLarge { reason: "an arm holds at most 10^9 events".to_owned() });
            }
        }
        let share = t1 / (t1 + t0);
        if !(share > 1e-15 && share < 1.0 - 1e-15) {
            return Err(StatError::invalid("t1", "exposures differ by more than fifteen orders of magnitude"));
        }
        Ok(Self { x1, t1, x0, t0 })
    }

    /// The arms exchanged.
    ///
    /// ```
    /// use fairtrial_stats::rates::Events;
    /// let events = Events::new(6, 3.0, 4, 8.0).unwrap();
    /// assert_eq!((events.ratio(), events.swapped().ratio()), (Some(4.0), Some(0.25)));
    /// ```
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self { x1: self.x0, t1: self.t0, x0: self.x1, t0: self.t1 }
    }

    /// Rate of arm 1.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::rates::Events::new(6, 3.0, 4, 8.0).unwrap().rate1(), 2.0);
    /// ```
    #[must_use]
    pub fn rate1(&self) -> f64 {
        self.x1 as f64 / self.t1
    }

    /// Rate of arm 0.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::rates::Events::new(6, 3.0, 4, 8.0).unwrap().rate0(), 0.5);
    /// ```
    #[must_use]
    pub fn rate0(&self) -> f64 {
        self.x0 as f64 / self.t0
    }

    /// Ratio of the rates; none when there is no event at all, infinite when arm 0 has none.
    ///
    /// ```
    /// use fairtrial_stats::rates::Events;
    /// assert_eq!(Events::new(0, 3.0, 4, 8.0).unwrap().ratio(), Some(0.0));
    /// assert_eq!(Events::new(6, 3.0, 0, 8.0).unwrap().ratio(), Some(f64::INFINITY));
    /// assert_eq!(Events::new(0, 3.0, 0, 8.0).unwrap().ratio(), None);
    /// ```
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        match (self.x1, self.x0) {
            (0, 0) => None,
            (_, 0) => Some(f64::INFINITY),
            _ => Some(self.rate1() / self.rate0()),
        }
    }

    /// Events and exposures as floating point.
    fn floats(&self) -> (f64, f64, f64, f64) {
        (self.x1 as f64, self.t1, self.x0 as f64, self.t0)
    }
}

fn check_level(level: f64) -> Result<(), StatError> {
    crate::two_proportions::check_level(level)
}
