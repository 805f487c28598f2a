//! What the front line notes of people in a trial: how versions arrive, care, and harm.

mod create;
mod show;

pub use create::{Create, What};
pub use show::{ByVersion, Show};
