use crate::Frame;
use crate::component::{Area, Button, ButtonStyle, Choice, ChoiceOption, Choices};
use fairtrial_domain::trial::Verb;

/// Whether a person is asked to say why; the use case knows where an answer is needed. The reason is sent as `reason`.
#[must_use]
pub fn needs_reason(verb: Verb) -> bool {
    use Verb::{LockData, PauseEnrolment, Refuse, Resume, Return, Stop, Suspend, Withdraw};
    matches!(verb, Return | Refuse | PauseEnrolment | Suspend | Resume | Stop | LockData | Withdraw)
}

/// Whether it has a page of its own, to which the trial's page leads.
pub(super) fn has_page(verb: Verb) -> bool {
    matches!(verb, Verb::Amend | Verb::Decide)
}

/// Whether the button stands apart from those that let a trial go on, because it holds the trial or ends it.
pub(super) fn stands_apart(verb: Verb) -> bool {
    matches!(verb, Verb::PauseEnrolment | Verb::Suspend | Verb::Stop | Verb::Withdraw | Verb::Refuse)
}

/// The form with the button, posting to `/trials/{trial}/{verb}`; `content` is the plan or amendment that it is about.
pub(crate) fn button(verb: Verb, frame: &Frame, trial: &str, content: Option<&str>) -> Button {
    let area = |name: &str, label: &str, hint: &str| Area {
        id: format!("{name}-{}", verb.as_str()),
        hint: Some(hint.into()),
        ..Area::new(name, label)
    };
    let reason = match verb {
        Verb::Approve => Some(area(
            "condition",
            "Condition (optional)",
            "With a condition your signature counts only once you sign again without it.",
        )),
        // The register tells everybody why a trial does not go on, without the name.
        Verb::Suspend | Verb::Stop | Verb::Withdraw if needs_reason(verb) => Some(area(
            "reason",
            "Reason",
            "Everybody can read it on the public register. Your name stands beside it only on the agency’s own record.",
        )),
        Verb::Refuse => Some(area(
            "reason",
            "Reason",
            "The author reads it. At tier 2, or where the register shows the trial already, everybody can read it there, \
             without your name.",
        )),
        _ if needs_reason(verb) => Some(area("reason", "Reason", "It is kept on record with your name.")),
        _ => None,
    };
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
        protocol_id: content.map(str::to_owned).or_else(|| frame.facts.protocol_id.clone()),
        style: match verb {
            Verb::Submit | Verb::Approve | Verb::Start | Verb::LockData | Verb::Decide => ButtonStyle::Primary,
            Verb::Stop | Verb::Withdraw | Verb::Refuse => ButtonStyle::Warning,
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
        Verb::Refuse => "Refuse the plan for good",
        Verb::Start => "Start the trial",
        Verb::PauseEnrolment => "Pause enrolment",
        Verb::ResumeEnrolment => "Resume enrolment",
        Verb::Suspend => "Suspend the trial",
        Verb::Resume => "Resume the trial",
        Verb::Stop => "Stop enrolment for good",
        Verb::LockData => "Lock the data",
        Verb::Decide => "Decide",
        Verb::Publish => "Make the results public",
        Verb::Amend => "Propose an amendment",
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
        Verb::Refuse => {
            "The trial never starts, and its plan cannot be changed and sent again. Another plan is another trial. This cannot be undone."
        }
        Verb::Start => "From this moment people are assigned to versions, and the plan is locked.",
        Verb::PauseEnrolment => "Nobody new enters. Those who are in keep their version, and outcomes still count.",
        Verb::ResumeEnrolment => "New people can enter again.",
        Verb::Suspend => {
            "Nobody new enters, and everybody gets the usual version within seconds, until the trial is resumed or stopped. Outcomes still count. A reason can be given later."
        }
        Verb::Resume => {
            "Two people must ask for it, one of them a monitor. Then those who are in get their version again. Nobody new enters until enrolment is resumed as well."
        }
        Verb::Stop => {
            "Nobody new enters. Those who are in keep their version, or get the usual one when people are harmed. Outcomes are still collected. This cannot be undone."
        }
        Verb::LockData => {
            "Follow-up ends: everybody gets the usual version, later events no longer count, and the verdict is worked out from the numbers as they are."
        }
        Verb::Decide => "What is done about the results is kept on record beside the verdict.",
        Verb::Publish => {
            "The results are public from now on, and the decision with them, or as soon as it is taken. This cannot be undone."
        }
        Verb::Amend => "The plan changes where it still may, once others have signed the new version.",
        Verb::Withdraw => "The trial is given up. Its plan stays on record with your reason. This cannot be undone.",
    }
}
