//! Records of single people as CSV, for analysts.

use crate::report::plain_text;
use fairtrial_domain::Protocol;
use fairtrial_domain::eligibility::AttributeValue;
use fairtrial_domain::projection::{Delivery, Observed, UnitEvidence, UnitRecord};

/// The records as CSV (RFC 4180, UTF-8, lines end in CR LF), one row a person in the order of the assignments: row number, day, arm,
/// group, the version given instead, delivery, whether the person is counted, each attribute, and each outcome.
///
/// Outcomes are in their own unit: empty where nothing was recorded, `too_early` where the follow-up was not over. There is no name
/// and no code of a person in it. A text that a spreadsheet would take for a formula is written with an apostrophe before it.
///
/// # Errors
/// When the writer refuses, which it does not in memory; then a server may answer 500.
pub fn records(plan: &Protocol, people: &UnitEvidence) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let fixed = ["row", "day", "arm", "group", "given_instead", "delivery", "counted"].map(str::to_owned);
    let attributes = plan.attributes.iter().map(|attribute| format!("attribute.{}", attribute.name));
    let outcomes = plan.outcomes.iter().map(|outcome| format!("outcome.{}", outcome.key));
    writer.write_record(fixed.into_iter().chain(attributes).chain(outcomes))?;
    for (number, unit) in people.units.iter().enumerate() {
        writer.write_record(row(plan, people, number + 1, unit))?;
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
