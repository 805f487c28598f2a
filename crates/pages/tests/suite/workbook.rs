//! What stands in a spreadsheet is what was released, each cell of its own type, and no text is a formula.

use std::io::{Cursor, Read};

use fairtrial_analysis::release::ReleasedReport;
use fairtrial_pages::report::workbook;

use crate::sample::{public, report};

fn parts(report: &ReleasedReport) -> Vec<(String, String)> {
    let bytes = workbook(report).expect("a workbook");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let names: Vec<String> = archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
    let mut read = |name: String| {
        let mut text = String::new();
        archive.by_name(&name).expect("a part").read_to_string(&mut text).expect("a text");
        (name, text)
    };
    names.into_iter().map(&mut read).collect()
}

fn sheets(parts: &[(String, String)]) -> String {
    parts.iter().filter(|(name, _)| name.starts_with("xl/worksheets/")).map(|(_, text)| text.as_str()).collect()
}

#[test]
fn the_same_report_gives_the_same_file() {
    let released = public::released(&report::succeeded());
    assert_eq!(workbook(&released).unwrap(), workbook(&released).unwrap());
}

#[test]
fn numbers_are_numbers_and_texts_are_never_formulas() {
    for formula in ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "{=1}", "=HYPERLINK(\"http://x\")"] {
        let mut raw = report::succeeded();
        raw.title = formula.into();
        raw.arms.iter_mut().for_each(|arm| arm.name = formula.into());
        raw.outcomes.iter_mut().for_each(|outcome| outcome.name = formula.into());
        let parts = parts(&public::released(&raw));
        let cells = sheets(&parts);
        assert!(!cells.contains("<f>") && !cells.contains("<f "), "{formula} became a formula");
        let shared = parts.iter().find(|(name, _)| name == "xl/sharedStrings.xml").expect("texts");
        assert!(shared.1.contains(formula.trim().split('"').next().unwrap().split('\'').next().unwrap()), "{formula}");
        assert!(!parts.iter().any(|(name, _)| name.contains("externalLink")), "{formula}");
    }
    let released = public::released(&report::succeeded());
    let cells = sheets(&parts(&released));
    let estimate = released.outcomes[0].comparisons[0].estimate.expect("an estimate");
    assert!(cells.contains(&format!("<v>{estimate}</v>")), "the estimate stands as a number");
    let texts = cells.matches("t=\"s\"").count();
    let numbers = cells.matches("<v>").count() - texts;
    assert!(numbers > 20 && texts > 50, "{numbers} numbers, {texts} texts");
}

#[test]
fn raw_counts_and_numbers_of_a_trial_that_cannot_be_read_are_not_in_it() {
    let mut raw = report::succeeded();
    for (arm, (assigned, analysed)) in raw.arms.iter_mut().zip([(4_001, 3_901), (4_103, 3_997)]) {
        (arm.assigned, arm.analysed, arm.missing) = (assigned, analysed, assigned - analysed);
    }
    for outcome in &mut raw.outcomes {
        for (arm, (analysed, events)) in outcome.arms.iter_mut().zip([(3_901, 781), (3_997, 1_040)]) {
            (arm.analysed, arm.events) = (analysed, Some(events));
        }
    }
    let cells = sheets(&parts(&public::released(&raw)));
    for count in [4_001, 4_103, 3_901, 3_997, 781, 1_040] {
        assert!(!cells.contains(&format!("<v>{count}</v>")), "{count} is told");
    }
    let invalid = public::released(&report::invalid());
    assert!(invalid.outcomes.iter().all(|outcome| outcome.comparisons.is_empty()));
    let differences =
        parts(&invalid).into_iter().find(|(name, _)| name == "xl/worksheets/sheet3.xml").expect("a sheet");
    assert_eq!(differences.1.matches("<row ").count(), 1, "the heading alone");
}
