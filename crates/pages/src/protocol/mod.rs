//! The plan of a trial.

mod show;

pub use show::{Part, Show};
