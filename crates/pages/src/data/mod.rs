//! The data of a trial for its analysts.

mod records;
mod show;

pub use records::{heading, records};
pub use show::Show;
