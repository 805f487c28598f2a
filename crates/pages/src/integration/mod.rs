//! Connecting an app to a trial.

mod show;

pub use show::{LastCall, Seen, Show};
