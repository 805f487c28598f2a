//! The record of who did what.

mod show;

pub use show::Show;
