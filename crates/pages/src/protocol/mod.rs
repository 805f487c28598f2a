//! The plan of a trial.

mod eligibility;
mod show;
mod words;

pub use show::{Part, Show};
pub use words::summary;
