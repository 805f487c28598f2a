//! The plan of a trial.

mod eligibility;
mod show;
mod words;

pub(crate) use eligibility::attribute as attribute_words;
pub use show::{Part, Show};
pub(crate) use words::parts as public_parts;
pub use words::summary;
