use crate::Frame;
use crate::component::{Area, Breadcrumbs, ErrorSummary, Fault, Upload};
use crate::protocol::DocumentForm;
use askama::Template;

/// A new trial from its protocol document, sent as a file or pasted. The form is `multipart/form-data` with the parts
/// `csrf`, `file` and `document`; a file that is not empty goes first.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/trial/create.html")]
pub struct Create {
    /// Around the page.
    pub frame: Frame,
    /// Everything that is wrong with the document.
    pub errors: ErrorSummary,
    file: Upload,
    document: Area,
}

impl Create {
    /// The form. `document` is what was sent before, and `faults` everything that is wrong with it.
    #[must_use]
    pub fn new(frame: Frame, document: String, faults: Vec<Fault>) -> Self {
        let labels = ("Send a file", "Or paste it here");
        let hint = "The whole document, from the first brace to the last.";
        let DocumentForm { errors, file, document } = DocumentForm::new(labels, hint, 16, document, faults);
        Self { frame, errors, file, document }
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Trials", "/trials")])
    }
}
