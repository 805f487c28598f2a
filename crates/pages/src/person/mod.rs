//! The people of an agency and their roles.

mod create;
mod list;
pub mod role;

pub use create::{Create, Created};
pub use list::{List, Row};
