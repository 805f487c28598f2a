use crate::report::plain_text as text;
use fairtrial_analysis::release::ReleasedExplored;
use fairtrial_domain::LockedProtocol;

const HEAD: [&str; 10] =
    ["status", "trial", "protocol_id", "outcome", "attribute", "group", "arm", "counted", "happened", "share"];

/// What was explored as CSV (RFC 4180, UTF-8, lines end in CR LF), in released numbers; every row says that it is exploratory.
///
/// # Errors
/// When the writer refuses, which it does not in memory; then a server may answer 500.
pub fn explored_csv(plan: &LockedProtocol, found: &[ReleasedExplored]) -> Result<Vec<u8>, csv::Error> {
    let count = |count: fairtrial_analysis::release::Count| count.value().map(|n| n.to_string()).unwrap_or_default();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for row in found {
        writer.write_record([
            "exploratory".to_owned(),
            plan.protocol().key.to_string(),
            plan.id().to_string(),
            row.outcome.to_string(),
            text(&row.attribute),
            text(&row.group),
            row.arm.to_string(),
            count(row.analysed),
            count(row.events),
            format!("{:.4}", row.share),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
