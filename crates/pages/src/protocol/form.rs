//! The form by which a plan is sent as a document.

use crate::component::{Area, ErrorSummary, Fault, Upload};

/// A file, or the document itself in a field, with everything that is wrong with it.
#[derive(Debug, Clone)]
pub(crate) struct DocumentForm {
    pub(crate) errors: ErrorSummary,
    pub(crate) file: Upload,
    pub(crate) document: Area,
}

impl DocumentForm {
    /// `labels` are those of the file and of the field.
    pub(crate) fn new(labels: (&str, &str), hint: &str, rows: u8, document: String, faults: Vec<Fault>) -> Self {
        let error = match faults.len() {
            0 => None,
            1 => Some("There is 1 thing to mend. Nothing was saved.".to_owned()),
            many => Some(format!("There are {many} things to mend. Nothing was saved.")),
        };
        let at_document = |fault: Fault| Fault { field: fault.field.or_else(|| Some("document".into())), ..fault };
        Self {
            errors: ErrorSummary { faults: faults.into_iter().map(at_document).collect() },
            file: Upload {
                name: "file".into(),
                label: labels.0.into(),
                hint: Some("A protocol document ends in .json and is at most 1 MB.".into()),
                error: None,
                accept: ".json,application/json",
            },
            document: Area {
                hint: Some(hint.into()),
                error,
                value: document,
                rows,
                document: true,
                ..Area::new("document", labels.1)
            },
        }
    }
}
