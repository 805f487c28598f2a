//! What a trial is: protocol, life cycle, eligibility, allocation, event screening. Pure.
//!
//! **Architecture invariant:** nothing here reads a clock, draws ambient randomness, or does I/O. Time, secrets and
//! identifiers are arguments, so that every decision can be replayed and tested by the million.

pub mod allocation;
pub mod canonical;
pub mod checkpoint;
pub mod decimal;
pub mod decision_rule;
pub mod eligibility;
pub mod event;
pub mod fault;
pub mod identity;
pub mod json;
pub mod key;
pub mod note;
pub mod projection;
pub mod protocol;
pub mod trial;
pub mod visible;

pub use decimal::Decimal;
pub use fault::Fault;
pub use identity::{Pseudonym, PseudonymKey, UnitText};
pub use key::{AgencyKey, ArmKey, LayerKey, OutcomeKey, TouchpointKey, TrialKey};
pub use protocol::{LockedProtocol, Protocol, ProtocolId};
