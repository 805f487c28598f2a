use super::{Tag, writes_markup};
use askama::Template;

/// Names and values, one under the other.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "components/summary-list.html")]
pub struct SummaryList {
    /// The rows, in order.
    pub rows: Vec<SummaryRow>,
}

/// One name with its value.
#[derive(Debug, Clone)]
pub struct SummaryRow {
    /// The name.
    pub key: String,
    /// The value: one paragraph each.
    pub value: Vec<String>,
    /// Where it can be changed.
    pub change: Option<String>,
}

impl SummaryList {
    /// The same list with one more row of one paragraph.
    #[must_use]
    pub fn row(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.rows_of(key, vec![value.into()])
    }

    /// The same list with one more row of several paragraphs. A row without any is left out.
    #[must_use]
    pub fn rows_of(mut self, key: impl Into<String>, value: Vec<String>) -> Self {
        if !value.is_empty() {
            self.rows.push(SummaryRow { key: key.into(), value, change: None });
        }
        self
    }
}

/// What has to be done, and what is done.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "components/task-list.html")]
pub struct TaskList {
    /// Starts the `id` of every row; differs between two lists on one page.
    pub id: String,
    /// The tasks, in order.
    pub tasks: Vec<Task>,
}

/// One task.
#[derive(Debug, Clone)]
pub struct Task {
    /// What has to be done.
    pub name: String,
    /// More about it.
    pub hint: Option<String>,
    /// Where it is done; nothing when it cannot be done here or by this person.
    pub address: Option<String>,
    /// How far it is. Without a tag it is done, and says so.
    pub status: Option<Tag>,
}

impl TaskList {
    fn described_by(&self, task: &Task, index: &usize) -> String {
        let status = format!("{}-{index}-status", self.id);
        if task.hint.is_some() { format!("{}-{index}-hint {status}", self.id) } else { status }
    }
}

writes_markup!(SummaryList, TaskList);
