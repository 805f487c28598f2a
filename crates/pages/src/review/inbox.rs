use fairtrial_domain::trial::PersonRole;

use crate::Moment;
use crate::component::{Tag, TagColour};

/// What happened with a trial after its start that people should hear of without opening it.
#[derive(Debug, Clone)]
pub struct Since {
    /// Where it is read.
    pub address: String,
    /// The title of the trial.
    pub title: String,
    /// What it is.
    pub matter: Matter,
    /// What happened, in a sentence.
    pub sentence: String,
    /// Since when.
    pub since: Moment,
    /// What whoever reads it can do, in a sentence.
    pub what_to_do: &'static str,
}

/// What calls for attention, the newest first; nothing at all where nothing does.
#[derive(Debug, Clone, Default)]
pub struct Attention {
    /// What happened.
    pub events: Vec<Since>,
}

/// Kinds of what happens after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// A boundary for harm was crossed, the trial was stopped for harm, or harm was reported.
    Harm,
    /// The trial is suspended.
    Suspended,
    /// Checks of the data are red.
    Checks,
    /// A question or a complaint waits for an answer.
    Message,
    /// Enrolment goes on after its last day.
    PastEnd,
    /// Results should have been public by now.
    Overdue,
}

impl Attention {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl Since {
    pub(crate) fn tag(&self) -> Tag {
        match self.matter {
            Matter::Harm => Tag::new("Harm", TagColour::Red),
            Matter::Suspended => Tag::new("Suspended", TagColour::Red),
            Matter::Checks => Tag::new("Check is red", TagColour::Red),
            Matter::Message => Tag::new("Unanswered", TagColour::Orange),
            Matter::PastEnd => Tag::new("Past its end", TagColour::Yellow),
            Matter::Overdue => Tag::new("Overdue", TagColour::Yellow),
        }
    }
}

impl Matter {
    /// What somebody with these roles can do about it.
    #[must_use]
    pub fn what_to_do(self, roles: &[PersonRole]) -> &'static str {
        let has = |role: PersonRole| roles.contains(&role);
        let (runs, watches, signs) = (has(PersonRole::Designer), has(PersonRole::Monitor), has(PersonRole::Approver));
        match self {
            Self::Harm | Self::Suspended if watches => {
                "Read what the looks found, and decide with somebody else how it goes on."
            }
            Self::Harm | Self::Suspended if signs => "Decide with a monitor how it goes on.",
            Self::Harm | Self::Suspended if runs => {
                "Find out with the front line what happened. Going on takes two people, one of them a monitor."
            }
            Self::Checks if runs => "Find out why before more people enter: pause enrolment until you know.",
            Self::Checks if watches => {
                "Ask whoever runs the trial why. Suspend it if people could come to harm meanwhile."
            }
            Self::Message => "Read it and answer it.",
            Self::PastEnd if runs => "End enrolment, or propose an amendment with another last day.",
            Self::Overdue if has(PersonRole::Manager) || signs => {
                "Decide what is done about the results, and make them public."
            }
            Self::Harm | Self::Suspended | Self::Checks | Self::PastEnd => {
                "Ask whoever runs the trial what they do about it."
            }
            Self::Overdue => "Ask a manager or the owner of the service to make them public.",
        }
    }
}

/// Which checks are red, in a sentence; no number of a version is in it.
#[must_use]
pub fn red_checks(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| crate::report::check_name(name)).collect();
    let (check, they) = if names.len() == 1 {
        ("A check of the data is red", "it is")
    } else {
        ("Checks of the data are red", "one is")
    };
    format!("{check}: {}. While {they}, nothing can be read from the results.", names.join("; "))
}
