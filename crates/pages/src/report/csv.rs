//! The report's comparisons as CSV, one row each, for a spreadsheet or another program.

use super::reading::{Reading, values};
use fairtrial_analysis::Report;
use fairtrial_analysis::report::{ArmReport, Comparison, Measure, OutcomeReport, VerdictKind};
use fairtrial_domain::protocol::Role;

const HEAD: [&str; 16] = [
    "trial",
    "protocol_id",
    "as_of",
    "outcome",
    "role",
    "arm",
    "arm_name",
    "assigned",
    "counted",
    "mean",
    "measure",
    "estimate",
    "lower",
    "upper",
    "level",
    "p_value",
];

/// The report as CSV (RFC 4180, UTF-8, lines end in CR LF): a row for each version and outcome, and beside a new version
/// one for each measure. Numbers are in the outcome's own unit and not rounded; absent ones are empty. Before the data
/// are locked, and when the trial cannot be read, there are counts only, as on the page.
///
/// A text that a spreadsheet would take for a formula is written with an apostrophe before it.
///
/// # Errors
/// When the writer refuses, which it does not in memory; then a server may answer 500.
pub fn csv(report: &Report) -> Result<Vec<u8>, csv::Error> {
    let reading = Reading { report };
    let compares = report.locked && report.verdict.kind != VerdictKind::Invalid;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for outcome in &report.outcomes {
        for arm in &report.arms {
            let found = outcome.comparisons.iter().filter(|found| found.arm == arm.arm && compares);
            let found: Vec<Option<&Comparison>> = found.map(Some).collect();
            let found = if found.is_empty() { vec![None] } else { found };
            for comparison in found {
                writer.write_record(row(reading, outcome, arm, comparison, compares))?;
            }
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn row(
    reading: Reading<'_>,
    outcome: &OutcomeReport,
    arm: &ArmReport,
    found: Option<&Comparison>,
    compares: bool,
) -> [String; 16] {
    let report = reading.report;
    let values = values(outcome, &arm.arm);
    let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    let number =
        |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default();
    let measure = found.map(|found| match found.measure {
        Measure::Difference => "difference",
        Measure::Ratio => "ratio",
    });
    [
        report.trial.to_string(),
        report.protocol_id.to_string(),
        report.as_of.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        outcome.outcome.to_string(),
        role(outcome.role).to_owned(),
        arm.arm.to_string(),
        text(&arm.name),
        count(values.map(|values| values.assigned)),
        count(values.map(|values| values.analysed)),
        number(values.and_then(|values| values.mean).filter(|_| compares)),
        measure.unwrap_or_default().to_owned(),
        number(found.and_then(|found| found.estimate)),
        number(found.and_then(|found| found.lower)),
        number(found.and_then(|found| found.upper)),
        number(found.map(|found| found.level)),
        number(found.and_then(|found| found.p_value)),
    ]
}

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Primary => "primary",
        Role::Secondary => "secondary",
        Role::Guardrail => "guardrail",
        Role::Harm => "harm",
    }
}

/// A text that no spreadsheet takes for a formula.
pub(crate) fn text(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{text}") } else { text.to_owned() }
}
