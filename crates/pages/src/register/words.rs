//! How the public is told where a trial stands.

use crate::component::{Tag, TagColour};
use crate::number::grouped;
use fairtrial_analysis::release::Count;
use fairtrial_domain::trial::State;

/// The state in words that need no explanation.
#[must_use]
pub fn state(state: State, reverted: bool) -> &'static str {
    match state {
        State::Draft | State::InReview => "Being planned",
        State::Approved => "Approved, not started",
        State::Enrolling => "Under way",
        State::EnrolmentPaused => "Under way, nobody new enters for now",
        State::Suspended => "Suspended: everybody gets the usual version",
        State::FollowUp if reverted => "Stopped for harm, outcomes are awaited",
        State::FollowUp => "Nobody new enters, outcomes are awaited",
        State::DataLocked | State::Reported | State::Decided | State::Archived if reverted => "Stopped for harm",
        State::DataLocked | State::Reported | State::Decided | State::Archived => "Finished",
        State::Withdrawn => "Withdrawn before anybody took part",
        State::Refused => "Refused for good before anybody took part",
    }
}

/// The state as a short word in its colour.
#[must_use]
pub fn state_tag(state: State, reverted: bool) -> Tag {
    match state {
        State::Draft | State::InReview => Tag::new("Planned", TagColour::Grey),
        State::Approved => Tag::new("Approved", TagColour::Blue),
        State::Enrolling | State::EnrolmentPaused => Tag::new("Under way", TagColour::Green),
        State::Suspended => Tag::new("Suspended", TagColour::Orange),
        state if reverted && (state == State::FollowUp || state.is_locked()) => Tag::new("Stopped", TagColour::Red),
        State::FollowUp => Tag::new("Awaiting outcomes", TagColour::Blue),
        State::DataLocked | State::Reported | State::Decided | State::Archived => {
            Tag::new("Finished", TagColour::Purple)
        }
        State::Withdrawn => Tag::new("Withdrawn", TagColour::Grey),
        State::Refused => Tag::new("Refused", TagColour::Grey),
    }
}

/// A released count in words: "1,023", "not shown". Why it is hidden is not told: it is small, or a small one beside it could
/// be worked out from it.
#[must_use]
pub fn count(count: Count) -> String {
    count.value().map_or_else(|| HIDDEN.to_owned(), grouped)
}

/// What stands in the place of a hidden count, on pages and in files alike.
pub(crate) const HIDDEN: &str = "not shown";
