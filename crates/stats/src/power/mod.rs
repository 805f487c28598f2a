//! How many people, clusters or events a trial needs, what power a given size has, and what it can find at all.

mod clusters;
mod means;
mod noncentral_t;
mod plan;
mod proportions;
mod rates;
mod stepped_wedge;
mod survival;

pub use crate::two_proportions::{ExactTest, RejectionRegion, exact_needed, exact_power};
pub use clusters::{ClusterSizes, clusters_detectable, clusters_needed, clusters_power};
pub use means::{means_detectable, means_needed, means_power};
pub use plan::{Plan, SampleSize};
pub use proportions::{proportions_detectable, proportions_needed, proportions_power};
pub use rates::{rates_needed, rates_power};
pub use stepped_wedge::{StepTotals, StepUnits, stepped_wedge_power, stepped_wedge_totals, stepped_wedge_variance};
pub use survival::{EventTimes, events_needed, events_power, survival_needed};
