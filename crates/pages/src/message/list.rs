use super::name;
use crate::component::{Tag, TagColour};
use crate::number::{counted, grouped};
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::MessageKind;

/// What people ask and complain about: what waits first, the longest first.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/message/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// For how many days messages stay after their answer.
    pub kept_days: u32,
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
    /// How far it is.
    pub standing: Standing,
}

/// How far a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It waits, and is to be answered by then.
    Waits(Moment),
    /// It should have been answered by then.
    Overdue(Moment),
    /// It was answered then.
    Answered(Moment),
}

impl List {
    fn waiting(&self) -> usize {
        self.rows.iter().filter(|row| !matches!(row.standing, Standing::Answered(_))).count()
    }

    fn in_short(&self) -> String {
        let overdue = self.rows.iter().filter(|row| matches!(row.standing, Standing::Overdue(_))).count();
        let waiting = counted(self.waiting() as u64, "message waits", "messages wait");
        match (self.waiting(), overdue) {
            (0, _) => "Nothing waits for an answer.".to_owned(),
            (_, 0) => format!("{waiting} for an answer. None is overdue."),
            (all, overdue) if all == overdue => format!("{waiting} for an answer, longer than promised."),
            (_, overdue) => {
                format!("{waiting} for an answer, {} of them longer than promised.", grouped(overdue as u64))
            }
        }
    }
}

impl Row {
    fn kind_name(&self) -> &'static str {
        name(self.kind)
    }

    fn tag(&self) -> Tag {
        match self.standing {
            Standing::Answered(_) => Tag::new("Answered", TagColour::Green),
            Standing::Waits(_) => Tag::new("Waits for an answer", TagColour::Yellow),
            Standing::Overdue(_) => Tag::new("Overdue", TagColour::Red),
        }
    }

    /// The day that matters now, in words.
    fn day(&self) -> String {
        match &self.standing {
            Standing::Answered(at) => format!("answered {}", at.day()),
            Standing::Waits(due) => format!("to be answered by {}", due.day()),
            Standing::Overdue(due) => format!("should have been answered by {}", due.day()),
        }
    }

    /// The first words, enough to tell one message from another.
    fn beginning(&self) -> String {
        const LETTERS: usize = 160;
        let text: String = self.words.chars().take(LETTERS).collect();
        if text.len() < self.words.len() { format!("{text}\u{2026}") } else { text }
    }
}
