use crate::component::{Breadcrumbs, Crumb, ErrorSummary, Tag, TagColour, Upload};
use crate::number::counted;
use crate::{Frame, Moment};
use askama::Template;

/// The lists of a trial, and the form for sending another one.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/batch/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// Why a list was not taken.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    rows: Vec<Row>,
    file: Option<Upload>,
}

/// One list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name in addresses.
    pub id: String,
    /// When it was sent.
    pub uploaded: Moment,
    /// By whom.
    pub by: String,
    /// People in it.
    pub people: u64,
    /// When everybody in it was assigned.
    pub committed: Option<Moment>,
}

impl Row {
    fn tag(&self) -> Tag {
        match self.committed {
            Some(_) => Tag::new("Committed", TagColour::Green),
            None => Tag::new("Waits for a second person", TagColour::Yellow),
        }
    }

    fn people_words(&self) -> String {
        counted(self.people, "person", "people")
    }
}

impl List {
    /// The page; the form is there while people enter the trial.
    #[must_use]
    pub fn new(frame: Frame, (key, title): (&str, &str), rows: Vec<Row>, open: bool, errors: ErrorSummary) -> Self {
        let fault = errors.faults.first().map(|fault| fault.message.clone());
        let file = open.then(|| Upload {
            name: "file".into(),
            label: "The list as a CSV file".into(),
            hint: Some(
                "A column \u{2018}unit\u{2019} with the code of each person, and where the plan asks for them \u{2018}cluster\u{2019} and \
                 \u{2018}attributes.NAME\u{2019}. Never names, addresses or public numbers. At most 1 MB; longer lists are sent by a program."
                    .into(),
            ),
            error: fault,
            accept: ".csv,text/csv",
        });
        Self { frame, errors, key: key.to_owned(), title: title.to_owned(), rows, file }
    }

    fn crumbs(&self) -> Breadcrumbs {
        let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
        crumbs.crumbs.push(Crumb { label: self.title.clone(), address: format!("/trials/{}", self.key) });
        crumbs
    }
}
