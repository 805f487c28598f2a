use super::Verb;
use crate::chart::Enrolment;
use crate::component::{Breadcrumbs, Button, ErrorSummary, SummaryList, Tag, TagColour, Task, TaskList};
use crate::{Frame, Moment, number};
use askama::Template;

/// One trial: where it stands, what it compares, who signed, what can be done. It never compares the versions: that is
/// the report's, when the plan allows it.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/trial/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// The key in its address.
    pub key: String,
    /// The title.
    pub title: String,
    /// Its state in a word.
    pub state: Tag,
    /// Its state in a sentence, with what comes next.
    pub state_sentence: String,
    /// The plain summary for everybody.
    pub summary: String,
    /// The plan in a few rows.
    pub plan: SummaryList,
    /// The signatures that the plan needs, given and missing.
    pub signatures: Vec<Signature>,
    /// How many people are in; nothing before the start.
    pub progress: Option<Progress>,
    /// Enrolment over time; nothing before the start.
    pub enrolment: Option<Enrolment>,
    /// Whether there is a report to read.
    pub has_report: bool,
    /// What this person may do now.
    pub verbs: Vec<Verb>,
    /// Why the last try to do something was refused.
    pub errors: ErrorSummary,
    /// What has happened so far, the latest first.
    pub history: Vec<Happening>,
}

/// One signature that the plan needs.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The role in words: "Privacy officer".
    pub role: String,
    /// Who signed and when.
    pub signed: Option<(String, Moment)>,
}

/// How many people are in.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Assigned so far.
    pub assigned: u64,
    /// The most that may be assigned.
    pub planned: u64,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Happening {
    /// When.
    pub at: Moment,
    /// What: "Enrolment paused".
    pub what: String,
    /// Who did it; nothing when the trial's own rule did.
    pub by: Option<String>,
    /// The reason that was given.
    pub reason: Option<String>,
}

impl Show {
    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Trials", "/trials")])
    }

    fn next(&self) -> Vec<Button> {
        self.buttons(|verb| !verb.stands_apart())
    }

    fn apart(&self) -> Vec<Button> {
        self.buttons(Verb::stands_apart)
    }

    fn buttons(&self, wanted: impl Fn(Verb) -> bool) -> Vec<Button> {
        self.verbs.iter().filter(|verb| wanted(**verb)).map(|verb| verb.button(&self.frame, &self.key)).collect()
    }

    fn signature_list(&self) -> TaskList {
        let task = |signature: &Signature| match &signature.signed {
            Some((name, at)) => Task {
                name: signature.role.clone(),
                hint: Some(format!("{name}, {at}")),
                address: None,
                status: Some(Tag::new("Signed", TagColour::Green)),
            },
            None => Task {
                name: signature.role.clone(),
                hint: None,
                address: None,
                status: Some(Tag::new("Missing", TagColour::Yellow)),
            },
        };
        TaskList { id: "signatures".into(), tasks: self.signatures.iter().map(task).collect() }
    }

    fn progress_sentence(&self) -> Option<String> {
        self.progress.map(|progress| {
            let people = number::counted(progress.assigned, "person has", "people have");
            format!("{people} been assigned to a version, of at most {}.", number::grouped(progress.planned))
        })
    }
}
