//! Programs that are told when something wants a person.

mod create;
mod list;
mod show;

pub use create::{Create, Created};
pub use list::{List, Row, Standing};
pub use show::{Sending, Show};

use fairtrial_domain::trial::AlertKind;

/// What a receiver is told of, in words.
#[must_use]
pub fn told_of(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Harm => "Harm",
        AlertKind::Stopped => "Enrolment that stopped at a planned look",
        AlertKind::Check => "A check of the data that turned red",
        AlertKind::Signature => "Plans that wait for signatures",
        AlertKind::Due => "Something to read, decide, agree to or end",
        AlertKind::Overdue => "Results that are overdue",
        AlertKind::Message => "Questions and complaints",
        AlertKind::Receiver => "Another receiver that fails",
    }
}

fn more_of(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Harm => {
            "A boundary for harm was crossed, a grave harm was reported, or a trial was suspended or stopped because of harm."
        }
        AlertKind::Stopped => "It is not told whether for success or for the lack of it.",
        AlertKind::Check => "Such as too many people in one version.",
        AlertKind::Signature => "New plans and changes of plans under way.",
        AlertKind::Due => {
            "A look was held, the data are locked, a second person must agree, or the last day of enrolment is over."
        }
        AlertKind::Overdue => "They should have been public by now.",
        AlertKind::Message => "That there is one; not what it says.",
        AlertKind::Receiver => "It did not take an alert in three days.",
    }
}
