//! Names of a person: taking back that two are one.

mod part;

pub use part::{Part, REASONS};
