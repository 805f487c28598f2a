use crate::Frame;
use crate::component::Breadcrumbs;
use crate::language::{Label, Say};
use askama::Template;
use fairtrial_domain::protocol::Protocol;

/// When the result of a trial is public, and how to be told without saying who one is. It is made from the plan and from where
/// the trial stands alone, so it is the same for everybody.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/notice/result.html")]
pub struct ShowResult {
    /// Around the page.
    pub frame: Frame,
    key: String,
    title: String,
    agency: String,
    code: String,
    due: Due,
}

/// Where the result stands; days in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// It is public: since when, and what was found in a sentence.
    Public(String, String),
    /// It is public on that day at the latest.
    By(String),
    /// It should have been public on that day.
    Overdue(String),
    /// It was planned for that day; the data are not complete.
    Longer(String),
    /// There will be none.
    Never,
}

impl ShowResult {
    /// The page of that trial.
    #[must_use]
    pub fn new(frame: Frame, plan: &Protocol, agency: &str, code: &str, due: Due) -> Self {
        Self {
            frame,
            key: plan.key.to_string(),
            title: plan.title.clone(),
            agency: agency.to_owned(),
            code: code.to_owned(),
            due,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("About this trial", &*format!("/t/{}", self.code))])
    }

    /// A page about this trial.
    fn way(&self, page: &str) -> String {
        format!("/t/{}/{page}", self.code)
    }

    fn register(&self) -> String {
        format!("/register/{}", self.key)
    }

    fn feed(&self) -> String {
        format!("/register/{}/feed.atom", self.key)
    }

    /// Whether there is something to wait for.
    fn awaited(&self) -> bool {
        matches!(self.due, Due::By(_) | Due::Overdue(_) | Due::Longer(_))
    }

    /// Whether there is a day that a calendar can hold.
    fn has_day(&self) -> bool {
        matches!(self.due, Due::By(_))
    }
}
