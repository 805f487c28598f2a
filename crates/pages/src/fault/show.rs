use crate::Frame;
use askama::Template;

/// Says what happened, what was kept, and what to do.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/fault/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// What happened.
    pub reason: Reason,
    /// The number under which the server's log tells more; only for faults of the server.
    pub reference: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The address is wrong, or the thing belongs to another agency (404).
    NotFound,
    /// The person's roles do not allow it (403); what would be needed, such as "an approver".
    NotAllowed(String),
    /// The form came from elsewhere or was open too long (403).
    Stale,
    /// What was asked does not fit the state of things any more (409); why.
    Conflict(String),
    /// What was sent cannot be read (400); why.
    NotUnderstood(String),
    /// The server made a mistake (500).
    Broken,
    /// The server is too busy or is being maintained (503).
    Unavailable,
}

impl Reason {
    /// The status code of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NotUnderstood(_) => 400,
            Self::NotAllowed(_) | Self::Stale => 403,
            Self::NotFound => 404,
            Self::Conflict(_) => 409,
            Self::Broken => 500,
            Self::Unavailable => 503,
        }
    }

    fn heading(&self) -> &'static str {
        match self {
            Self::NotFound => "We cannot find this page",
            Self::NotAllowed(_) => "Your account may not do this",
            Self::Stale => "The page was open for too long",
            Self::Conflict(_) => "This cannot be done any more",
            Self::NotUnderstood(_) => "We could not read what was sent",
            Self::Broken => "Something went wrong on our side",
            Self::Unavailable => "Fairtrial is not available at the moment",
        }
    }

    fn paragraphs(&self) -> Vec<String> {
        let lines: &[&str] = match self {
            Self::NotFound => &[
                "The address may be wrong or out of date, or the page belongs to another agency.",
                "Check the address, or start from the list of trials.",
            ],
            Self::NotAllowed(needed) => {
                return vec![
                    format!("It needs {needed}. Nothing was changed."),
                    "Ask an administrator of your agency if you should be able to do it.".into(),
                ];
            }
            Self::Stale => &[
                "To protect you, a form can only be sent from a page that was opened here a short while ago. Nothing was \
                 changed.",
                "Go back, load the page again, and send the form once more.",
            ],
            Self::Conflict(why) => {
                return vec![
                    format!("{why} Nothing was changed."),
                    "Load the page again to see how things stand now.".into(),
                ];
            }
            Self::NotUnderstood(why) => {
                return vec![format!("{why} Nothing was changed."), "Go back, mend it, and send it again.".into()];
            }
            Self::Broken => &[
                "What you sent may not have been saved. Look at the page again before you repeat it.",
                "People in a trial are not affected: front-line services fall back to the usual version.",
            ],
            Self::Unavailable => &[
                "What you sent was not saved. Wait a minute and try again.",
                "People in a trial are not affected: front-line services fall back to the usual version.",
            ],
        };
        lines.iter().map(|line| (*line).to_owned()).collect()
    }
}
