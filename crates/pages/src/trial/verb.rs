use crate::Frame;
use crate::component::{Area, Button, ButtonStyle, Choice, ChoiceOption, Choices};
use fairtrial_domain::trial::Verb;

/// Whether a person must say why. The reason is sent as `reason`.
#[must_use]
pub fn needs_reason(verb: Verb) -> bool {
    use Verb::{LockData, PauseEnrolment, Resume, Return, Stop, Suspend, Withdraw};
    matches!(verb, Return | PauseEnrolment | Suspend | Resume | Stop | LockData | Withdraw)
}

/// Whether the button stands apart from the others, because what it does cannot be undone.
pub(super) fn stands_apart(verb: Verb) -> bool {
    matches!(verb, Verb::Stop | Verb::Withdraw)
}

/// The form with the button, posting to `/trials/{trial}/{verb}`.
pub(super) fn button(verb: Verb, frame: &Frame, trial: &str) -> Button {
    let reason = needs_reason(verb).then(|| Area {
        id: format!("reason-{}", verb.as_str()),
        hint: Some("It is kept on record with your name.".into()),
        ..Area::new("reason", "Reason")
    });
    let harm = "People are harmed: everybody gets the usual version from now on";
    let choice = (verb == Verb::Stop).then(|| Choice {
        name: "because_of_harm".into(),
        legend: "Why is it stopped?".into(),
        hint: Some("Leave this empty when it is stopped for another reason.".into()),
        error: None,
        options: vec![ChoiceOption::new("yes", harm, None)],
        choices: Choices::Any,
    });
    Button {
        explanation: Some(explanation(verb).into()),
        reason,
        choice,
        protocol_id: frame.facts.protocol_id.clone(),
        style: match verb {
            Verb::Submit | Verb::Approve | Verb::Start | Verb::LockData => ButtonStyle::Primary,
            Verb::Stop | Verb::Withdraw => ButtonStyle::Warning,
            _ => ButtonStyle::Secondary,
        },
        ..frame.button(format!("/trials/{trial}/{}", verb.as_str()), label(verb))
    }
}

fn label(verb: Verb) -> &'static str {
    match verb {
        Verb::Submit => "Send for approval",
        Verb::Approve => "Sign the plan",
        Verb::Return => "Return to the author",
        Verb::Start => "Start the trial",
        Verb::PauseEnrolment => "Pause enrolment",
        Verb::ResumeEnrolment => "Resume enrolment",
        Verb::Suspend => "Suspend the trial",
        Verb::Resume => "Resume the trial",
        Verb::Stop => "Stop enrolment for good",
        Verb::LockData => "Lock the data",
        Verb::Withdraw => "Withdraw the trial",
    }
}

fn explanation(verb: Verb) -> &'static str {
    match verb {
        Verb::Submit => "The plan goes to those who must sign it. It can be changed again only if they return it.",
        Verb::Approve => {
            "Your signature is bound to exactly this plan. If anything in it changes, it must be signed again."
        }
        Verb::Return => "The author can change the plan and send it again. A changed plan needs all signatures again.",
        Verb::Start => "From this moment people are assigned to versions, and the plan is locked.",
        Verb::PauseEnrolment => "Nobody new enters. Those who are in keep their version, and outcomes still count.",
        Verb::ResumeEnrolment => "New people can enter again.",
        Verb::Suspend => "Everybody gets the usual version from now on, until the trial is resumed or stopped.",
        Verb::Resume => {
            "Those who are in get their version again. Nobody new enters until enrolment is resumed as well."
        }
        Verb::Stop => "Nobody enters any more. Outcomes are still collected. This cannot be undone.",
        Verb::LockData => {
            "The numbers are fixed and the verdict is worked out from them. Later events no longer count."
        }
        Verb::Withdraw => "The trial is given up. Its plan stays on record with your reason. This cannot be undone.",
    }
}
