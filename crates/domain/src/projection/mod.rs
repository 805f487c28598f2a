//! Events folded into outcomes per unit and exact tallies per arm.
//!
//! **Architecture invariant:** a projection is a pure fold of the assignments, the events and the notes of a trial. Whoever folds
//! the same rows gets the same numbers, in whatever order and on whatever server; nothing else is ever written to it.
//!
//! Tallies are kept by day of assignment, because people mature by day: a report adds up the days whose follow-up is
//! over and never looks at an event.

mod alike;
mod by_cluster;
mod by_level;
mod column;
mod correction;
mod days;
mod evidence;
mod handling;
mod held;
mod progress;
mod room;
mod saved;
mod tally;
mod trial_projection;
mod unit_evidence;

pub use alike::Alike;
pub use by_level::LevelCounts;
pub use correction::FoldedCorrection;
pub use evidence::{
    ArmDay, Cell, ClusterHandling, DayTally, EventCounts, Evidence, OutcomeEvidence, PeriodCell, Replayed,
    WedgeEvidence,
};
pub use handling::{ArmHandling, UnitNote};
pub use held::{HarmCrossing, HeldLook};
pub use tally::Tally;
pub use trial_projection::{AssignedUnit, FoldedEvent, TrialProjection, matures_at};
pub use unit_evidence::{Delivery, Observed, UnitEvidence, UnitRecord};
