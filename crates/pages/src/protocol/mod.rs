//! The plan of a trial.

mod edit;
mod eligibility;
mod show;
mod words;

pub use edit::Edit;
pub(crate) use eligibility::attribute as attribute_words;
pub use show::{Part, Show};
pub use words::summary;
pub(crate) use words::{limits, notice, parts as public_parts, who};
