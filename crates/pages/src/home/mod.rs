//! The first page after signing in.

mod show;

pub use show::{Show, Waiting};
