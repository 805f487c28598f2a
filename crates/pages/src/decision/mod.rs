//! Deciding what is done about the results of a trial, and following up what became of it.

mod show;
pub mod words;

pub use show::{Entry, Opening, Record, Show};
