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
        let error = match faults.len() {
            0 => None,
            1 => Some("There is 1 thing to mend. Nothing was saved.".to_owned()),
            many => Some(format!("There are {many} things to mend. Nothing was saved.")),
        };
        let at_document = |fault: Fault| Fault { field: fault.field.or_else(|| Some("document".into())), ..fault };
        Self {
            errors: ErrorSummary { faults: faults.into_iter().map(at_document).collect() },
            key: key.into(),
            title: title.into(),
            by_steps,
            protocol_id: frame.facts.protocol_id.clone().unwrap_or_default(),
            file: Upload {
                name: "file".into(),
                label: "Send a file in its place (optional)".into(),
                hint: Some("A protocol document ends in .json and is at most 1 MB.".into()),
                error: None,
                accept: ".json,application/json",
            },
            document: Area {
                hint: Some("The whole document, from the first brace to the last. Its key stays as it is.".into()),
                error,
                value: document,
                rows: 24,
                document: true,
                ..Area::new("document", "The plan as a document")
            },
            frame,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}
