//! The released report as CSV, one row for each version and outcome, to pass on.

use fairtrial_analysis::release::{Count, ReleasedReport};

use super::csv::{role, text};
use crate::register::HIDDEN;

const HEAD: [&str; 14] = [
    "trial",
    "protocol_id",
    "as_of",
    "outcome",
    "outcome_name",
    "role",
    "arm",
    "arm_name",
    "counted",
    "happened",
    "mean",
    "difference",
    "lower",
    "upper",
];

/// The released report as CSV (RFC 4180, UTF-8, lines end in CR LF): a row for each version and outcome, with the difference
/// from the current version beside a new one.
///
/// Counts are rounded, and those that are hidden are written "not shown"; means, differences and their 95 % ranges are
/// worked out from the rounded counts, in the outcome's own unit, and absent ones are empty. A text that a spreadsheet would
/// take for a formula is written with an apostrophe before it.
///
/// # Errors
/// When the writer refuses, which it does not in memory; then a server may answer 500.
pub fn released_csv(report: &ReleasedReport) -> Result<Vec<u8>, csv::Error> {
    let count = |count: Count| match count.value() {
        Some(shown) => shown.to_string(),
        None => HIDDEN.to_owned(),
    };
    let number =
        |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for outcome in &report.outcomes {
        for arm in &outcome.arms {
            let name = report.arms.iter().find(|known| known.arm == arm.arm).map_or("", |known| known.name.as_str());
            let found = outcome.comparisons.iter().find(|found| found.arm == arm.arm);
            let happens = outcome.kind == fairtrial_domain::protocol::OutcomeKind::Binary;
            writer.write_record([
                report.trial.to_string(),
                report.protocol_id.to_string(),
                report.as_of.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
                outcome.outcome.to_string(),
                text(&outcome.name),
                role(outcome.role).to_owned(),
                arm.arm.to_string(),
                text(name),
                count(arm.analysed),
                if happens { count(arm.events) } else { String::new() },
                number(arm.mean),
                number(found.and_then(|found| found.estimate)),
                number(found.and_then(|found| found.lower)),
                number(found.and_then(|found| found.upper)),
            ])?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
