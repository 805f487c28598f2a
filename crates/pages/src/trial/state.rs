use crate::component::{Tag, TagColour};
use fairtrial_domain::trial::State;

/// The state as a word in its colour.
#[must_use]
pub fn tag(state: State) -> Tag {
    match state {
        State::Draft => Tag::new("Draft", TagColour::Grey),
        State::InReview => Tag::new("Waiting for signatures", TagColour::Yellow),
        State::Approved => Tag::new("Ready to start", TagColour::Blue),
        State::Enrolling => Tag::new("Running", TagColour::Green),
        State::EnrolmentPaused => Tag::new("Enrolment paused", TagColour::Orange),
        State::Suspended => Tag::new("Suspended", TagColour::Orange),
        State::FollowUp => Tag::new("Waiting for outcomes", TagColour::Blue),
        State::DataLocked => Tag::new("Finished", TagColour::Purple),
        State::Reported => Tag::new("Results public", TagColour::Purple),
        State::Decided => Tag::new("Decided", TagColour::Purple),
        State::Archived => Tag::new("Archived", TagColour::Grey),
        State::Withdrawn => Tag::new("Withdrawn", TagColour::Grey),
        State::Refused => Tag::new("Refused", TagColour::Red),
    }
}

/// The state in a sentence, with what comes next.
pub(super) fn sentence(state: State) -> &'static str {
    match state {
        State::Draft => "The plan is being written. Send it for approval when it is complete.",
        State::InReview => "The plan waits for signatures. Nobody is assigned before all are given and it is started.",
        State::Approved => "All signatures are given. The trial can be started.",
        State::Enrolling => "People are being assigned. The versions are compared only as the plan says.",
        State::EnrolmentPaused => "Nobody new enters for now. Those who are in keep their version.",
        State::Suspended => "Everybody gets the usual version for now. Resume the trial or stop it.",
        State::FollowUp => "Nobody enters any more. Outcomes are still coming in. Lock the data when the last is due.",
        State::DataLocked => "The data no longer change. The report says what the trial has shown.",
        State::Reported => "The results are public. It has not been decided what is done about them.",
        State::Decided => "It is decided what is done about the results. Publish it, so that nothing is left to do.",
        State::Archived => "The results and the decision are public. Nothing is left to do.",
        State::Withdrawn => "The trial was given up before anybody was assigned.",
        State::Refused => "The plan was refused for good. Another plan is another trial.",
    }
}
