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
    list: TaskList,
}

/// One step.
#[derive(Debug, Clone)]
pub struct TaskState {
    /// Its name in addresses.
    pub step: String,
    /// Whether something is still to be filled in.
    pub open: bool,
}

impl Tasks {
    /// The page of that trial's steps.
    #[must_use]
    pub fn new(frame: Frame, key: &str, title: &str, steps: &[TaskState]) -> Self {
        let open = steps.iter().filter(|step| step.open).count();
        let task = |step: &TaskState| Task {
            name: words::step_title(&step.step).to_owned(),
            hint: None,
            address: Some(format!("/trials/{key}/steps/{}", step.step)),
            status: Some(match step.open {
                true => Tag::new("To do", TagColour::Blue),
                false => Tag::new("Filled in", TagColour::Green),
            }),
        };
        let mut tasks: Vec<Task> = steps.iter().map(task).collect();
        tasks.push(Task {
            name: "Check your answers and send for approval".into(),
            hint: (open > 0).then(|| "Opens when every step is filled in.".to_owned()),
            address: (open == 0).then(|| format!("/trials/{key}/check")),
            status: Some(match open {
                0 => Tag::new("Ready", TagColour::Blue),
                _ => Tag::new("Cannot start yet", TagColour::Grey),
            }),
        });
        Self { frame, key: key.into(), title: title.into(), open, list: TaskList { id: "steps".into(), tasks } }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }

    fn left(&self) -> String {
        match self.open {
            0 => "Every step is filled in. Check your answers, then send the plan for approval.".to_owned(),
            open => format!(
                "{} still to be filled in. What stands in square brackets is yours to replace.",
                counted(open as u64, "step is", "steps are")
            ),
        }
    }
}
