use super::{NAMED, Typed, chooser, crumbs, read_as};
use crate::Frame;
use crate::component::{
    Breadcrumbs, Cell, Choice, ChoiceOption, Choices, ErrorSummary, Fault, SummaryList, Table, Upload,
};
use crate::number::{counted, grouped};
use askama::Template;

/// What would become of a file, and the form that takes it in.
#[derive(Debug, Clone, Template)]
#[template(path = "pages/outcome_file/check.html")]
pub struct Check {
    /// Around the page.
    pub frame: Frame,
    /// Why the file was not taken in.
    pub errors: ErrorSummary,
    key: String,
    title: String,
    sentence: String,
    facts: SummaryList,
    refused: Option<Table>,
    read_as: Vec<(&'static str, String)>,
    digest: String,
    next: String,
    form: Option<(Upload, Option<Choice>)>,
}

/// What was found in it.
#[derive(Debug, Clone)]
pub struct Found {
    /// SHA-256 of the file.
    pub digest: String,
    /// Rows that would be new.
    pub new: u64,
    /// Rows that are known already.
    pub known: u64,
    /// Rows about people who are not in the trial.
    pub others: u64,
    /// Lines that would be refused, each with the reason.
    pub refused: Vec<(u64, String)>,
}

impl Check {
    /// The page. `asked` says that the file was to be taken in, and was not because of rows that are refused.
    #[must_use]
    pub fn new(frame: Frame, (key, title): (&str, &str), typed: &Typed, found: &Found, asked: bool) -> Self {
        let refused = found.refused.len() as u64;
        let mut errors = ErrorSummary::default();
        if asked {
            let message = "Nothing was taken in: choose that the refused rows are left out, or mend them and check the file again.";
            errors.faults.push(Fault::of_field("leave_out", message));
        }
        let facts = SummaryList::default()
            .row("New", grouped(found.new))
            .row("Known already, and counted once", grouped(found.known))
            .row("About people who are not in this trial: left out, and not kept", grouped(found.others))
            .row("Refused", grouped(refused));
        let leave_out = (refused > 0).then(|| {
            let words = format!("Leave {} out", counted(refused, "refused row", "refused rows"));
            let mut choice = Choice {
                name: "leave_out".into(),
                legend: "Rows that are refused".into(),
                hint: Some("Otherwise nothing is taken in while there is such a row.".into()),
                error: None,
                options: vec![ChoiceOption::new("yes", &words, None)],
                choices: Choices::Any,
            };
            choice.take_error(&errors);
            choice
        });
        let hint = "It was not kept, so choose it again. It must be exactly the one that was checked.".to_owned();
        let read_as_before = named(typed);
        Self {
            next: next(key, &read_as_before),
            key: key.to_owned(),
            title: title.to_owned(),
            sentence: sentence(found),
            facts: read_as(facts, typed),
            refused: table(&found.refused),
            read_as: read_as_before,
            digest: found.digest.clone(),
            form: (found.new > 0).then(|| (chooser("The same file once more", hint, None), leave_out)),
            frame,
            errors,
        }
    }

    fn crumbs(&self) -> Breadcrumbs {
        crumbs(&self.key, &self.title, true)
    }
}

/// How the columns were read, as the form sends it.
fn named(typed: &Typed) -> Vec<(&'static str, String)> {
    vec![
        ("unit", typed.unit.clone()),
        ("event", typed.event.clone()),
        ("event_column", typed.event_column.clone()),
        ("value", typed.value.clone()),
        ("occurred_at", typed.occurred_at.clone()),
        ("source", typed.source.clone()),
        ("days", typed.days().to_owned()),
        ("sheet", typed.sheet.clone()),
    ]
}

/// Where the next file is checked, with what was named for this one.
fn next(key: &str, named: &[(&'static str, String)]) -> String {
    let escaped = |text: &str| {
        let byte = |byte: u8| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    let said: Vec<String> = named.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    format!("/trials/{key}/outcome-files?{}", said.join("&"))
}

fn sentence(found: &Found) -> String {
    match (found.new, found.refused.len() as u64) {
        (0, 0) => "Nothing in this file is new, so that there is nothing to take in.".into(),
        (0, refused) => format!(
            "No row of this file can be taken in: {} refused, and nothing else is new. Mend the file and check it again.",
            counted(refused, "row is", "rows are")
        ),
        (new, 0) => format!("{} can be taken in. Nothing has been kept yet.", counted(new, "row", "rows")),
        (new, refused) => format!(
            "{} can be taken in, and {} refused. Nothing has been kept yet. Mend the refused rows and check the file again, or leave them out.",
            counted(new, "row", "rows"),
            counted(refused, "is", "are")
        ),
    }
}

fn table(refused: &[(u64, String)]) -> Option<Table> {
    let row = |(line, why): &(u64, String)| vec![Cell::words(format!("Line {line}")), Cell::words(why.clone())];
    (!refused.is_empty()).then(|| Table {
        caption: match refused.len() > NAMED {
            true => format!("Rows that are refused, the first {NAMED}"),
            false => "Rows that are refused".to_owned(),
        },
        caption_hidden: false,
        head: vec![Cell::words("Line of the file"), Cell::words("Why")],
        rows: refused.iter().take(NAMED).map(row).collect(),
    })
}
