//! The library of trials that are over.

mod list;

pub use list::{Card, List, Looked, VERDICTS};
