use crate::Frame;
use crate::component::{Area, Breadcrumbs, ErrorSummary, Fault, Upload};
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
        let error = match faults.len() {
            0 => None,
            1 => Some("There is 1 thing to mend. Nothing was saved.".to_owned()),
            many => Some(format!("There are {many} things to mend. Nothing was saved.")),
        };
        let at_document = |fault: Fault| Fault { field: fault.field.or_else(|| Some("document".into())), ..fault };
        Self {
            frame,
            errors: ErrorSummary { faults: faults.into_iter().map(at_document).collect() },
            file: Upload {
                name: "file".into(),
                label: "Send a file".into(),
                hint: Some("A protocol document ends in .json and is at most 1 MB.".into()),
                error: None,
                accept: ".json,application/json",
            },
            document: Area {
                hint: Some("The whole document, from the first brace to the last.".into()),
                error,
                value: document,
                rows: 16,
                document: true,
                ..Area::new("document", "Or paste it here")
            },
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        Breadcrumbs::of([("Trials", "/trials")])
    }
}
