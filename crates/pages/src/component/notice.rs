use super::writes_markup;
use askama::Template;

/// What is wrong with what was sent, at the head of the page.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "components/error-summary.html")]
pub struct ErrorSummary {
    /// Everything that is wrong, in the order of the page.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What is wrong and what to do about it.
    pub message: String,
    /// The `id` of the field that it is about.
    pub field: Option<String>,
    /// The place in a document (a JSON pointer such as `/arms/1/ratio`).
    pub place: Option<String>,
}

impl Fault {
    /// A fault of the field with that `id`.
    #[must_use]
    pub fn of_field(field: &str, message: &str) -> Self {
        Self { message: message.into(), field: Some(field.into()), place: None }
    }
}

impl From<fairtrial_domain::Fault> for Fault {
    fn from(fault: fairtrial_domain::Fault) -> Self {
        let place = (!fault.pointer.is_empty()).then_some(fault.pointer);
        Self { message: fault.detail, field: None, place }
    }
}

impl ErrorSummary {
    /// Whether nothing is wrong. Then nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// What stands before the page's title when something is wrong.
    #[must_use]
    pub fn title_prefix(&self) -> &'static str {
        if self.is_empty() { "" } else { "Error: " }
    }
}

/// The kinds of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something was done.
    Done,
    /// Something to know before going on.
    Important,
}

impl NoticeKind {
    fn is_done(self) -> bool {
        self == Self::Done
    }
}

/// A message at the head of the page.
#[derive(Debug, Clone, Template)]
#[template(path = "components/notification-banner.html")]
pub struct Notice {
    /// The kind of message.
    pub kind: NoticeKind,
    /// The message in one sentence.
    pub heading: String,
    /// More about it.
    pub body: Option<String>,
}

impl Notice {
    /// Says that something was done.
    #[must_use]
    pub fn done(heading: &str, body: Option<&str>) -> Self {
        Self { kind: NoticeKind::Done, heading: heading.into(), body: body.map(Into::into) }
    }
}

/// The end of a way through several pages. Carries the page's only `h1`.
#[derive(Debug, Clone, Template)]
#[template(path = "components/panel.html")]
pub struct Panel {
    /// What has happened.
    pub title: String,
    /// What to keep from it.
    pub body: Option<String>,
}

writes_markup!(ErrorSummary, Notice, Panel);
