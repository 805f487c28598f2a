//! Decisions and what became of them, in words.

use crate::component::{Tag, TagColour};
use fairtrial_analysis::report::VerdictKind;
use fairtrial_domain::trial::{Adoption, Decision};

/// A decision as a statement.
#[must_use]
pub fn decided(decision: Decision) -> &'static str {
    decision.statement()
}

/// What became of an adoption, as a statement.
#[must_use]
pub fn became(status: Adoption) -> &'static str {
    match status {
        Adoption::Adopted => "It is the usual version now",
        Adoption::Adapted => "A changed version of it is the usual one now",
        Adoption::Dropped => "It was given up",
        Adoption::Blocked => "Something stands in its way",
    }
}

/// What became of an adoption, as a short word in its colour.
#[must_use]
pub fn adoption_tag(status: Adoption) -> Tag {
    match status {
        Adoption::Adopted => Tag::new("Adopted", TagColour::Green),
        Adoption::Adapted => Tag::new("Adapted", TagColour::Blue),
        Adoption::Dropped => Tag::new("Dropped", TagColour::Grey),
        Adoption::Blocked => Tag::new("Blocked", TagColour::Orange),
    }
}

/// What a verdict means to whoever looks over many trials.
#[must_use]
pub fn learned(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Succeeded => "Clear yes",
        VerdictKind::Failed => "Clear no",
        VerdictKind::Harmful => "Stopped for harm",
        VerdictKind::Undecided => "Not enough information",
        VerdictKind::Invalid => "Could not be read",
    }
}
