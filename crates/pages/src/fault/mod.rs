//! Pages for when something cannot be shown or done.

mod show;

pub use show::{Reason, Show};
