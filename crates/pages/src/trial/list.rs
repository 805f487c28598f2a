use super::tag;
use crate::component::{Pagination, Tag};
use crate::{Frame, Moment, number};
use askama::Template;
use fairtrial_domain::trial::State;

/// All trials that a person may see.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/trial/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// The trials of this page of the list.
    pub trials: Vec<Row>,
    /// Links to the other pages of the list.
    pub pagination: Pagination,
    /// Whether this person may make a trial.
    pub may_create: bool,
}

/// One trial in a list.
#[derive(Debug, Clone)]
pub struct Row {
    /// The key in its address.
    pub key: String,
    /// The title.
    pub title: String,
    /// The agency that runs it.
    pub agency: String,
    /// Where it stands.
    pub state: State,
    /// How many units have been assigned.
    pub assigned: u64,
    /// The most that may be assigned.
    pub planned: u64,
    /// When something last changed.
    pub changed: Moment,
}

impl Row {
    pub(crate) fn tag(&self) -> Tag {
        tag(self.state)
    }

    pub(crate) fn people(&self) -> String {
        if self.assigned == 0 {
            "None yet".to_owned()
        } else {
            format!("{} of at most {}", number::grouped(self.assigned), number::grouped(self.planned))
        }
    }
}
