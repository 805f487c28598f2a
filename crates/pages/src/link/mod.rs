//! Links by which another agency sends outcomes for one trial.

mod list;

pub use list::{List, Proposal, Row};
