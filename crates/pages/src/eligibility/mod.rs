//! Trying out who is in.

mod show;

pub use show::{Person, Show};
