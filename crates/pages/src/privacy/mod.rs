//! The thirteen information privacy principles, asked of a plan: what it answers already, and what a person must answer.

mod answers;
mod checklist;
mod document;
mod show;

pub use checklist::{Checklist, Facts, Principle};
pub use document::markdown;
pub use show::Show;
