use super::name;
use crate::component::{Area, Breadcrumbs, ErrorSummary};
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::MessageKind;

/// One message, with its answer or the place to write it.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/message/show.html")]
pub struct Show {
    /// Around the page.
    pub frame: Frame,
    /// Why an answer was not taken.
    pub errors: ErrorSummary,
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
    /// What was answered, by whom, and when.
    pub answer: Option<(String, String, Moment)>,
    /// Whether this person answers.
    pub may_answer: bool,
    /// What was typed before.
    pub typed: String,
}

impl Show {
    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Questions", "/messages")])
    }

    fn kind_name(&self) -> &'static str {
        name(self.kind)
    }

    fn area(&self) -> Area {
        let fault = self.errors.faults.iter().find(|fault| fault.field.as_deref() == Some("words"));
        Area {
            hint: Some(
                "Whoever asked reads it on the page of the trial, with their number. It cannot be changed.".into(),
            ),
            value: self.typed.clone(),
            error: fault.map(|fault| fault.message.clone()),
            rows: 6,
            ..Area::new("words", "Your answer")
        }
    }
}
