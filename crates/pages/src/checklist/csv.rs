//! The checklist as CSV, to hand in with an article.

use super::item::Checklist;
use crate::report::plain_text;

/// The checklist as CSV (RFC 4180, UTF-8, lines end in CR LF), a row for each item. A text that a spreadsheet would take for a
/// formula is written with an apostrophe before it.
///
/// # Errors
/// When the writer refuses, which it does not in memory; then a server may answer 500.
pub fn csv(checklist: &Checklist) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(["item", "section", "topic", "standing", "on_record", "not_on_record", "where"])?;
    for item in &checklist.items {
        let answer = &item.answer;
        let lacks = answer.not_asked().map_or_else(|| answer.missing().join(" "), str::to_owned);
        writer.write_record([
            item.number,
            item.section,
            item.topic,
            answer.standing().words(),
            &plain_text(&answer.told().join(" ")),
            &plain_text(&lacks),
            item.place.map_or("", super::item::Place::label),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
