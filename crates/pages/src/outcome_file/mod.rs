//! Outcomes that people take in as a file.

mod check;
mod list;
mod show;

pub use check::{Check, Found};
pub use list::{Blank, List, Row, Typed};
pub use show::{Back, Kept, Show};

use crate::component::{Breadcrumbs, Crumb, SummaryList, Upload};

/// Rows that are named on a page.
const NAMED: usize = 100;

fn crumbs(key: &str, title: &str, below: bool) -> Breadcrumbs {
    let mut crumbs = Breadcrumbs::of([("Trials", "/trials")]);
    crumbs.crumbs.push(Crumb { label: title.to_owned(), address: format!("/trials/{key}") });
    if below {
        let files = Crumb { label: "Outcomes from files".into(), address: format!("/trials/{key}/outcome-files") };
        crumbs.crumbs.push(files);
    }
    crumbs
}

fn chooser(label: &str, hint: String, error: Option<String>) -> Upload {
    Upload { name: "file".into(), label: label.into(), hint: Some(hint), error, accept: ".csv,.xlsx,text/csv" }
}

/// How the columns were read, in rows.
fn read_as(facts: SummaryList, typed: &Typed) -> SummaryList {
    let column = |name: &str| format!("column \u{2018}{name}\u{2019}");
    let happened = match typed.event.is_empty() {
        true => column(&typed.event_column),
        false => format!("{}, in all rows", typed.event),
    };
    let facts = facts.row("Code of the person", column(&typed.unit)).row("What happened", happened);
    let days = if typed.day_first { "23/11/2026" } else { "2026-11-23" };
    let when =
        format!("{}, days written as {days}; a day alone counts as 23:59:59 of that day", column(&typed.occurred_at));
    let facts = facts.row("When", when);
    let facts = if typed.sheet.is_empty() { facts } else { facts.row("Sheet", &typed.sheet) };
    let facts = if typed.value.is_empty() { facts } else { facts.row("How much", column(&typed.value)) };
    if typed.source.is_empty() { facts } else { facts.row("Source", column(&typed.source)) }
}
