use crate::Frame;
use crate::component::{Tag, TagColour, Task, TaskList};
use crate::review::Attention;
use crate::trial::Row;
use askama::Template;

/// What waits for the person, and their agency's latest trials.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/home/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// What waits for this person, the most urgent first.
    pub waiting: Vec<Waiting>,
    /// What happened with trials under way, or is overdue.
    pub attention: Attention,
    /// The trials that changed last, at most five.
    pub latest: Vec<Row>,
    /// Whether this person may make a trial.
    pub may_create: bool,
}

/// One thing that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// What has to be done, starting with a verb.
    pub what: String,
    /// Why it waits, or since when.
    pub why: String,
    /// Where it is done.
    pub address: String,
    /// Whether people may be affected while it waits.
    pub urgent: bool,
}

impl Show {
    fn tasks(&self) -> TaskList {
        let task = |waiting: &Waiting| Task {
            name: waiting.what.clone(),
            hint: Some(waiting.why.clone()),
            address: Some(waiting.address.clone()),
            status: Some(if waiting.urgent {
                Tag::new("Urgent", TagColour::Red)
            } else {
                Tag::new("Waiting", TagColour::Yellow)
            }),
        };
        TaskList { id: "waiting".into(), tasks: self.waiting.iter().map(task).collect() }
    }
}
