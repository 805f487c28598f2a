use super::told_of;
use crate::component::{Breadcrumbs, Tag, TagColour};
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::AlertKind;

/// The receivers of an agency.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/receiver/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// Whether whoever runs the server lets anybody be called.
    pub is_on: bool,
    /// The receivers, the newest first.
    pub receivers: Vec<Row>,
}

/// One receiver. Its secret is never shown again.
#[derive(Debug, Clone)]
pub struct Row {
    /// The identifier in its address.
    pub id: String,
    /// The name somebody gave it.
    pub name: String,
    /// Where it is called, up to the host.
    pub origin: String,
    /// What it is told of.
    pub kinds: Vec<AlertKind>,
    /// When it was made.
    pub made: Moment,
    /// How it stands.
    pub standing: Standing,
}

/// How a receiver stands.
#[derive(Debug, Clone)]
pub enum Standing {
    /// Nothing was sent yet.
    Untried,
    /// It took an alert, the last one then.
    Works(Moment),
    /// It did not take so many yet; they are tried again.
    TriedAgain(u64),
    /// It takes none since then.
    Fails(Moment),
    /// Its host is allowed no more.
    NotAllowed,
    /// It is told nothing since then.
    Closed(Moment),
}

impl Row {
    pub(super) fn tag(&self) -> Tag {
        match self.standing {
            Standing::Untried => Tag::new("Not tried yet", TagColour::Blue),
            Standing::Works(_) => Tag::new("Works", TagColour::Green),
            Standing::TriedAgain(_) => Tag::new("Tried again", TagColour::Yellow),
            Standing::Fails(_) => Tag::new("Fails", TagColour::Red),
            Standing::NotAllowed => Tag::new("Not allowed", TagColour::Orange),
            Standing::Closed(_) => Tag::new("Closed", TagColour::Grey),
        }
    }

    pub(super) fn more(&self) -> String {
        match &self.standing {
            Standing::Untried => "Send it a test.".to_owned(),
            Standing::Works(at) => format!("Took an alert on {at}."),
            Standing::TriedAgain(1) => "One alert was not taken yet, and is tried again.".to_owned(),
            Standing::TriedAgain(n) => format!("{n} alerts were not taken yet, and are tried again."),
            Standing::Fails(since) => format!("Takes no alert since {since}."),
            Standing::NotAllowed => "Whoever runs this server does not allow its host any more.".to_owned(),
            Standing::Closed(at) => format!("Is told nothing since {at}."),
        }
    }
}

impl List {
    fn told_of(&self, kind: &AlertKind) -> &'static str {
        told_of(*kind)
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Keys", "/admin/keys")])
    }
}
