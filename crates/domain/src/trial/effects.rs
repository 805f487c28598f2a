//! What each state means for people, in words.

use super::state::State;

/// What happens to whom while a trial stands where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effects {
    /// To people who come for the first time.
    pub new_people: &'static str,
    /// To people who are in it.
    pub people_in_it: &'static str,
    /// To what is heard of them afterwards.
    pub outcomes: &'static str,
}

const USUAL: &str = "They get the usual version and are not in the trial.";
const KEEP: &str = "They keep the version they were given.";
const BACK: &str = "They get the usual version. In the comparison they stay with the version they were given.";
const COLLECTED: &str = "They are collected.";

impl State {
    /// What the state means for people. `reverted` says whether the trial was stopped because people were harmed.
    #[must_use]
    pub fn effects(self, reverted: bool) -> Effects {
        let (new_people, people_in_it, outcomes) = match self {
            Self::Draft | Self::InReview | Self::Approved => (USUAL, "Nobody is in it yet.", "None are collected."),
            Self::Withdrawn | Self::Refused => (USUAL, "Nobody was ever in it.", "None are collected."),
            Self::Enrolling => ("Chance gives each a version, and they keep it.", KEEP, COLLECTED),
            Self::EnrolmentPaused => (USUAL, KEEP, COLLECTED),
            Self::Suspended => (USUAL, BACK, COLLECTED),
            Self::FollowUp => (USUAL, if reverted { BACK } else { KEEP }, COLLECTED),
            Self::DataLocked | Self::Reported | Self::Decided | Self::Archived => {
                (USUAL, "They get the usual version.", "What arrives later no longer counts.")
            }
        };
        Effects { new_people, people_in_it, outcomes }
    }
}
