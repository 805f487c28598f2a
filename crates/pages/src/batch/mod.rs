//! Lists of people for letters.

mod list;
mod show;

pub use list::{List, Row};
pub use show::{Balance, Committed, May, Show};
