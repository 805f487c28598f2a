//! The library of trials that are over.

mod list;
pub mod tag;

pub use list::{Card, List, Looked, VERDICTS};
