use super::{Row, Standing, told_of};
use crate::component::{Breadcrumbs, Button, ButtonStyle, SummaryList, Tag, TagColour};
use crate::{Frame, Moment};
use askama::Template;

/// One receiver with what was sent to it.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/receiver/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// The receiver.
    pub receiver: Row,
    /// What was sent, or will be, the latest first.
    pub sendings: Vec<Sending>,
    /// How many alerts were given up.
    pub given_up: u64,
}

/// One alert for this receiver.
#[derive(Debug, Clone)]
pub struct Sending {
    /// What happened.
    pub what: &'static str,
    /// With which trial, by its key.
    pub trial: Option<String>,
    /// When.
    pub at: Moment,
    /// Its name, as the receiver sees it.
    pub id: String,
    /// Whether it will be tried, again or for the first time.
    pub waits: bool,
    /// Whether it was tried often enough.
    pub given_up: bool,
    /// How often it was tried.
    pub tries: i64,
    /// When last, and what came of it.
    pub last: Option<(Moment, String)>,
    /// When the next time is.
    pub next: Option<Moment>,
}

impl Sending {
    fn tag(&self) -> Tag {
        match (self.waits, self.given_up) {
            (true, _) => Tag::new("Waits", TagColour::Blue),
            (_, true) => Tag::new("Given up", TagColour::Red),
            _ => Tag::new("Taken", TagColour::Green),
        }
    }

    fn tried(&self) -> String {
        match self.tries {
            0 => "Not tried yet.".to_owned(),
            1 => "Tried once.".to_owned(),
            n => format!("Tried {n} times."),
        }
    }
}

impl Show {
    fn about(&self) -> SummaryList {
        let kinds = self.receiver.kinds.iter().map(|kind| told_of(*kind).to_owned()).collect();
        SummaryList::default()
            .row("Address", format!("{}/\u{2026}", self.receiver.origin))
            .rows_of("Told of", kinds)
            .row("Made", self.receiver.made.day())
            .row("Now", self.receiver.more())
    }

    fn is_open(&self) -> bool {
        !matches!(self.receiver.standing, Standing::Closed(_))
    }

    fn button(&self, verb: &str, label: &str, explanation: &str) -> Button {
        let action = format!("/admin/receivers/{}/{verb}", self.receiver.id);
        Button { explanation: Some(explanation.to_owned()), ..self.frame.button(action, label) }
    }

    fn test(&self) -> Button {
        self.button(
            "test",
            "Send a test",
            "The program gets an alert that says that it is a test. Look at this page again in a moment.",
        )
    }

    fn again(&self) -> Option<Button> {
        let explanation = match self.given_up {
            0 => return None,
            1 => "One alert was given up. It is sent again, under the same name.".to_owned(),
            n => format!("{n} alerts were given up. All are sent again, under the same names."),
        };
        Some(self.button("again", "Send again", &explanation))
    }

    fn close(&self) -> Button {
        let explanation = "The program is told nothing from now on, also not what waits. This cannot be undone.";
        Button { style: ButtonStyle::Warning, ..self.button("close", "Close this receiver", explanation) }
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Keys", "/admin/keys"), ("Receivers", "/admin/receivers")])
    }
}
