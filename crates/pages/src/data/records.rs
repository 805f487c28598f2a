//! Records of single people as CSV, for analysts.

use std::ops::Range;

use fairtrial_domain::{
    Protocol,
    eligibility::AttributeValue,
    projection::{Delivery, Observed, UnitEvidence, UnitRecord},
};

use crate::report::plain_text;

/// The heading of the records as CSV (RFC 4180, UTF-8, lines end in CR LF): row number, day, arm, group, the version given instead,
/// delivery, whether the person is counted, each attribute, and each outcome.
///
/// # Errors
/// When the writer refuses, which it does not in memory; then a server may answer 500.
pub fn heading(plan: &Protocol) -> Result<Vec<u8>, csv::Error> {
    let fixed = ["row", "day", "arm", "group", "given_instead", "delivery", "counted"].map(str::to_owned);
    let attributes = plan.attributes.iter().map(|attribute| format!("attribute.{}", attribute.name));
    let outcomes = plan.outcomes.iter().map(|outcome| format!("outcome.{}", outcome.key));
    lines(std::iter::once(fixed.into_iter().chain(attributes).chain(outcomes).collect()))
}

/// Some of the records, one row a person in the order of the assignments, so that nobody has to hold all rows at once.
///
/// Outcomes are in their own unit: empty where nothing was recorded, `too_early` where the follow-up was not over. There is no name
/// and no code of a person in it. A text that a spreadsheet would take for a formula is written with an apostrophe before it.
///
/// # Errors
/// As [`heading`].
pub fn records(plan: &Protocol, people: &UnitEvidence, some: Range<usize>) -> Result<Vec<u8>, csv::Error> {
    let first = some.start;
    let some = people.units.get(first..some.end.min(people.units.len())).unwrap_or_default();
    lines(some.iter().enumerate().map(|(number, unit)| row(plan, people, first + number + 1, unit)))
}

fn lines(rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn row(plan: &Protocol, people: &UnitEvidence, number: usize, unit: &UnitRecord) -> Vec<String> {
    let arm = |place: usize| plan.arms.get(place).map_or_else(String::new, |arm| arm.key.to_string());
    let delivery = match unit.delivery {
        Delivery::Unknown => "unknown",
        Delivery::Delivered => "delivered",
        Delivery::Seen => "seen",
    };
    let mut cells = vec![
        number.to_string(),
        unit.day.map(|day| day.to_string()).unwrap_or_default(),
        arm(unit.arm),
        plain_text(people.group_of(unit)),
        unit.given.map(arm).unwrap_or_default(),
        delivery.to_owned(),
        if unit.counted { "yes" } else { "no" }.to_owned(),
    ];
    cells.extend(plan.attributes.iter().map(|attribute| match unit.attributes.get(&attribute.name) {
        Some(AttributeValue::Category(text)) => plain_text(text),
        Some(AttributeValue::Boolean(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(AttributeValue::Number(number)) => number.to_string(),
        None => String::new(),
    }));
    cells.extend(plan.outcomes.iter().enumerate().map(|(place, outcome)| match unit.outcomes.get(place) {
        Some(Observed::TooEarly) => "too_early".to_owned(),
        Some(Observed::Value(steps)) => (*steps as f64 * outcome.step.to_f64()).to_string(),
        Some(Observed::Nothing) | None => String::new(),
    }));
    cells
}
