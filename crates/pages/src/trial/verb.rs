use crate::Frame;
use crate::component::{Area, Button, ButtonStyle};

/// The steps of a trial's life that are taken with a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Send the plan to those who must sign it.
    Submit,
    /// Sign the plan.
    Approve,
    /// Give the plan back to its author.
    Return,
    /// Begin to assign people.
    Start,
    /// Assign nobody new; those who are in stay in.
    PauseEnrolment,
    /// Assign people again after a pause.
    ResumeEnrolment,
    /// Give everybody the usual version for now.
    Suspend,
    /// Go on after a suspension.
    Resume,
    /// End the trial early, for ever.
    Stop,
    /// Close the data of a trial that has ended.
    LockData,
    /// Put the result on the public register.
    Publish,
    /// Give the trial up before it has started.
    Withdraw,
}

impl Verb {
    /// The last part of the address that the button posts to: `/trials/{trial}/{path}`.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Approve => "approve",
            Self::Return => "return",
            Self::Start => "start",
            Self::PauseEnrolment => "pause_enrolment",
            Self::ResumeEnrolment => "resume_enrolment",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::LockData => "lock_data",
            Self::Publish => "publish",
            Self::Withdraw => "withdraw",
        }
    }

    /// Whether a person must say why.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Return | Self::PauseEnrolment | Self::Suspend | Self::Resume | Self::Stop | Self::Withdraw)
    }

    /// Whether the button stands apart from the others, because what it does cannot be undone.
    #[must_use]
    pub fn stands_apart(self) -> bool {
        matches!(self, Self::Stop | Self::Withdraw)
    }

    fn label(self) -> &'static str {
        match self {
            Self::Submit => "Send for approval",
            Self::Approve => "Sign the plan",
            Self::Return => "Return to the author",
            Self::Start => "Start the trial",
            Self::PauseEnrolment => "Pause enrolment",
            Self::ResumeEnrolment => "Resume enrolment",
            Self::Suspend => "Suspend the trial",
            Self::Resume => "Resume the trial",
            Self::Stop => "Stop the trial for ever",
            Self::LockData => "Lock the data",
            Self::Publish => "Publish the result",
            Self::Withdraw => "Withdraw the trial",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::Submit => {
                "The plan goes to those who must sign it. You can go on changing it only if they return it."
            }
            Self::Approve => {
                "Your signature is bound to exactly this plan. If anything in it changes, it must be signed again."
            }
            Self::Return => "The author can change the plan and send it again. Signatures given so far are void.",
            Self::Start => "From this moment people are assigned to versions. The plan is locked.",
            Self::PauseEnrolment => {
                "Nobody new enters. People who are in keep their version, and outcomes still count."
            }
            Self::ResumeEnrolment => "New people can enter again.",
            Self::Suspend => "Everybody gets the usual version from now on, until the trial is resumed or stopped.",
            Self::Resume => "People who are in get their version again, and new people can enter.",
            Self::Stop => "Everybody gets the usual version from now on. A stopped trial cannot be started again.",
            Self::LockData => {
                "The numbers are fixed and the verdict is worked out from them. Later events no longer count."
            }
            Self::Publish => "The result appears on the public register, with the plan and its changes.",
            Self::Withdraw => "The trial is given up. Its plan stays on record, with your reason.",
        }
    }

    /// The form with the button, on the page of the trial called `trial`.
    #[must_use]
    pub fn button(self, frame: &Frame, trial: &str) -> Button {
        let reason = self.needs_reason().then(|| Area {
            id: format!("reason-{}", self.path()),
            hint: Some("It is kept on record with your name.".into()),
            ..Area::new("reason", "Reason")
        });
        Button {
            explanation: Some(self.explanation().into()),
            reason,
            style: match self {
                Self::Submit | Self::Approve | Self::Start | Self::LockData | Self::Publish => ButtonStyle::Primary,
                Self::Stop | Self::Withdraw => ButtonStyle::Warning,
                _ => ButtonStyle::Secondary,
            },
            ..frame.button(format!("/trials/{trial}/{}", self.path()), self.label())
        }
    }
}
