//! Keys with which front-line applications and other programs come in.

mod create;
mod list;
pub mod scope;

pub use create::{Create, Created};
pub use list::{List, Row};
