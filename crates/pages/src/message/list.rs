use super::name;
use crate::component::{Tag, TagColour};
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::MessageKind;

/// What people ask and complain about: what waits first.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/message/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// The messages, in the order of the page.
    pub rows: Vec<Row>,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Row {
    /// The key of the trial.
    pub key: String,
    /// The title of the trial.
    pub title: String,
    /// Its number among the messages about that trial.
    pub number: i64,
    /// Question or complaint.
    pub kind: MessageKind,
    /// What was said.
    pub words: String,
    /// When.
    pub sent: Moment,
    /// Whether it is answered.
    pub answered: bool,
}

impl Row {
    fn kind_name(&self) -> &'static str {
        name(self.kind)
    }

    fn tag(&self) -> Tag {
        match self.answered {
            true => Tag::new("Answered", TagColour::Green),
            false => Tag::new("Unanswered", TagColour::Orange),
        }
    }

    /// The first words, enough to tell one message from another.
    fn beginning(&self) -> String {
        const LETTERS: usize = 160;
        let text: String = self.words.chars().take(LETTERS).collect();
        if text.len() < self.words.len() { format!("{text}\u{2026}") } else { text }
    }
}
