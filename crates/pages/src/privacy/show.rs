use super::{Checklist, Principle};
use crate::Frame;
use crate::component::{Breadcrumbs, Crumb, Tag};
use crate::number::counted;
use askama::Template;

/// The privacy checklist of a plan, for the privacy reviewer: on screen, on paper, and to take away.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/privacy/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    list: Checklist,
}

impl Show {
    /// The page of that checklist.
    #[must_use]
    pub fn new(frame: Frame, list: Checklist) -> Self {
        Self { frame, list }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Reviews", "/reviews")]);
        let address = format!("/trials/{}/review", self.list.key);
        crumbs.crumbs.push(Crumb { label: self.list.title.clone(), address });
        crumbs
    }

    fn tag(&self, principle: &Principle) -> Tag {
        principle.tag()
    }

    fn left(&self) -> String {
        match self.list.open() {
            0 => "The plan answers all of them.".to_owned(),
            open => format!(
                "The plan answers what it can. {} leave something for a person to answer.",
                counted(open as u64, "principle", "principles")
            ),
        }
    }
}
