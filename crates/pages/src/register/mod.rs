//! The public register: for everybody, without signing in. Numbers of people come as released ones only.

mod feed;
mod list;
mod show;
mod words;

pub use feed::{Feed, FeedEntry};
pub use list::{List, Row};
pub use show::{Approval, PlanChange, Show, Standing};
pub(crate) use words::HIDDEN;
pub use words::{count, state, state_tag};
