//! All trials of an agency at a glance.

mod show;

pub use show::{Line, Show};
