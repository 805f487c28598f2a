//! Every line of every reference file, through the same modules as the reference example.

use std::path::{Path, PathBuf};

use serde_json::Value;

#[path = "../../examples/reference/mod.rs"]
mod reference;

/// Lines whose oracle is coarser than the tolerance beside it: our value solves the defining equation (tested elsewhere),
/// the oracle stops its search early. Given
/// are the fields that are meant (none: all) and the absolute accuracy that the oracle's own code has.
const COARSE: &[(&str, &str, &[&str], f64)] = &[
    // rpact: repeated p-values by bisection to 1e-6.
    ("gsd", "analysis_means", &["rP"], 1e-6),
    // exactci: uniroot at its default tolerance of 1.2e-4 on [0, 1].
    ("one_prop", "midp", &["lo", "hi"], 1.3e-4),
    // exactci: rounded to four decimals.
    ("one_prop", "blaker", &["lo", "hi"], 6.5e-5),
    // R's fisher.test: uniroot at its default tolerance of 1.2e-4, on the ratio or its inverse.
    ("two_prop", "or_cond_mle_ci", &["est", "lo", "hi"], 8e-4),
    // exact2x2: the same for its mid-P limits.
    ("two_prop", "fisher_midp_central", &["or_lo", "or_hi"], 6e-5),
    // metafor: uniroot at its default tolerance of 1.2e-4 for the variance, which H2 and I2 multiply.
    ("meta", "PM_z", &[], 1e-3),
    ("meta", "PM_knha", &[], 1e-3),
    ("meta", "tau2_ci_Qprofile", &[], 1e-4),
    // exactci: uniroot at its default tolerance (0/100 against 5/100 has the closed form 0.820564203).
    ("rates", "poisson_midp", &["lo", "hi"], 2e-4),
    // MASS: the last step of its alternating fit is not taken into the standard error of theta.
    ("rates", "glm_nb", &["SE_theta"], 5e-5),
    // R's mantelhaen.test: uniroot at its default tolerance for the estimate and the limits.
    ("mh", "cmh_exact", &["or", "lo", "hi"], 3e-4),
    // exact2x2: 100 nuisance points under-evaluate the supremum, and ties of rounded scores are missed (0/20, 8/20: p
    // 0.0018 where whole-number ordering gives 0.0022; see barnard_own_less in the same file).
    ("two_prop", "uncond_score_diff_", &[], 5e-4),
];

/// Where a line gives the place of a maximum: flat there, so that the oracle has half its digits, and of two mirror
/// images it names either. The maximum itself is compared like everything else.
const PLACES: &[(&str, &str)] = &[("exact_gs", "value.size[1]")];

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors")
}

/// How near a value must be.
struct Tolerance {
    relative: f64,
    coarse: Option<&'static (&'static str, &'static str, &'static [&'static str], f64)>,
}

impl Tolerance {
    fn allowed(&self, expected: f64, path: &str) -> f64 {
        let field = path.rsplit('.').next().unwrap_or(path);
        let field = field.split('[').next().unwrap_or(field);
        let coarse = self.coarse.filter(|(_, _, fields, _)| fields.is_empty() || fields.contains(&field));
        (self.relative * expected.abs()).max(coarse.map_or(1e-12, |line| line.3))
    }
}

/// What differs between the expected and the given value, if anything.
fn difference(expected: &Value, got: &Value, tolerance: &Tolerance, path: &str) -> Option<String> {
    match (expected, got) {
        // Where a maximum is taken is not unique (all of [0, 1] when p = 1, the mirror image for equal arms), and a
        // search by value finds it to half of the digits only.
        (Value::Number(a), Value::Number(b)) if path.ends_with(".nuisance") => {
            let (a, b) = (a.as_f64()?, b.as_f64()?);
            ((a - b).abs().min((1.0 - a - b).abs()) > 1e-7).then(|| format!("{path}: expected {a}, got {b}"))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64()?, b.as_f64()?);
            ((a - b).abs() > tolerance.allowed(a, path)).then(|| format!("{path}: expected {a}, got {b}"))
        }
        (Value::Object(a), Value::Object(b)) => a.iter().find_map(|(key, value)| {
            if key == "nuisance" && a.get("p").and_then(Value::as_f64) == Some(1.0) {
                return None;
            }
            let inner = format!("{path}.{key}");
            match b.get(key) {
                Some(other) => difference(value, other, tolerance, &inner),
                None => Some(format!("{inner}: missing")),
            }
        }),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (x, y))| difference(x, y, tolerance, &format!("{path}[{i}]")))
        }
        (Value::String(a), Value::Number(_)) if a == "Inf" || a == "NaN" || a == "NA" => {
            Some(format!("{path}: expected {a}, got {got}"))
        }
        _ => (expected != got).then(|| format!("{path}: expected {expected}, got {got}")),
    }
}

/// Takes the place that was given where the expected one is it, or its mirror image, to seven digits.
fn same_place(expected: &mut Value, given: Option<&Value>, path: &str) {
    let pointer = path.replace("value", "").replace(['.', '['], "/").replace(']', "");
    let given = given.and_then(|value| value.pointer(&pointer)).and_then(Value::as_f64);
    if let (Some(place), Some(given)) = (expected.pointer_mut(&pointer), given) {
        let known = place.as_f64().unwrap_or(f64::NAN);
        if (known - given).abs() < 1e-7 || (known - (1.0 - given)).abs() < 1e-7 {
            *place = Value::from(given);
        }
    }
}

#[test]
fn every_reference_value_is_met() {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(vectors()).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_file()).collect();
    files.sort();
    assert_eq!(files.len(), 18, "a file of reference values is missing");
    let data = vectors().join("data");
    let (mut checked, mut failures) = (0, Vec::new());
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for (number, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            let row: Value = serde_json::from_str(line).unwrap();
            checked += 1;
            let coarse = COARSE
                .iter()
                .find(|(group, id, ..)| row["group"] == *group && row["id"].as_str().unwrap().starts_with(id));
            if let Some(wrong) = wrong(&row, &data, coarse) {
                failures.push(format!("{name}:{} {} {}: {wrong}", number + 1, row["id"], row["input"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {checked} lines differ:\n{}", failures.len(), failures.join("\n"));
}

/// What is wrong with our answer to a line, if anything.
fn wrong(
    row: &Value,
    data: &Path,
    coarse: Option<&'static (&'static str, &'static str, &'static [&'static str], f64)>,
) -> Option<String> {
    let answer = reference::answer(row, data);
    let tolerance = Tolerance { relative: row["rel_tol"].as_f64().unwrap(), coarse };
    let mut expected = row["value"].clone();
    for (_, path) in PLACES.iter().filter(|(group, _)| row["group"] == *group) {
        same_place(&mut expected, answer.get("value"), path);
    }
    match answer.get("value") {
        Some(value) => difference(&expected, value, &tolerance, "value"),
        None => Some(answer["error"].to_string()),
    }
}

/// The same methods at other points and on other data: empty cells, one unit, 10^8 units, ties, values far from 0, arms of
/// very different size, many looks, no variance between clusters. Each line names the call or the equation that made it;
/// no line is excused.
#[test]
fn every_extreme_value_is_met() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let lines = std::fs::read_to_string(directory.join("extremes.jsonl")).unwrap();
    let data = directory.join("extremes");
    let mut failures = Vec::new();
    for (number, line) in lines.lines().enumerate() {
        let row: Value = serde_json::from_str(line).unwrap();
        if let Some(wrong) = wrong(&row, &data, None) {
            failures.push(format!("{} {} {}: {wrong}", number + 1, row["id"], row["input"]));
        }
    }
    assert!(lines.lines().count() > 1_500, "the file has been cut short");
    assert!(failures.is_empty(), "{} lines differ:\n{}", failures.len(), failures.join("\n"));
}

/// The numbers of an answer beside those expected, as relative differences; differences next to 0 have no meaning.
fn differences(expected: &Value, got: &Value, found: &mut Vec<f64>) {
    match (expected, got) {
        (Value::Number(a), Value::Number(b)) => {
            if let (Some(a), Some(b)) = (a.as_f64(), b.as_f64())
                && a.abs() > 1e-6
            {
                found.push(((a - b) / a).abs());
            }
        }
        (Value::Object(a), Value::Object(b)) => {
            let comparable = |key: &&String| *key != "nuisance" && *key != "at";
            for key in a.keys().filter(comparable) {
                differences(&a[key], b.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(a), Value::Array(b)) => a.iter().zip(b).for_each(|(a, b)| differences(a, b, found)),
        _ => {}
    }
}

/// The table of accuracy in the documentation says what a comparison of today finds.
#[test]
fn the_accuracy_table_is_what_the_comparison_finds() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let extremes = own.join("tests/data/extremes.jsonl");
    let mut files: Vec<(PathBuf, PathBuf)> = vec![(extremes, own.join("tests/data/extremes"))];
    for entry in std::fs::read_dir(vectors()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push((path, vectors().join("data")));
        }
    }
    let mut groups: std::collections::BTreeMap<String, Vec<f64>> = std::collections::BTreeMap::new();
    for (file, data) in files {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let (group, id) = (row["group"].as_str().unwrap(), row["id"].as_str().unwrap());
            let coarse = COARSE.iter().any(|(of, name, ..)| *of == group && id.starts_with(name));
            // A reference that promises fewer digits says nothing of ours; so do the places of maxima.
            if row["rel_tol"].as_f64().unwrap() <= 1e-7 && !coarse && group != "exact_gs" {
                let answer = reference::answer(&row, &data);
                differences(&row["value"], &answer["value"], groups.entry(group.to_owned()).or_default());
            }
        }
    }
    let text = std::fs::read_to_string(own.join("../../docs/STATISTICS.md")).unwrap();
    let table =
        text.split("<!-- accuracy: begin -->").nth(1).and_then(|rest| rest.split("<!-- accuracy: end -->").next());
    let stated: Vec<(String, usize, f64)> = table
        .unwrap_or_default()
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            Some((cells.get(1)?.trim_matches('`').to_owned(), cells.get(2)?.parse().ok()?, cells.get(3)?.parse().ok()?))
        })
        .collect();
    let found: Vec<(String, usize, f64)> = groups
        .into_iter()
        .map(|(group, found)| (group, found.len(), found.iter().copied().fold(0.0, f64::max)))
        .collect();
    assert_eq!(stated.len(), found.len(), "docs/STATISTICS.md should list {found:?}");
    for (stated, found) in stated.iter().zip(&found) {
        assert_eq!((&stated.0, stated.1), (&found.0, found.1), "docs/STATISTICS.md");
        // The last bits of another machine may move the worst difference, not by a factor of a hundred.
        assert!(found.2 <= stated.2 && found.2 >= 1e-2 * stated.2, "docs/STATISTICS.md: {stated:?}, found {found:?}");
    }
}
