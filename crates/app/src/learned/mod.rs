//! What was learned from trials that are over, and what became of it.

pub mod adoption;
pub mod finding;
pub mod library;
pub mod portfolio;
pub mod reuse;
mod similar;
