//! What comes of a list: how the strata lie in the arms, and the file that is merged with letters.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::protocol::Protocol;
use serde_json::{Value, json};

/// Counts of people by stratum and arm, with the standardised difference of every arm from the control.
///
/// For the share p of a stratum's people among an arm's, `(p1 - p0) / sqrt((p1 (1 - p1) + p0 (1 - p0)) / 2)`; none where
/// nothing varies.
pub(super) fn balance<'a>(plan: &Protocol, placed: impl Iterator<Item = (&'a str, usize)>, expected: bool) -> Value {
    let mut strata: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut all = vec![0_u64; plan.arms.len()];
    for (stratum, arm) in placed {
        let counts = strata.entry(stratum).or_insert_with(|| vec![0; plan.arms.len()]);
        for counts in [counts, &mut all] {
            if let Some(count) = counts.get_mut(arm) {
                *count += 1;
            }
        }
    }
    let share = |counts: &[u64], arm: usize| {
        let (part, whole) = (counts.get(arm).copied().unwrap_or(0), all.get(arm).copied().unwrap_or(0));
        (whole > 0).then(|| part as f64 / whole as f64)
    };
    let difference = |counts: &[u64], arm: usize| {
        let (p1, p0) = share(counts, arm).zip(share(counts, plan.control_index()))?;
        let spread = ((p1 * (1.0 - p1) + p0 * (1.0 - p0)) / 2.0).sqrt();
        (spread > 0.0).then(|| (p1 - p0) / spread)
    };
    let by_arm = |value: &dyn Fn(usize) -> Value| -> Value {
        plan.arms
            .iter()
            .enumerate()
            .map(|(index, arm)| (arm.key.to_string(), value(index)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let strata: Vec<Value> = strata
        .iter()
        .map(|(stratum, counts)| {
            json!({
                "stratum": stratum,
                "counts": by_arm(&|arm| json!(counts.get(arm))),
                "standardised_differences": by_arm(&|arm| json!(difference(counts, arm))),
            })
        })
        .collect();
    json!({"expected": expected, "arms": by_arm(&|arm| json!(all.get(arm))), "strata": strata})
}

/// One line of the file.
pub(super) struct Line {
    pub(super) line: u64,
    pub(super) arm: usize,
    /// The arm whose version the person is served: another than theirs where somebody gave them that for their good.
    pub(super) served: usize,
    pub(super) outcome: &'static str,
    pub(super) assignment_id: String,
}

/// A table with a line for everybody: the line in the list that was sent, the arm's key, whether the person is new in the
/// trial, the assignment's name, and a column for each field of the payloads, from the version that the person is served.
pub(super) fn file(plan: &Protocol, lines: &[Line]) -> String {
    let fields: BTreeSet<&String> =
        plan.arms.iter().filter_map(|arm| arm.payload.as_object()).flat_map(|payload| payload.keys()).collect();
    let mut text = String::from("line,arm,outcome,assignment_id");
    for field in &fields {
        text.push(',');
        text.push_str(&cell(&format!("payload.{field}")));
    }
    text.push_str("\r\n");
    for line in lines {
        let (Some(arm), Some(served)) = (plan.arms.get(line.arm), plan.arms.get(line.served)) else { continue };
        text.push_str(&format!("{},{},{},{}", line.line, arm.key, line.outcome, line.assignment_id));
        for field in &fields {
            text.push(',');
            text.push_str(&match served.payload.get(field.as_str()) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(value)) => cell(value),
                Some(other) => cell(&other.to_string()),
            });
        }
        text.push_str("\r\n");
    }
    text
}

/// A cell of RFC 4180. A text that a spreadsheet would take for a formula is written with an apostrophe before it.
fn cell(text: &str) -> String {
    let safe = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        for (text, written) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"so\"", "\"say \"\"so\"\"\""),
            ("=1+1", "'=1+1"),
            ("@x", "'@x"),
            ("-2,5", "\"'-2,5\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
