use super::words;
use crate::Frame;
use crate::component::{Breadcrumbs, Crumb, SummaryList};
use askama::Template;
use fairtrial_domain::LockedProtocol;
use fairtrial_domain::trial::PlanPart;

/// The whole plan in plain words, and the document itself.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/protocol/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// The key of the trial.
    pub key: String,
    /// The title of the trial.
    pub title: String,
    /// What the plan's numbers can show, in sentences.
    pub planning: Vec<String>,
    /// The parts of the plan, in order.
    pub parts: Vec<Part>,
    /// The full protocol id, `sha256:` and 64 digits.
    pub protocol_id: String,
    /// Whether the plan can still be changed.
    pub draft: bool,
    /// The document as it was sent.
    pub document: String,
}

/// One part of the plan.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which part it is.
    pub place: PlanPart,
    /// The question it answers: "Who is in the trial?"
    pub heading: String,
    /// One sentence before the rows.
    pub sentence: Option<String>,
    /// The rows.
    pub list: SummaryList,
}

impl Show {
    /// The page of that plan; `document` is its text as it was sent.
    #[must_use]
    pub fn of(frame: Frame, plan: &LockedProtocol, draft: bool, document: String, planning: Vec<String>) -> Self {
        Self {
            frame,
            key: plan.protocol().key.to_string(),
            title: plan.protocol().title.clone(),
            planning,
            parts: words::parts(plan.protocol()),
            protocol_id: plan.id().to_string(),
            draft,
            document,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}
