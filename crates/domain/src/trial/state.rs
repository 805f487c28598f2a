//! States and verbs, as one table.

use thiserror::Error;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in documents, addresses and the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads the word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use words;

words!(
    /// Where a trial stands.
    State {
        /// Being written.
        Draft = "draft",
        /// Waiting for signatures.
        InReview = "in_review",
        /// Fully signed, not started.
        Approved = "approved",
        /// People enter.
        Enrolling = "enrolling",
        /// Nobody new enters for now; people in it keep their version.
        EnrolmentPaused = "enrolment_paused",
        /// Everybody gets the current version for now.
        Suspended = "suspended",
        /// Nobody enters any more; outcomes are still collected.
        FollowUp = "follow_up",
        /// The data no longer change.
        DataLocked = "data_locked",
        /// The results are public; what is done about them is not decided yet.
        Reported = "reported",
        /// Decided what is done about the results.
        Decided = "decided",
        /// Results and decision are public: nothing is left to do.
        Archived = "archived",
        /// Given up before anybody was assigned.
        Withdrawn = "withdrawn",
        /// Refused for good by somebody who had to sign it.
        Refused = "refused",
    }
);

words!(
    /// What people do with a trial.
    Verb {
        /// The designer asks for signatures.
        Submit = "submit",
        /// A reviewer signs the exact content.
        Approve = "approve",
        /// A reviewer sends it back.
        Return = "return",
        /// A reviewer refuses it for good; another plan is another trial.
        Refuse = "refuse",
        /// It begins; from now on the plan is locked.
        Start = "start",
        /// Nobody new enters.
        PauseEnrolment = "pause_enrolment",
        /// People enter again.
        ResumeEnrolment = "resume_enrolment",
        /// Everybody gets the current version.
        Suspend = "suspend",
        /// The versions are served again.
        Resume = "resume",
        /// Enrolment ends for good.
        Stop = "stop",
        /// The data are frozen and the verdict is final.
        LockData = "lock_data",
        /// What is done about the results is decided.
        Decide = "decide",
        /// The results, and the decision once it is taken, become public.
        Publish = "publish",
        /// It is given up.
        Withdraw = "withdraw",
        /// The plan of a started trial is to change: a new version, with signatures of its own.
        Amend = "amend",
    }
);

/// A verb that does not fit the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a trial that is {} cannot {}", .state.as_str(), .verb.as_str())]
pub struct VerbError {
    /// Where the trial stands.
    pub state: State,
    /// What was asked.
    pub verb: Verb,
}

impl State {
    /// Where a verb leads. Approving keeps a trial in review until no signature of [`super::Review`] is missing; while it
    /// runs, approving and returning are about an amendment, and leave it where it stands.
    ///
    /// # Errors
    /// When the verb does not fit the state.
    pub fn after(self, verb: Verb) -> Result<Self, VerbError> {
        use State::*;
        use Verb as V;
        match (self, verb) {
            (Draft, V::Submit) => Ok(InReview),
            (InReview, V::Approve) => Ok(InReview),
            (InReview | Approved, V::Return) => Ok(Draft),
            (InReview | Approved, V::Refuse) => Ok(Refused),
            (Approved, V::Start) => Ok(Enrolling),
            (Enrolling, V::PauseEnrolment) => Ok(EnrolmentPaused),
            (EnrolmentPaused, V::ResumeEnrolment) => Ok(Enrolling),
            (Enrolling | EnrolmentPaused, V::Suspend) => Ok(Suspended),
            // Back to paused, so that taking people in again is a decision of its own.
            (Suspended, V::Resume) => Ok(EnrolmentPaused),
            (Enrolling | EnrolmentPaused | Suspended, V::Stop) => Ok(FollowUp),
            (FollowUp, V::LockData) => Ok(DataLocked),
            (DataLocked, V::Publish) => Ok(Reported),
            (DataLocked | Reported, V::Decide) => Ok(Decided),
            (Decided, V::Publish) => Ok(Archived),
            (running @ (Enrolling | EnrolmentPaused | Suspended | FollowUp), V::Amend | V::Approve | V::Return) => {
                Ok(running)
            }
            (Draft | InReview | Approved, V::Withdraw) => Ok(Withdrawn),
            (state, verb) => Err(VerbError { state, verb }),
        }
    }

    /// Whether the plan may still be edited.
    #[must_use]
    pub fn is_draft(self) -> bool {
        self == Self::Draft
    }

    /// Whether the trial has begun: somebody may have been assigned.
    #[must_use]
    pub fn has_started(self) -> bool {
        !matches!(self, Self::Draft | Self::InReview | Self::Approved | Self::Withdrawn | Self::Refused)
    }

    /// Whether outcome events are still collected.
    #[must_use]
    pub fn collects_events(self) -> bool {
        self.has_started() && !self.is_locked()
    }

    /// Whether the data no longer change.
    #[must_use]
    pub fn is_locked(self) -> bool {
        matches!(self, Self::DataLocked | Self::Reported | Self::Decided | Self::Archived)
    }

    /// Whether the results are public for certain. A decided trial's may be too.
    #[must_use]
    pub fn is_public(self) -> bool {
        matches!(self, Self::Reported | Self::Archived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_back_before_the_start() {
        for state in State::ALL.iter().filter(|s| s.has_started()) {
            for verb in Verb::ALL {
                if let Ok(next) = state.after(*verb) {
                    assert!(next.has_started(), "{state:?} {verb:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_put_away_before_it_is_public() {
        // Every state from which one verb leads to the archive: the verb is to publish.
        for state in State::ALL {
            for verb in Verb::ALL.iter().filter(|verb| state.after(**verb) == Ok(State::Archived)) {
                assert_eq!(*verb, Verb::Publish, "{state:?}");
            }
        }
    }

    #[test]
    fn locked_data_stay_locked() {
        for state in State::ALL.iter().filter(|state| state.is_locked()) {
            for verb in Verb::ALL {
                assert!(
                    state.after(*verb).is_err() || state.after(*verb).is_ok_and(State::is_locked),
                    "{state:?} {verb:?}"
                );
            }
        }
    }

    #[test]
    fn stopping_is_possible_from_wherever_people_are_in_it() {
        for state in [State::Enrolling, State::EnrolmentPaused, State::Suspended] {
            assert_eq!(state.after(Verb::Stop), Ok(State::FollowUp));
        }
    }

    #[test]
    fn words_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.as_str()), Some(*state));
        }
        assert_eq!(Verb::from_word("erase"), None);
    }
}
