//! A person's own account.

mod show;

pub use show::Show;
