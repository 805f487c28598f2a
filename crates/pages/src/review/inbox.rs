use crate::Moment;
use crate::component::{Tag, TagColour};

/// What happened with a trial after its start that whoever signs plans should know.
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
}

/// Kinds of what happens after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// A boundary for harm was crossed, or the trial was suspended or stopped for harm.
    Harm,
    /// A question or a complaint waits for an answer.
    Message,
    /// Results should have been public by now.
    Overdue,
}

impl Since {
    pub(super) fn tag(&self) -> Tag {
        match self.matter {
            Matter::Harm => Tag::new("Harm", TagColour::Red),
            Matter::Message => Tag::new("Unanswered", TagColour::Orange),
            Matter::Overdue => Tag::new("Overdue", TagColour::Yellow),
        }
    }
}
