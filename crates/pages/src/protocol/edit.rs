use super::DocumentForm;
use crate::Frame;
use crate::component::{Area, Breadcrumbs, Crumb, ErrorSummary, Fault, Upload};
use askama::Template;

/// The document of a draft, to be changed as a whole. The form is `multipart/form-data` with the parts `csrf`,
/// `protocol_id`, `file` and `document`; a file that is not empty goes first.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/protocol/edit.html")]
pub struct Edit {
    /// Around the page.
    pub frame: Frame,
    /// Everything that is wrong with the document.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    by_steps: bool,
    protocol_id: String,
    file: Upload,
    document: Area,
}

impl Edit {
    /// The form with a document, and everything that is wrong with it; `by_steps` is whether the steps fit the plan that is
    /// saved.
    #[must_use]
    pub fn new(frame: Frame, (key, title): (&str, &str), by_steps: bool, document: String, faults: Vec<Fault>) -> Self {
        let labels = ("Send a file in its place (optional)", "The plan as a document");
        let hint = "The whole document, from the first brace to the last. Its key stays as it is.";
        let DocumentForm { errors, file, document } = DocumentForm::new(labels, hint, 24, document, faults);
        Self {
            errors,
            key: key.into(),
            title: title.into(),
            by_steps,
            protocol_id: frame.facts.protocol_id.clone().unwrap_or_default(),
            file,
            document,
            frame,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}
