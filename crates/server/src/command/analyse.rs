//! `fairtrial analyse`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};
use fairtrial_analysis::{
    Report, analyse,
    bundle::ReportBundle,
    report::{Comparison, EquityFinding, Measure},
    tabular::{ColumnMapping, Row, evidence_from_table},
};
use fairtrial_app::{Clock, trials::report::ENGINE};
use serde_json::json;

use super::{Failure, print};
use crate::server::SystemClock;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The protocol document
    #[arg(long, value_name = "FILE", required_unless_present = "bundle", requires = "data")]
    protocol: Option<PathBuf>,
    /// CSV with the columns unit, arm, assigned_at, the strata and the cluster of the plan, and one for each outcome
    #[arg(long, value_name = "FILE", required_unless_present = "bundle", requires = "protocol")]
    data: Option<PathBuf>,
    /// Instead of plan and table: the bundle of a trial whose data are locked, from which its report is computed again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["protocol", "data", "columns", "arms", "missing", "one_row_per_unit", "as_of"])]
    bundle: Option<PathBuf>,
    /// With a bundle: say whether the report that was frozen comes out again, byte for byte; end with 1 when it does not
    #[arg(long, requires = "bundle")]
    check: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Where the file names a column otherwise, such as arm=race; may be repeated
    #[arg(long = "column", value_name = "NAME=COLUMN")]
    columns: Vec<String>,
    /// Where the file names an arm otherwise, such as new=1; may be repeated
    #[arg(long = "arm", value_name = "KEY=WORD")]
    arms: Vec<String>,
    /// A word for "no value" beside an empty cell; may be repeated [default: NA]
    #[arg(long = "missing", value_name = "WORD")]
    missing: Vec<String>,
    /// The file has no column for the unit: each of its rows is one
    #[arg(long)]
    one_row_per_unit: bool,
    /// The moment as of which people have been followed up, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    as_of: Option<DateTime<Utc>>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (protocol, data) = match (&arguments.bundle, &arguments.protocol, &arguments.data) {
        (Some(bundle), _, _) => return analyse_bundle(bundle, arguments),
        (None, Some(protocol), Some(data)) => (protocol, data),
        (None, ..) => return Err(Failure::Usage("give --protocol and --data, or --bundle".into())),
    };
    let mapping =
        ColumnMapping::read(&arguments.columns, &arguments.arms, &arguments.missing, arguments.one_row_per_unit)
            .map_err(|error| Failure::Usage(error.to_string()))?;
    let plan = super::power::read_plan(protocol)?;
    let (header, rows) = read_table(data)?;
    let as_of = arguments.as_of.unwrap_or_else(|| SystemClock.now());
    let evidence = evidence_from_table(&plan, &header, rows, &mapping, as_of).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow!("{}:\n{}", data.display(), lines.join("\n"))
    })?;
    show(&analyse(&plan, &evidence, ENGINE), arguments.json)
}

pub(super) fn show(report: &Report, as_json: bool) -> Result<(), Failure> {
    let text = if as_json {
        serde_json::to_string_pretty(report).map(|text| text + "\n").map_err(anyhow::Error::from)?
    } else {
        in_words(report)
    };
    Ok(print(&text)?)
}

/// Computes the report of a bundle again, and with `--check` says whether it is the one that was frozen.
fn analyse_bundle(file: &Path, arguments: &Arguments) -> Result<(), Failure> {
    let archive = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let found = ReportBundle::from_tar(&archive).and_then(|bundle| Ok((bundle.recompute()?, bundle)));
    let (found, bundle) = match found {
        Ok(found) => found,
        Err(error) => {
            if arguments.check && arguments.json {
                print(&format!("{}\n", json!({"same": false, "error": error.to_string()})))?;
            }
            return Err(Failure::Failed(anyhow!("{}: {error}", file.display())));
        }
    };
    if !arguments.check {
        return show(&found.report, arguments.json);
    }
    let same = found.differs_at.is_none();
    let trial = bundle.trial();
    let text = if arguments.json {
        let said = json!({"trial": trial, "protocol_id": found.report.protocol_id, "same": same, "engine": bundle.engine(),
            "frozen": found.frozen, "recomputed": found.recomputed, "differs_at": found.differs_at});
        format!("{said}\n")
    } else if let Some(place) = &found.differs_at {
        let place = if place.is_empty() { "its form".to_owned() } else { format!("{place:?}") };
        format!(
            "{trial}: another report comes out, first in {place}: sha256:{} was frozen by {}, sha256:{} is computed by {ENGINE}\n",
            found.frozen,
            bundle.engine(),
            found.recomputed
        )
    } else {
        format!(
            "{trial}: the same report comes out, byte for byte: sha256:{}\n{} - {}\nplan {}\n",
            found.frozen,
            found.report.verdict.kind.word(),
            found.report.verdict.action,
            found.report.protocol_id
        )
    };
    print(&text)?;
    if same { Ok(()) } else { Err(Failure::Failed(anyhow!("the report does not come out again"))) }
}

fn read_table(data: &Path) -> Result<(Vec<String>, Vec<Row>), Failure> {
    let shown = data.display();
    let text = fs::read(data).with_context(|| format!("{shown} cannot be read"))?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let mut reader = csv::Reader::from_reader(text);
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<String>>();
    let read = |reader: &mut csv::Reader<&[u8]>| -> Result<(Vec<String>, Vec<Row>), csv::Error> {
        let header = cells(reader.headers()?);
        let rows = reader.records().map(|record| {
            let record = record?;
            Ok(Row { line: record.position().map_or(0, csv::Position::line), cells: cells(&record) })
        });
        Ok((header, rows.collect::<Result<_, csv::Error>>()?))
    };
    Ok(read(&mut reader).with_context(|| format!("{shown} is not a table"))?)
}

/// The report for somebody at a terminal; the whole of it is in the JSON.
fn in_words(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!("{} ({})", report.title, report.trial));
    line(format!("\n{} - {}", report.verdict.kind.word(), report.verdict.action));
    line(report.verdict.headline.clone());
    for reason in &report.verdict.reasons {
        line(format!("  - {}", reason.detail));
    }
    line("\nArms".into());
    for arm in &report.arms {
        let control = if arm.control { ", the current version" } else { "" };
        line(format!(
            "  {} ({}{control}): {} assigned, {} analysed, {} missing",
            arm.arm, arm.name, arm.assigned, arm.analysed, arm.missing
        ));
    }
    for outcome in &report.outcomes {
        line(format!("\n{} ({})", outcome.name, outcome.outcome));
        for arm in &outcome.arms {
            line(match (&arm.not_estimable, arm.mean, arm.events) {
                (_, Some(share), Some(events)) => {
                    format!("  {}: {:.2} % ({events} of {})", arm.arm, share * 100.0, arm.analysed)
                }
                (_, Some(mean), None) => format!("  {}: {mean:.4} on average ({} analysed)", arm.arm, arm.analysed),
                (Some(why), None, _) => format!("  {}: {}", arm.arm, why.detail),
                (None, None, _) => format!("  {}: no value", arm.arm),
            });
        }
        for comparison in &outcome.comparisons {
            line(compared(comparison, ""));
        }
        for comparison in &outcome.unadjusted {
            line(compared(comparison, ", without adjustment"));
        }
        for range in outcome.together.iter().filter(|range| range.not_estimable.is_none()) {
            line(format!(
                "  together with the others, {} : {} to {} ({:.0} %; {})",
                range.arm,
                number(range.lower, "unbounded"),
                number(range.upper, "unbounded"),
                range.level * 100.0,
                range.method.as_deref().unwrap_or("no method"),
            ));
        }
        for bounds in outcome.missing_bounds.iter().filter(|bounds| bounds.not_estimable.is_none()) {
            line(format!(
                "  whatever the missing are, {} : {}: {} to {} ({} to {} with chance)",
                bounds.arm,
                bounds.control,
                number(bounds.smallest, "unbounded"),
                number(bounds.largest, "unbounded"),
                number(bounds.lower, "unbounded"),
                number(bounds.upper, "unbounded"),
            ));
        }
    }
    if !report.baseline.is_empty() {
        line("\nBefore the start".into());
    }
    for row in &report.baseline {
        let arm = |arm: &fairtrial_analysis::report::BaselineArm| {
            let far = arm.standardised_difference.map(|far| format!(" ({far:+.2})")).unwrap_or_default();
            format!("{} {}{far}", arm.arm, number(arm.mean, "-"))
        };
        let level = row.level.as_ref().map(|level| format!(" {level}")).unwrap_or_default();
        let arms: Vec<String> = row.arms.iter().map(arm).collect();
        line(format!("  {}{level}: {}", row.attribute, arms.join(", ")));
    }
    for found in &report.redrawn {
        line(match &found.not_estimable {
            Some(why) => format!("\nThe allocation drawn again, {}: {}", found.arm, why.detail),
            None => {
                format!(
                    "\nThe allocation drawn {} times again, {}: p {}",
                    found.redraws,
                    found.arm,
                    p_value(found.p_value)
                )
            }
        });
    }
    for found in &report.got_it {
        line(match &found.not_estimable {
            Some(why) => format!("\nThose who got it, {}: {}", found.arm, why.detail),
            None => format!(
                "\nThose who got it, {}: {} ({} to {})",
                found.arm,
                number(found.estimate, "-"),
                number(found.lower, "unbounded"),
                number(found.upper, "unbounded"),
            ),
        });
    }
    if !report.equity.is_empty() {
        line("\nGroups".into());
    }
    for found in &report.equity {
        let answer = match found.finding {
            EquityFinding::NoneSeen => "not worse off",
            EquityFinding::CannotRuleOut => "cannot be ruled out to be worse off",
            EquityFinding::Seen => "worse off",
        };
        let group = found.group.as_deref().unwrap_or("all");
        line(format!("  {} {group}, {}: {answer}", found.attribute, found.outcome));
    }
    for departure in &report.departures {
        line(format!("\n{}", departure.detail));
    }
    line("\nChecks".into());
    for gate in &report.integrity {
        line(format!("  {}: {}", gate.gate, gate.detail));
    }
    line(format!("\nplan {}, {}, as of {}", report.protocol_id, report.engine, report.as_of.to_rfc3339()));
    text
}

fn compared(comparison: &Comparison, beside: &str) -> String {
    let measure = match comparison.measure {
        Measure::Difference => "difference",
        Measure::Ratio => "ratio",
    };
    match (&comparison.not_estimable, comparison.estimate) {
        (Some(why), _) => {
            format!("  {measure} {} : {}{beside}: {}", comparison.arm, comparison.control, why.detail)
        }
        (None, estimate) => format!(
            "  {measure} {} : {}{beside}: {} ({} to {}, {} % interval; p {}; {})",
            comparison.arm,
            comparison.control,
            number(estimate, "-"),
            number(comparison.lower, "unbounded"),
            number(comparison.upper, "unbounded"),
            (comparison.level * 1000.0).round() / 10.0,
            p_value(comparison.p_value),
            comparison.method.as_deref().unwrap_or("no method"),
        ),
    }
}

/// Never 0: below what is worth writing out, only that it is below.
fn p_value(p: Option<f64>) -> String {
    match p {
        None => "-".into(),
        Some(p) if p < 0.000_1 => "< 0.0001".into(),
        Some(p) => format!("= {p:.4}"),
    }
}

fn number(value: Option<f64>, absent: &str) -> String {
    value.map_or_else(|| absent.to_owned(), |value| format!("{value:.4}"))
}
