use super::words;
use crate::Frame;
use crate::component::{Breadcrumbs, Crumb, Tag, TagColour, Task, TaskList};
use crate::number::counted;
use askama::Template;

/// The steps of a plan, and how far each is.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/guide/tasks.html")]
pub struct Tasks {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    open: usize,
    comments: u64,
    list: TaskList,
    elsewhere: Vec<String>,
    tried: TaskList,
    send: TaskList,
}

/// One step.
#[derive(Debug, Clone)]
pub struct TaskState {
    /// Its name in addresses.
    pub step: String,
    /// The names of its fields in which something is still to be filled in.
    pub open: Vec<String>,
    /// How many comments of reviewers on what it asks wait for an answer.
    pub comments: u64,
}

impl Tasks {
    /// The page of that trial's steps; `elsewhere` is what the plan lacks and no step asks, each in a sentence;
    /// `rehearsed` is whether it is known that this very plan was, and `comments` how many wait for an answer in all.
    #[must_use]
    pub fn new(
        frame: Frame,
        (key, title): (&str, &str),
        steps: &[TaskState],
        elsewhere: Vec<String>,
        (rehearsed, comments): (bool, u64),
    ) -> Self {
        let open = steps.iter().filter(|step| !step.open.is_empty()).count();
        let ready = open == 0 && elsewhere.is_empty();
        let task = |step: &TaskState| Task {
            name: words::step_title(&step.step).to_owned(),
            hint: hint(step),
            address: Some(format!("/trials/{key}/steps/{}", step.step)),
            status: Some(match step.open.is_empty() {
                false => Tag::new("To do", TagColour::Blue),
                true => Tag::new("Filled in", TagColour::Green),
            }),
        };
        let tried = [
            Task {
                name: "Try out who would be in".into(),
                hint: Some("Type in a made-up person. Nothing is kept.".into()),
                address: Some(format!("/trials/{key}/rules")),
                status: Some(Tag::new("Any time", TagColour::Grey)),
            },
            Task {
                name: "Rehearse the plan on made-up people".into(),
                hint: Some("It shows how often the plan would decide rightly, and how soon harm would stop it.".into()),
                address: Some(format!("/trials/{key}/rehearsal")),
                status: Some(match rehearsed {
                    true => Tag::new("Rehearsed", TagColour::Green),
                    false => Tag::new("Worth doing", TagColour::Blue),
                }),
            },
        ];
        let check = Task {
            name: "Check your answers and send for approval".into(),
            hint: (!ready).then(|| "Opens when every step is filled in.".to_owned()),
            address: ready.then(|| format!("/trials/{key}/check")),
            status: Some(match ready {
                true => Tag::new("Ready", TagColour::Blue),
                false => Tag::new("Cannot start yet", TagColour::Grey),
            }),
        };
        let list = |id: &str, tasks| TaskList { id: id.into(), tasks };
        Self {
            frame,
            key: key.into(),
            title: title.into(),
            open,
            comments,
            list: list("steps", steps.iter().map(task).collect()),
            elsewhere,
            tried: list("tried", tried.to_vec()),
            send: list("send", vec![check]),
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }

    fn waiting(&self) -> Option<String> {
        waiting(self.comments)
    }

    fn left(&self) -> String {
        match self.open {
            0 if !self.elsewhere.is_empty() => "Every step is filled in.".to_owned(),
            0 => "Every step is filled in. Check your answers, then send the plan for approval.".to_owned(),
            open => format!(
                "{} still to be filled in. What stands in square brackets is yours to replace.",
                counted(open as u64, "step is", "steps are")
            ),
        }
    }
}

/// That so many comments wait for an answer; nothing when none does.
fn waiting(comments: u64) -> Option<String> {
    (comments > 0).then(|| format!("{} for an answer", counted(comments, "comment waits", "comments wait")))
}

/// The questions of a step that are still open.
fn still_open(step: &TaskState) -> Option<String> {
    let labels = step.open.iter().map(|name| words::field(name).0);
    // A question ends with its own mark.
    let ended = labels.map(|label| if label.ends_with('?') { label.to_owned() } else { format!("{label}.") });
    let ended: Vec<String> = ended.collect();
    (!ended.is_empty()).then(|| format!("Still open: {}", ended.join(" ")))
}

/// The comments on a step that wait, and its questions that are still open.
fn hint(step: &TaskState) -> Option<String> {
    let told: Vec<String> =
        waiting(step.comments).map(|waits| format!("{waits}.")).into_iter().chain(still_open(step)).collect();
    (!told.is_empty()).then(|| told.join(" "))
}
