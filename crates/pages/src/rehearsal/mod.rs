//! The rehearsal of a plan.

mod ending;
mod show;

pub use show::Show;
