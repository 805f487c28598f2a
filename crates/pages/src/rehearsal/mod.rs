//! The rehearsal of a plan.

mod show;

pub use show::Show;
