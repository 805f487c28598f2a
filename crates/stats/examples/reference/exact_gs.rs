//! Exact two-arm group-sequential designs.

use std::path::Path;

use fairtrial_stats::StatError;
use fairtrial_stats::sequential::Spending;
use fairtrial_stats::sequential::exact_binary::{
    ExactBinaryDesign, ExactBinarySpec, ExactDecision, ExactFutility, LookSize,
};
use serde_json::{Map, Value, json};

use super::shape::{f64_of, number, u64s_of};

pub(crate) fn value(id: &str, input: &Value, _data: &Path) -> Result<Value, StatError> {
    if id == "tiny_bruteforce_check" {
        return both_ways(f64_of(input, "p")?);
    }
    let name = id.trim_end_matches("_fut0").trim_end_matches("_oc");
    if name == id {
        return design(&given(input)?);
    }
    let mut spec = if input["ns1"].is_array() { given(input)? } else { known(name)? };
    if let Some(z) = input.get("futility_z").and_then(Value::as_f64) {
        spec.futility = ExactFutility::Score { z };
    }
    let operating = ExactBinaryDesign::new(spec)?.operating(f64_of(input, "p1")?, f64_of(input, "p0")?)?;
    let stops: Vec<Value> = operating.stops.iter().map(|stop| json!([stop.efficacy, stop.futility])).collect();
    Ok(json!({"power": operating.efficacy, "expected_total_n": operating.expected_total, "stop": stops}))
}

/// The design that an input describes.
fn given(input: &Value) -> Result<ExactBinarySpec, StatError> {
    let spending = input["spending"].as_str().unwrap_or_default();
    let looks = sizes(&u64s_of(input, "ns1")?, &u64s_of(input, "ns0")?)?;
    Ok(ExactBinarySpec::new(looks, f64_of(input, "alpha")?, named(spending)?))
}

fn design(spec: &ExactBinarySpec) -> Result<Value, StatError> {
    let design = ExactBinaryDesign::new(spec.clone())?;
    let looks: Vec<Value> = design
        .looks()
        .iter()
        .map(|look| {
            let (n1, n0) = (look.treatment, look.control);
            let squared = look.efficacy.map(|score| score.squared(n1, n0));
            json!({
                "n1": n1,
                "n0": n0,
                "z_crit": number(look.efficacy_z.unwrap_or(f64::INFINITY)),
                "z2": squared.map_or("inf".to_owned(), |(above, below)| format!("{above}/{below}")),
                "cum_size_sup": look.size.value,
                "spend": look.allowed,
                "n_reject_tables": look.efficacy_tables,
            })
        })
        .collect();
    let counts: Vec<Value> = design
        .rejection_counts()?
        .iter()
        .zip(design.looks())
        .map(|(counts, look)| {
            let coefficients: Map<String, Value> =
                counts.iter().map(|(total, count)| (total.to_string(), json!(count.to_string()))).collect();
            json!({"N": look.treatment + look.control, "coef": coefficients})
        })
        .collect();
    let size_at = |p: f64| design.size_at(p);
    Ok(json!({
        "looks": looks,
        "reject_poly": counts,
        "size": [design.size().value, design.size().at],
        "size_at": {"0.1": size_at(0.1)?, "0.3": size_at(0.3)?, "0.5": size_at(0.5)?},
    }))
}

/// The false-success rate of the tiny design by enumerating every sequence of outcomes, and by the design itself.
fn both_ways(p: f64) -> Result<Value, StatError> {
    let design = ExactBinaryDesign::new(known("tiny")?)?;
    let mut brute = 0.0;
    for sequence in 0..256_u32 {
        let outcomes = |from: u32, n: u32| u64::from(((sequence >> from) & ((1 << n) - 1)).count_ones());
        let rejects = |look: usize, n: u32| -> Result<bool, StatError> {
            let decision = design.decide(look, outcomes(0, n), outcomes(4, n))?;
            Ok(decision == ExactDecision::Efficacy)
        };
        if rejects(0, 2)? || rejects(1, 4)? {
            let ones = sequence.count_ones() as i32;
            brute += p.powi(ones) * (1.0 - p).powi(8 - ones);
        }
    }
    Ok(json!({"brute": brute, "poly": design.size_at(p)?}))
}

/// The designs that the lines on operating characteristics refer to by name.
fn known(name: &str) -> Result<ExactBinarySpec, StatError> {
    let quarters = |step: u64| [1, 2, 3, 4].map(|k| k * step).to_vec();
    let (looks, spending) = name.rsplit_once('_').unwrap_or((name, if name == "tiny" { "P" } else { "OF" }));
    let (arm1, arm0, alpha) = match looks {
        "tiny" => (vec![2, 4], vec![2, 4], 0.1),
        "small" => (quarters(5), quarters(5), 0.025),
        "unequal" => (vec![4, 8, 12], vec![8, 16, 24], 0.025),
        "forty" => (quarters(10), quarters(10), 0.025),
        _ => return Err(StatError::invalid("id", format!("no design is called {name}"))),
    };
    Ok(ExactBinarySpec::new(sizes(&arm1, &arm0)?, alpha, named(spending)?))
}

fn named(spending: &str) -> Result<Spending, StatError> {
    match spending {
        "OF" => Ok(Spending::LanDeMetsOBrienFleming),
        "P" => Ok(Spending::LanDeMetsPocock),
        _ => Err(StatError::invalid("spending", "must be OF or P")),
    }
}

fn sizes(arm1: &[u64], arm0: &[u64]) -> Result<Vec<LookSize>, StatError> {
    if arm1.len() != arm0.len() {
        return Err(StatError::invalid("ns0", "must have as many looks as ns1"));
    }
    Ok(arm1.iter().zip(arm0).map(|(&treatment, &control)| LookSize { treatment, control }).collect())
}
