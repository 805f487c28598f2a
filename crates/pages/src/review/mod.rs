//! What waits for signatures, and the page on which a reviewer reads and signs.

mod comment;
mod inbox;
mod list;
mod reach;
mod show;
mod similar;

pub use comment::{Comment, CommentAnswer};
pub use inbox::{Attention, Matter, Since, red_checks};
pub use list::{List, Row};
pub use reach::Burden;
pub use show::{HarmRules, Review, Show};
pub use similar::{Similar, harm_sentence};
