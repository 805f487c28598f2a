use crate::component::{Area, ErrorSummary, Tag, TagColour, writes_markup};
use crate::guide::step_title;
use crate::{Frame, Moment};
use askama::Template;
use fairtrial_domain::trial::PlanPart;

/// A comment on a part of the plan.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its number among those of the trial.
    pub number: i64,
    /// Which part.
    pub place: PlanPart,
    /// Which question in it, by the name of its step.
    pub question: Option<&'static str>,
    /// What is said.
    pub remark: String,
    /// Who says it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Whether it was said about the content of now.
    pub current: bool,
    /// What was said to it, the oldest first.
    pub answers: Vec<CommentAnswer>,
    /// Whether nobody has said yet that it is resolved.
    pub open: bool,
    /// Whether it waits for an answer of the author.
    pub waits: bool,
    /// Whether it is the reader's own.
    pub own: bool,
    /// Whether the reader may answer it.
    pub may_answer: bool,
    /// Whether the reader may say that it is resolved.
    pub may_resolve: bool,
}

/// What was said to a comment.
#[derive(Debug, Clone)]
pub struct CommentAnswer {
    /// What; may be empty where it resolves.
    pub remark: String,
    /// Who says it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Whether it says that the comment is resolved.
    pub resolves: bool,
}

/// A comment with its answers, and the form for one more.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/review/comment.html")]
pub(super) struct Thread {
    comment: Comment,
    action: String,
    csrf: String,
    form: Option<Area>,
}

writes_markup!(Thread);

impl Thread {
    pub(super) fn of(
        comment: Comment,
        frame: &Frame,
        key: &str,
        given: &impl Fn(&str) -> String,
        errors: &ErrorSummary,
    ) -> Self {
        let id = format!("remark-{}", comment.number);
        let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some(id.as_str()));
        let form = (comment.open && (comment.may_answer || comment.may_resolve)).then(|| Area {
            value: given(&id),
            error: fault.map(|fault| fault.message.clone()),
            hint: comment.may_resolve.then(|| "Optional where you mark the comment as resolved.".to_owned()),
            id,
            ..Area::new("remark", "Your answer")
        });
        Self { action: format!("/trials/{key}/review/{}", comment.number), csrf: frame.csrf.clone(), form, comment }
    }

    fn tags(&self) -> Vec<Tag> {
        let standing = match (self.comment.open, self.comment.waits) {
            (false, _) => Tag::new("Resolved", TagColour::Green),
            (true, true) => Tag::new("Waits for an answer", TagColour::Yellow),
            (true, false) => Tag::new("Open", TagColour::Blue),
        };
        let earlier = (!self.comment.current).then(|| Tag::new("About an earlier version", TagColour::Grey));
        earlier.into_iter().chain([standing]).collect()
    }

    /// The question that it is about.
    fn question(&self) -> Option<&'static str> {
        self.comment.question.map(step_title)
    }

    /// What an answer does, where it is not plain from its words.
    fn did(answer: &CommentAnswer) -> &'static str {
        if answer.resolves { "Marked as resolved by" } else { "Answered by" }
    }

    /// Which comment the buttons are about, for those who cannot see it.
    fn about(&self) -> String {
        format!("the comment of {}, {}", self.comment.by, self.comment.at.day())
    }
}
