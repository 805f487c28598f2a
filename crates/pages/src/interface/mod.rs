//! What programs may ask for.

mod show;

pub use show::{Call, Group, Show};
