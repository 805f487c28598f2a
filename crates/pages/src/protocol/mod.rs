//! The plan of a trial.

mod edit;
mod eligibility;
mod form;
mod rule;
mod show;
mod words;

pub use edit::Edit;
pub(crate) use eligibility::attribute as attribute_words;
pub(crate) use form::DocumentForm;
pub(crate) use rule::{beside_the_rule, rule_sentence, truth_table};
pub use show::{Part, Show};
pub use words::summary;
pub(crate) use words::{
    chance, in_100, limits, measured, missing as missing_words, notice, parts as public_parts, spending, watched, who,
};
