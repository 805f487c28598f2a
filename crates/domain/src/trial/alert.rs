//! What calls for a person, told by a message to whoever the agency names. Which changes do follows from their entries in the audit.

use serde_json::Value;

use super::state::words;

words!(
    /// Kinds of alert, by what people can do about them.
    AlertKind {
        /// Somebody seems to be harmed, or a trial was stopped because of it.
        Harm = "harm",
        /// A planned boundary ended enrolment.
        Stopped = "stopped",
        /// A check of the data turned red.
        Check = "check",
        /// A plan or a change of one waits for signatures.
        Signature = "signature",
        /// Something waits for somebody: a look to be read, a decision, a second person, an end.
        Due = "due",
        /// Results should have been public by now.
        Overdue = "overdue",
        /// Somebody asked or complained.
        Message = "message",
        /// A receiver of alerts does not take them.
        Receiver = "receiver",
    }
);

words!(
    /// What exactly happened. The part before the point is the word of its kind.
    AlertMatter {
        /// A boundary for harm was crossed, at a look or between two.
        HarmBoundary = "harm.boundary_crossed",
        /// Somebody ended the trial because of harm.
        StoppedForHarm = "harm.stopped",
        /// The trial is suspended.
        Suspended = "harm.suspended",
        /// A grave harm was reported.
        GraveHarm = "harm.reported",
        /// A planned boundary was reached at a look. Which one is not told: whoever runs the trial must not know.
        BoundaryReached = "stopped.boundary_reached",
        /// A check of the data turned red.
        CheckRed = "check.red",
        /// A plan was sent for signatures.
        PlanWaits = "signature.plan",
        /// A change of a plan under way was proposed.
        AmendmentWaits = "signature.amendment",
        /// A planned look was held, and nothing stops.
        LookHeld = "due.look_held",
        /// The data are locked.
        DecisionWaits = "due.decision",
        /// Somebody asked for what takes two.
        SecondPersonWaits = "due.second_person",
        /// Enrolment goes on after its last day.
        EnrolmentPastEnd = "due.enrolment_past_end",
        /// Results are not public in time.
        ResultsOverdue = "overdue.results",
        /// Somebody asked.
        Question = "message.question",
        /// Somebody complained.
        Complaint = "message.complaint",
        /// A receiver did not take an alert in all its tries.
        ReceiverFails = "receiver.failing",
        /// An administrator tries a receiver out.
        Test = "test",
    }
);

/// Least severity of a reported harm that calls for somebody at once.
const GRAVE: u64 = 3;

/// Entries of the audit by which a server notes what only the time of day brings about.
pub const PAST_END_NOTED: &str = "trial.enrolment_past_end";
/// The same for results.
pub const OVERDUE_NOTED: &str = "trial.results_overdue";
/// The entry by which a receiver is known to fail.
pub const RECEIVER_FAILS: &str = "receiver.failing";
/// The entry of a trial of a receiver.
pub const RECEIVER_TESTED: &str = "receiver.tested";

impl AlertMatter {
    /// What the entry of a change tells; nothing for changes that call for nobody.
    #[must_use]
    pub fn of_entry(action: &str, detail: &Value) -> Option<Self> {
        let word = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
        Some(match action {
            "harm.boundary_crossed" => Self::HarmBoundary,
            "look.held" => match word("decision") {
                "harmful" => Self::HarmBoundary,
                "succeeded" | "futile" => Self::BoundaryReached,
                _ => Self::LookHeld,
            },
            "trial.stop" if detail.get("because_of_harm") == Some(&Value::Bool(true)) => Self::StoppedForHarm,
            "trial.suspend" => Self::Suspended,
            "harm.reported" if detail.get("severity").and_then(Value::as_u64).is_some_and(|grade| grade >= GRAVE) => {
                Self::GraveHarm
            }
            "check.reddened" => Self::CheckRed,
            "trial.submit" => Self::PlanWaits,
            "trial.amend" => Self::AmendmentWaits,
            "trial.lock_data" => Self::DecisionWaits,
            "trial.decide_asked" | "trial.resume_asked" => Self::SecondPersonWaits,
            PAST_END_NOTED => Self::EnrolmentPastEnd,
            OVERDUE_NOTED => Self::ResultsOverdue,
            "message.sent" if word("kind") == "complaint" => Self::Complaint,
            "message.sent" => Self::Question,
            RECEIVER_FAILS => Self::ReceiverFails,
            RECEIVER_TESTED => Self::Test,
            _ => return None,
        })
    }

    /// Its kind; a trial of a receiver has none, and goes to that receiver alone.
    #[must_use]
    pub fn kind(self) -> Option<AlertKind> {
        AlertKind::from_word(self.as_str().split('.').next()?)
    }

    /// What happened and what to do, in a sentence or two. No number of any version is among it, nor which of them did better.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::HarmBoundary => {
                "A boundary for harm was crossed. What the plan says for it is done; look at the trial now."
            }
            Self::StoppedForHarm => {
                "The trial was stopped because of harm. Everybody gets the usual version from now on."
            }
            Self::Suspended => {
                "The trial is suspended: everybody gets the usual version until two people let it go on."
            }
            Self::GraveHarm => "A grave harm was reported. Read the report, and suspend the trial if you must.",
            Self::BoundaryReached => {
                "A planned boundary was reached at a look, and enrolment has stopped. Two people decide whether it goes on."
            }
            Self::CheckRed => "A check of the data has turned red. Find out why before more people enter.",
            Self::PlanWaits => "A plan waits for signatures.",
            Self::AmendmentWaits => "A change of a plan under way waits for signatures.",
            Self::LookHeld => "A planned look was held, and the trial goes on. The monitor can read it.",
            Self::DecisionWaits => "The data are locked. Somebody has to decide what is done about the results.",
            Self::SecondPersonWaits => "Somebody asked for something that needs a second person to agree.",
            Self::EnrolmentPastEnd => "Enrolment should have ended: the last day of the plan is over.",
            Self::ResultsOverdue => "Results should have been public by now. Publish them.",
            Self::Question => "Somebody asked a question about the trial. It waits for an answer.",
            Self::Complaint => "Somebody complained about the trial. It waits for an answer.",
            Self::ReceiverFails => "A receiver did not take an alert in all the times that it was sent. Look why.",
            Self::Test => "This is a test. Nothing happened.",
        }
    }

    /// The address of the page where something can be done about it.
    #[must_use]
    pub fn page(self, subject: &str) -> String {
        match self {
            Self::PlanWaits | Self::AmendmentWaits => format!("/trials/{subject}/review"),
            Self::LookHeld => format!("/trials/{subject}/looks"),
            Self::DecisionWaits => format!("/trials/{subject}/decision"),
            Self::Question | Self::Complaint => "/messages".to_owned(),
            Self::ReceiverFails | Self::Test => format!("/admin/receivers/{subject}"),
            _ => format!("/trials/{subject}"),
        }
    }

    /// Whether it is about a trial.
    #[must_use]
    pub fn is_about_a_trial(self) -> bool {
        !matches!(self, Self::ReceiverFails | Self::Test)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_matter_but_a_test_has_a_kind_and_each_kind_a_matter() {
        for matter in AlertMatter::ALL {
            assert_eq!(matter.kind().is_none(), *matter == AlertMatter::Test, "{matter:?}");
        }
        for kind in AlertKind::ALL {
            assert!(AlertMatter::ALL.iter().any(|matter| matter.kind() == Some(*kind)), "{kind:?}");
        }
        assert_eq!(AlertKind::ALL.len(), 8, "a ninth kind is one that nobody reads");
    }

    #[test]
    fn a_look_tells_neither_success_nor_the_lack_of_it() {
        let told = |decision: &str| AlertMatter::of_entry("look.held", &json!({"decision": decision}));
        assert_eq!(told("succeeded"), told("futile"));
        assert_eq!(told("succeeded"), Some(AlertMatter::BoundaryReached));
        assert_eq!((told("failed"), told("invalid")), (told("keep_going"), told("keep_going")));
        assert_eq!(told("harmful"), Some(AlertMatter::HarmBoundary));
    }

    #[test]
    fn what_calls_for_nobody_is_no_alert() {
        let told = |action: &str, detail| AlertMatter::of_entry(action, &detail);
        assert_eq!(told("harm.reported", json!({"severity": 2})), None);
        assert_eq!(told("harm.reported", json!({"severity": 3})), Some(AlertMatter::GraveHarm));
        assert_eq!(told("trial.stop", json!({"because_of_harm": false})), None);
        assert_eq!(told("trial.stop", json!({"because_of_harm": true})), Some(AlertMatter::StoppedForHarm));
        assert_eq!(told("message.sent", json!({"kind": "complaint"})), Some(AlertMatter::Complaint));
        assert_eq!(told("person.signed_in", json!({})), None);
    }

    #[test]
    fn sentences_hold_no_number() {
        for matter in AlertMatter::ALL {
            assert!(!matter.sentence().chars().any(|c| c.is_ascii_digit()), "{matter:?}");
            assert!(matter.page("letter").starts_with('/'));
        }
    }
}
