//! The released report as a spreadsheet: a sheet for each table, every cell of its own type.

use chrono::{DateTime, Utc};
use fairtrial_analysis::release::{Count, ReleasedReport};
use fairtrial_domain::ArmKey;
use fairtrial_domain::protocol::{OutcomeKind, Role};
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};

use super::{Light, check_name, words};

/// Most letters of one cell that Excel takes.
const MOST_LETTERS: usize = 32_000;

/// One cell. A text is written as a text, so that none is ever read as a formula, whatever it begins with.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Whole(u64),
    Number(f64),
    Moment(DateTime<Utc>),
    Nothing,
}

/// One table.
#[derive(Debug, Clone, PartialEq)]
struct Sheet {
    name: &'static str,
    head: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

/// The report as an Excel workbook.
///
/// Counts are released ones: hidden ones are told in words ("not shown"). Values are in the outcome's own unit, shares
/// between 0 and 1. The same report gives the same file, byte for byte.
///
/// # Errors
/// When the writer refuses, which it does not in memory; then a server may answer 500.
pub fn workbook(report: &ReleasedReport) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = DocProperties::new().set_title(cut(&report.title)).set_creation_datetime(&report.as_of);
    book.set_properties(&made);
    for sheet in sheets(report) {
        write(book.add_worksheet(), &sheet)?;
    }
    book.save_to_buffer()
}

fn write(page: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    let head = Format::new().set_bold().set_text_wrap();
    let day = Format::new().set_num_format("yyyy-mm-dd hh:mm").set_align(rust_xlsxwriter::FormatAlign::Left);
    let whole = Format::new().set_num_format("#,##0");
    page.set_name(sheet.name)?.set_freeze_panes(1, 0)?;
    for (column, text) in (0_u16..).zip(&sheet.head) {
        page.write_string_with_format(0, column, *text, &head)?;
        page.set_column_width(column, if column == 0 { 34 } else { 22 })?;
    }
    for (row, cells) in (1_u32..).zip(&sheet.rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Value::Text(text) => page.write_string(row, column, cut(text))?,
                Value::Whole(number) => page.write_number_with_format(row, column, *number as f64, &whole)?,
                Value::Number(number) => page.write_number(row, column, *number)?,
                Value::Moment(at) => page.write_datetime_with_format(row, column, at.naive_utc(), &day)?,
                Value::Nothing => page,
            };
        }
    }
    Ok(())
}

fn cut(text: &str) -> String {
    text.chars().take(MOST_LETTERS).collect()
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn number(value: Option<f64>) -> Value {
    value.filter(|value| value.is_finite()).map_or(Value::Nothing, Value::Number)
}

fn sheets(report: &ReleasedReport) -> Vec<Sheet> {
    let count = |count: Count| match count.value() {
        Some(shown) => Value::Whole(shown),
        None => text(crate::register::HIDDEN),
    };
    let name = |key: &ArmKey| {
        let found = report.arms.iter().find(|arm| arm.arm == *key);
        text(found.map_or_else(|| key.to_string(), |arm| arm.name.clone()))
    };
    let outcomes = report.outcomes.iter().flat_map(|outcome| {
        outcome.arms.iter().map(|arm| {
            let happened = if outcome.kind == OutcomeKind::Binary { count(arm.events) } else { Value::Nothing };
            vec![
                text(outcome.name.clone()),
                text(role(outcome.role)),
                text(kind(outcome.kind)),
                name(&arm.arm),
                count(arm.analysed),
                happened,
                number(arm.mean),
            ]
        })
    });
    let differences = report.outcomes.iter().flat_map(|outcome| {
        outcome.comparisons.iter().map(|found| {
            vec![
                text(outcome.name.clone()),
                name(&found.arm),
                name(&found.control),
                number(found.estimate),
                number(found.lower),
                number(found.upper),
                number(Some(found.level)),
            ]
        })
    });
    vec![
        verdict(report),
        Sheet {
            name: "Outcomes",
            head: vec![
                "Outcome",
                "What it is for",
                "How it is counted",
                "Version",
                "Counted",
                "Happened to",
                "Mean or share",
            ],
            rows: outcomes.collect(),
        },
        Sheet {
            name: "Differences",
            head: vec!["Outcome", "Version", "Against", "Difference", "From", "To", "Level of the range"],
            rows: differences.collect(),
        },
        people(report, &count),
        Sheet {
            name: "Checks",
            head: vec!["Check of the data", "How it came out"],
            rows: report
                .integrity
                .iter()
                .map(|gate| vec![text(check_name(&gate.gate)), text(Light::of_gate(gate.status).word)])
                .collect(),
        },
    ]
}

fn verdict(report: &ReleasedReport) -> Sheet {
    let rounding = format!(
        "Counts are rounded at random to a multiple of {}; those below {} are not shown. Shares and ranges are worked out from \
         the rounded counts.",
        report.policy.base(),
        report.policy.suppress_below()
    );
    let row = |what: &str, value: Value| vec![text(what), value];
    let mut rows = vec![
        row("Trial", text(report.title.clone())),
        row("Key", text(report.trial.to_string())),
        row("Verdict", text(report.verdict.kind.word())),
        row("What the rule recommends", text(report.verdict.action.clone())),
        row("In words", text(report.verdict.headline.clone())),
    ];
    rows.extend(report.verdict.reasons.iter().map(|reason| row("Because", text(words::sentence(&reason.detail)))));
    rows.extend([
        row("Rule, fixed before the start", text(report.rule.clone())),
        row("Data as at (UTC)", Value::Moment(report.as_of)),
        row("Protocol id", text(report.protocol_id.to_string())),
        row("Engine", text(report.engine.clone())),
        row("Disclosure control", text(rounding)),
    ]);
    Sheet { name: "Verdict", head: vec!["What", "Value"], rows }
}

fn people(report: &ReleasedReport, count: &dyn Fn(Count) -> Value) -> Sheet {
    let flow = &report.flow;
    let row = |stage: &str, version: &str, value: Value| vec![text(stage), text(version), value];
    let total = |number: Option<u64>| number.map_or_else(|| text("not shown"), Value::Whole);
    let mut rows = vec![row("Looked at, about", "", total(flow.requests))];
    let left = |reason: &str| format!("Not in the trial: {}", words::not_enrolled(reason));
    rows.extend(flow.not_enrolled.iter().map(|found| row(&left(&found.reason), "", count(found.count))));
    rows.push(row("Assigned, about", "", total(flow.assigned)));
    for arm in &flow.arms {
        rows.extend([
            row("Assigned", &arm.name, count(arm.assigned)),
            row("Too early to count", &arm.name, count(arm.not_yet_mature)),
            row("No outcome known", &arm.name, count(arm.missing)),
            row("Counted", &arm.name, count(arm.analysed)),
        ]);
    }
    Sheet { name: "Who took part", head: vec!["Stage", "Version", "People"], rows }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Primary => "the main question",
        Role::Secondary => "also measured",
        Role::Guardrail => "must not get worse",
        Role::Harm => "watched for harm",
    }
}

fn kind(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Binary => "whether it happened",
        OutcomeKind::Count => "how often it happened",
        OutcomeKind::Amount => "sum of the values",
        OutcomeKind::Duration => "time until it happened",
        OutcomeKind::Rating => "value on a scale",
    }
}
