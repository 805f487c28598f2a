//! What waits for signatures, and the page on which a reviewer reads and signs.

mod list;
mod show;

pub use list::{List, Row};
pub use show::{Comment, Review, Show};
