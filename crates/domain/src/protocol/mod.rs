//! The protocol: the full, locked description of a trial.

mod checks;
mod checks_allocation;
mod cursor;
mod document;
mod id;
mod outcome;
mod payload;
mod reader;
mod reader_allocation;
mod reader_parts;
mod reader_people;
mod tags;

pub use document::{
    Aim, Allocation, AnalysisPlan, Arm, Contamination, Costs, DataPlan, Entitlement, Equity, GotIt, Hypothesis,
    Kaitiaki, Merge, Missing, Monitoring, Planning, Protocol, PublicComment, Risk, RiskLevel, Sides, Spending,
};
pub use id::{LockedProtocol, ProtocolId};
pub use outcome::{Action, Better, HarmWatch, Outcome, OutcomeKind, Role};
pub use payload::Payload;
pub use tags::{Population, Tags, Technique};

/// The schema that this version reads.
pub const SCHEMA: &str = "fairtrial/protocol/1";
