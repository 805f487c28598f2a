use super::{chooser, crumbs};
use crate::component::{Breadcrumbs, ErrorSummary, Select, Tag, TagColour, TextField, Upload, show_at_fields};
use crate::number::{counted, grouped};
use crate::{Frame, Moment};
use askama::Template;

/// The files of outcomes that were taken in for a trial, and the form in which the next one is tried.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/outcome_file/list.html")]
pub struct List {
    /// Around the page.
    pub frame: Frame,
    /// Why a file was not read.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    rows: Vec<Row>,
    form: Option<Form>,
}

#[derive(Debug, Clone)]
struct Form {
    file: Upload,
    event: Select,
    days: Select,
    fields: [TextField; 6],
}

/// One file.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number in addresses.
    pub id: i64,
    /// When it was taken in.
    pub taken: Moment,
    /// By whom.
    pub by: String,
    /// Rows that were new.
    pub new: u64,
    /// When it was taken back.
    pub back: Option<Moment>,
}

impl Row {
    fn tag(&self) -> Tag {
        match self.back {
            None => Tag::new("Counts", TagColour::Green),
            Some(_) => Tag::new("Taken back", TagColour::Grey),
        }
    }

    fn rows_words(&self) -> String {
        counted(self.new, "outcome", "outcomes")
    }
}

/// Which column is read as what, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The code of the person.
    pub unit: String,
    /// What happened, where all rows say the same.
    pub event: String,
    /// What happened, where each row says it.
    pub event_column: String,
    /// How much.
    pub value: String,
    /// When.
    pub occurred_at: String,
    /// Where the sender knows it from.
    pub source: String,
    /// Whether days are written as 23/11/2026, and not as 2026-11-23.
    pub day_first: bool,
    /// The sheet of a spreadsheet; empty for the first one.
    pub sheet: String,
}

impl Typed {
    /// How days are written, as it is sent.
    pub(super) fn days(&self) -> &'static str {
        if self.day_first { DAY_FIRST } else { YEAR_FIRST }
    }
}

const YEAR_FIRST: &str = "year_first";
const DAY_FIRST: &str = "day_first";

/// What the form needs to know.
#[derive(Debug, Clone)]
pub struct Blank {
    /// The kinds of event that outcomes of the trial are made from, each with what it is for.
    pub kinds: Vec<(String, String)>,
    /// What stands in it.
    pub typed: Typed,
    /// Most rows of a file.
    pub most: usize,
}

impl List {
    /// The page of the trial `(key, title)`. The form is there while the trial takes outcomes.
    #[must_use]
    pub fn new(
        frame: Frame,
        (key, title): (&str, &str),
        rows: Vec<Row>,
        form: Option<Blank>,
        errors: ErrorSummary,
    ) -> Self {
        let form = form.map(|form| form_of(form, &errors));
        Self { frame, errors, key: key.to_owned(), title: title.to_owned(), rows, form }
    }

    fn crumbs(&self) -> Breadcrumbs {
        crumbs(&self.key, &self.title, false)
    }
}

fn form_of(Blank { kinds, typed, most }: Blank, errors: &ErrorSummary) -> Form {
    let days = typed.days().to_owned();
    let fault = errors.faults.iter().find(|fault| fault.field.as_deref() == Some("file"));
    let hint = format!(
        "An Excel workbook (.xlsx), or a table saved as \u{2018}CSV UTF-8\u{2019}, with the names of the columns in the first line; at most 1 MB and {} rows. The file is read and not kept.",
        grouped(most as u64)
    );
    let field = |name: &str, label: &str, hint: &str, value: String| {
        let mut field = TextField::new(name, label).hint(hint);
        field.value = value;
        field.autocomplete = Some("off");
        field
    };
    let mut fields = [
        field(
            "unit",
            "Column with the code of the person",
            "The code under which your system asked for a version: never names, dates of birth or public numbers. It is turned into \
             another code at once, and kept in no other form.",
            typed.unit,
        ),
        field(
            "event_column",
            "Column that tells what happened (only where each row says it by itself)",
            "Each cell is the name of an event in the plan, such as \u{2018}fine.settled\u{2019}.",
            typed.event_column,
        ),
        field(
            "occurred_at",
            "Column that tells when it happened",
            "A day, or a day with a time such as 09:30 on the trial\u{2019}s clock; days are written as you choose above. A day alone counts as \
             23:59:59 of that day.",
            typed.occurred_at,
        ),
        field(
            "value",
            "Column that tells how much (optional)",
            "A number with a point before its decimals. Leave it empty where it is enough that it happened.",
            typed.value,
        ),
        field("source", "Column that tells where it is known from (optional)", "Kept as it is written.", typed.source),
        field(
            "sheet",
            "Sheet (only of a workbook with several)",
            "Its name as it stands on its tab. Leave it empty for the first one.",
            typed.sheet,
        ),
    ];
    let [unit, event_column, occurred_at, value, source, sheet] = &mut fields;
    show_at_fields(errors, [unit, event_column, occurred_at, value, source, sheet]);
    Form {
        file: chooser("The file", hint, fault.map(|fault| fault.message.clone())),
        event: Select {
            name: "event".into(),
            label: "What do the rows say happened?".into(),
            options: kinds.into_iter().chain([(String::new(), "Each row says it by itself".to_owned())]).collect(),
            chosen: typed.event,
        },
        days: Select {
            name: "days".into(),
            label: "How are days written in it?".into(),
            options: vec![
                (YEAR_FIRST.to_owned(), "2026-11-23: the year first".to_owned()),
                (DAY_FIRST.to_owned(), "23/11/2026: the day first".to_owned()),
            ],
            chosen: days,
        },
        fields,
    }
}
