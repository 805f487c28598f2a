//! Published trials, analysed from their data and held against what was published.

use std::{fs, path::PathBuf};

use fairtrial_analysis::{
    Report, analyse,
    report::{Comparison, GateStatus, Measure, VerdictKind},
    tabular::{ColumnMapping, Row, TableFault, evidence_from_table},
};
use fairtrial_domain::LockedProtocol;

use crate::evidence::as_of;

fn plan(name: &str) -> LockedProtocol {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/examples/{name}.protocol.json"));
    LockedProtocol::from_json(&fs::read(path).unwrap()).unwrap()
}

/// Header and rows of a file whose cells hold no comma and no line break.
pub(crate) fn cells(text: &str) -> (Vec<String>, Vec<Row>) {
    let line = |line: &str| line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect::<Vec<_>>();
    let mut lines = text.lines();
    let header = line(lines.next().unwrap_or(""));
    let rows = lines.zip(2_u64..).map(|(text, number)| Row { line: number, cells: line(text) });
    (header, rows.collect())
}

pub(crate) fn read(plan: &LockedProtocol, text: &str, mapping: &ColumnMapping) -> Result<Report, Vec<TableFault>> {
    let (header, rows) = cells(text);
    Ok(analyse(plan, &evidence_from_table(plan, &header, rows, mapping, as_of())?, "fairtrial-test"))
}

/// A file that is not part of the project; nothing, said aloud, when it is not there.
#[expect(clippy::disallowed_methods, reason = "the test asks where the outside data are, as its documentation says")]
fn outside(name: &str) -> Option<String> {
    let here = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FAIRTRIAL_OUTSIDE_DATA").map_or_else(here, PathBuf::from);
    let text = fs::read_to_string(folder.join(name)).ok();
    if text.is_none() {
        eprintln!("skipped: {name} is not in {}; set FAIRTRIAL_OUTSIDE_DATA to its folder", folder.display());
    }
    text
}

/// The difference that the plan asks for.
fn difference<'a>(report: &'a Report, outcome: &str, arm: &str) -> &'a Comparison {
    let outcome = report.outcomes.iter().find(|found| found.outcome.as_str() == outcome).unwrap();
    let mut comparisons = outcome.comparisons.iter();
    comparisons.find(|c| c.measure == Measure::Difference && c.arm.as_str() == arm).unwrap()
}

/// The same without adjustment.
fn unadjusted<'a>(report: &'a Report, outcome: &str, arm: &str) -> &'a Comparison {
    let outcome = report.outcomes.iter().find(|found| found.outcome.as_str() == outcome).unwrap();
    outcome.unadjusted.iter().find(|c| c.arm.as_str() == arm).unwrap()
}

fn half_width(found: &Comparison) -> Option<f64> {
    Some((found.upper? - found.lower?) / 2.0)
}

#[track_caller]
fn near(found: Option<f64>, expected: f64, tolerance: f64) {
    assert!((found.unwrap() - expected).abs() < tolerance, "{found:?} is not {expected}");
}

#[test]
fn names_on_applications_give_the_published_shares() {
    let Some(text) = outside("resume.csv") else { return };
    let mapping = ColumnMapping::read(&["arm=race"], &[], &[], true).unwrap();
    let report = read(&plan("resume"), &text, &mapping).unwrap();
    let [black, white] = &report.outcomes[0].arms[..] else { panic!("two arms") };
    assert_eq!((white.analysed, white.events, black.analysed, black.events), (2_435, Some(235), 2_435, Some(157)));
    near(white.mean, 0.0965, 0.00005);
    near(black.mean, 0.0645, 0.00005);
    let found = unadjusted(&report, "call", "white");
    near(found.estimate, 0.032_032_9, 1e-7);
    // Adjusted for the sex of the name: the difference within each sex, weighted with its share of all applications. Estimate
    // and standard error (HC2, and the part of the covariate's mean) are those of statsmodels.
    let adjusted = difference(&report, "call", "white");
    near(adjusted.estimate, 0.032_130_122_610_348, 1e-12);
    near(half_width(adjusted), 1.9604 * 0.007_786_652, 1e-5);
    assert!(adjusted.p_value.unwrap() < 0.001);
    assert!(found.p_value.unwrap() < 0.001 && found.lower.unwrap() > 0.015 && found.upper.unwrap() < 0.05);
    assert_eq!(report.verdict.kind, VerdictKind::Succeeded);
    assert!(report.integrity.iter().all(|gate| gate.status == GateStatus::Green));
    assert_eq!(
        report.verdict.headline,
        "Called back: 10 in 100 applications with “Name common among white people”, 6 in 100 with “Name common among \
         Black people”. The true gain is likely between 2 and 5 more in 100."
    );
}

#[test]
fn class_size_gives_the_means_of_the_file() {
    let Some(text) = outside("star.csv") else { return };
    let mapping = ColumnMapping::read(&["arm=classtype"], &["small=1", "regular=2", "aide=3"], &[], true).unwrap();
    let report = read(&plan("star"), &text, &mapping).unwrap();
    // Means, variances and counts were taken from the file by another program.
    let reading = unadjusted(&report, "g4reading", "small");
    near(reading.estimate, 723.391_184_573 - 719.889_952_153, 1e-8);
    let error = (2_656.881_246_319 / 726.0 + 2_826.823_803_111 / 836.0_f64).sqrt();
    near(reading.upper.map(|upper| upper - reading.estimate.unwrap()), 1.9615 * error, 0.001);
    near(unadjusted(&report, "g4math", "small").estimate, 709.185_135_135 - 709.521_377_672, 1e-8);
    near(unadjusted(&report, "hsgrad", "aide").estimate, 893.0 / 1_064.0 - 892.0 / 1_081.0, 1e-12);
    // Adjusted for race, with a few children of most groups: common slopes. Estimates are those of statsmodels' least squares,
    // widths those of its HC2 variance.
    for (outcome, arm, estimate, error) in [
        ("g4reading", "small", 3.640_226_792_1, 2.593_201),
        ("g4math", "small", -0.373_195_242_7, 2.127_961),
        ("hsgrad", "small", 0.010_078_997_7, 0.016_769),
        ("g4reading", "aide", 0.611_416_661_4, 2.545_755),
        ("hsgrad", "aide", 0.015_433_865_9, 0.015_962),
    ] {
        let found = difference(&report, outcome, arm);
        near(found.estimate, estimate, 1e-9);
        near(half_width(found).map(|half| half / error), 1.961, 0.012);
        assert_eq!(found.method.as_deref(), Some("adjusted difference, common slopes"));
    }
    let arms: Vec<(u64, u64)> = report.arms.iter().map(|arm| (arm.analysed, arm.missing)).collect();
    assert_eq!(arms, [(836, 1_358), (726, 1_174), (791, 1_440)]);
    let missing = report.integrity.iter().find(|gate| gate.gate == "missing_outcomes").unwrap();
    assert_eq!(missing.status, GateStatus::Amber, "{}", missing.detail);
    assert_eq!(report.verdict.kind, VerdictKind::Undecided);
}

#[test]
fn letters_before_an_election_rank_as_published() {
    let text = include_str!("../../../../docs/examples/voters-letter.counts.csv");
    let report = read(&plan("voters-letter"), text, &ColumnMapping::default()).unwrap();
    for (arm, published) in [("civic-duty", 0.018), ("hawthorne", 0.025), ("self", 0.048), ("neighbours", 0.081)] {
        let found = difference(&report, "voted", arm);
        near(found.estimate, published, 0.0001);
        assert!(found.p_value.unwrap() < 1e-10);
    }
    assert_eq!(
        (report.verdict.kind, report.verdict.arm.as_ref().unwrap().as_str()),
        (VerdictKind::Succeeded, "neighbours")
    );
    assert_eq!(report.verdict.reasons.len(), 4, "every letter works");
    assert!(report.integrity.iter().all(|gate| gate.status == GateStatus::Green), "{:?}", report.integrity);
}

#[test]
fn the_counts_are_the_published_shares_times_the_published_numbers() {
    let published = [(191_243, 0.297), (38_218, 0.315), (38_204, 0.322), (38_218, 0.345), (38_201, 0.378)];
    let (_, rows) = cells(include_str!("../../../../docs/examples/voters-letter.counts.csv"));
    for (row, (people, share)) in rows.iter().zip(published) {
        let found: [u64; 2] = [1, 2].map(|place: usize| row.cells[place].parse().unwrap());
        assert_eq!(found, [people, (people as f64 * share).round() as u64]);
    }
}
