use serde::{Deserialize, Serialize};

use super::{CoMoments, CoSums, Step, Sufficient};
use crate::error::StatError;

/// Exact sums of event counts and exposure times per unit, with their squares and product, so that over-dispersion between
/// units is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RateSums {
    sums: CoSums,
}

impl RateSums {
    /// A single unit: its number of events and its exposure in whole ticks (for example seconds).
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{RateSums, Step, Sufficient};
    /// // Two people: 3 calls in 40 days and none in 20.
    /// let mut arm = RateSums::unit(3, 40).unwrap();
    /// arm.merge(&RateSums::unit(0, 20).unwrap()).unwrap();
    /// assert_eq!((arm.units(), arm.events(), arm.exposure(Step::ONE)), (2, 3, 60.0));
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for more events or ticks than a signed 64-bit number holds.
    pub fn unit(events: u64, ticks: u64) -> Result<Self, StatError> {
        let whole = |value: u64, argument: &str| {
            i64::try_from(value).map_err(|_| StatError::invalid(argument, "must be below 2^63"))
        };
        Ok(Self { sums: CoSums::unit(&[whole(events, "events")?, whole(ticks, "ticks")?]) })
    }

    /// Number of events of all units.
    ///
    /// ```
    /// assert_eq!(fairtrial_stats::sufficient::RateSums::unit(3, 40).unwrap().events(), 3);
    /// ```
    #[must_use]
    pub fn events(&self) -> u64 {
        self.sums.sum(0).and_then(|events| u64::try_from(events).ok()).unwrap_or(0)
    }

    /// Exposure of all units in the unit that `tick` states.
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{RateSums, Step};
    /// // 90 tenths of a day are nine days.
    /// assert_eq!(RateSums::unit(3, 90).unwrap().exposure(Step::new(1, 1).unwrap()), 9.0);
    /// ```
    #[must_use]
    pub fn exposure(&self, tick: Step) -> f64 {
        tick.scale(self.sums.sum(1).unwrap_or(0) as f64)
    }

    /// Moments of events (variable 0, in events) and exposure (variable 1, in the unit that `tick` states).
    ///
    /// ```
    /// use fairtrial_stats::sufficient::{RateSums, Step, Sufficient};
    /// let mut arm = RateSums::unit(3, 40).unwrap();
    /// arm.merge(&RateSums::unit(1, 20).unwrap()).unwrap();
    /// let moments = arm.moments(Step::ONE).unwrap();
    /// assert_eq!((moments.means(), moments.product(0, 1)), (&[2.0, 30.0][..], Some(20.0)));
    /// ```
    ///
    /// # Errors
    /// `TooFewUnits` without units.
    pub fn moments(&self, tick: Step) -> Result<CoMoments, StatError> {
        if self.sums.units() == 0 {
            return Err(StatError::TooFewUnits { need: 1, got: 0 });
        }
        self.sums.moments(&[Step::ONE, tick])
    }
}

impl Sufficient for RateSums {
    fn units(&self) -> u64 {
        self.sums.units()
    }

    fn merge(&mut self, other: &Self) -> Result<(), StatError> {
        self.sums.merge(&other.sums)
    }

    fn subtract(&mut self, other: &Self) -> Result<(), StatError> {
        self.sums.subtract(&other.sums)
    }
}
