//! Methods called by name: strict arguments, and no panic, hang or false number for any counts.

use fairtrial_stats::StatError;
use fairtrial_stats::method::call;
use serde_json::{Value, json};

fn refused(method: &str, args: Value) -> String {
    match call(method, &args) {
        Err(StatError::InvalidArgument { argument, .. }) => argument,
        other => panic!("{method} {args}: {other:?}"),
    }
}

#[test]
fn arguments_are_read_strictly() {
    let method = "two_proportions.risk_difference_interval";
    let sound = json!({"x1": 5, "n1": 10, "x0": 3, "n0": 10});
    assert!(call(method, &sound).is_ok());
    let with = |name: &str, value: Value| {
        let mut args = sound.clone();
        args[name] = value;
        args
    };
    assert_eq!(refused(method, with("x1", json!(-1))), "x1");
    assert_eq!(refused(method, with("x1", json!(2.5))), "x1");
    assert_eq!(refused(method, with("x1", json!("5"))), "x1");
    assert_eq!(refused(method, with("x1", json!(11))), "x1");
    assert_eq!(refused(method, with("x1", Value::Null)), "x1");
    assert_eq!(refused(method, with("n1", json!(2_000_000_000_000_000_000u64))), "n1");
    assert_eq!(refused(method, with("level", json!(1))), "level");
    assert_eq!(refused(method, with("level", json!(0.0))), "level");
    assert_eq!(refused(method, with("alpha", json!(0.05))), "alpha");
    assert_eq!(refused(method, with("variance", json!("wald"))), "variance");
    assert_eq!(refused(method, json!([1, 2])), "args");
    assert_eq!(refused("two_proportions.nothing", sound.clone()), "method");
    assert_eq!(refused("nothing.at_all", sound.clone()), "method");
    assert_eq!(refused("risk_difference", sound), "method");
    assert_eq!(refused("stratified.common_odds_ratio", json!({"strata": [[1, 2, 3]]})), "strata");
    assert_eq!(refused("rates.poisson_test", json!({"x1": 1, "t1": 0, "x0": 1, "t0": 1})), "t1");
    assert_eq!(refused("sample_ratio.test", json!({"observed": [1, 2], "ratio": [1]})), "ratio");
}

/// Every interval holds together: ordered, never NaN (which JSON shows as null where a bound must not be missing).
fn check(method: &str, args: &Value) {
    match call(method, args) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(value) => {
            let interval = &value["interval"];
            if let (Some(lower), Some(upper)) = (interval["lower"].as_f64(), interval["upper"].as_f64()) {
                assert!(lower <= upper, "{method} {args}: {value}");
            }
            if let Some(ln_p) = value["p_value"]["ln_p"].as_f64() {
                assert!(ln_p <= 0.0, "{method} {args}: {value}");
            }
        }
    }
}

#[test]
fn no_counts_break_a_method_of_two_proportions() {
    let sizes = [1u64, 2, 17, 1_000_000, 1_000_000_000_000, 1_000_000_000_000_000_000];
    for method in [
        "risk_difference",
        "risk_ratio",
        "odds_ratio",
        "newcombe",
        "agresti_caffo",
        "wald",
        "pearson",
        "fisher",
        "boschloo",
        "barnard",
        "conditional_odds_ratio",
        "scas_risk_difference",
        "scas_ratio",
        "mover_ratio",
        "mover_risk_difference",
        "melded_risk_difference",
        "melded_risk_ratio",
        "exact_risk_difference",
    ] {
        for n1 in sizes {
            for n0 in [1u64, 17, 1_000_000_000_000_000_000] {
                for (x1, x0) in [(0, 0), (n1, n0), (0, n0), (n1 / 2, n0 / 3), (1, n0 - 1)] {
                    // Where a size is refused once, one table shows it.
                    check(&format!("two_proportions.{method}"), &json!({"x1": x1, "n1": n1, "x0": x0, "n0": n0}));
                }
            }
        }
    }
}

#[test]
fn no_counts_break_the_other_methods_of_counts() {
    for n in [1u64, 3, 1_000, 100_000, 10_000_000_000, 1_000_000_000_000_000_000] {
        for x in [0, 1, n / 3, n] {
            for level in [1e-9, 0.5, 0.95, 1.0 - 1e-12] {
                for method in ["wilson", "clopper_pearson", "jeffreys", "mid_p", "agresti_coull"] {
                    check(&format!("one_proportion.{method}"), &json!({"x": x, "n": n, "level": level}));
                }
            }
            check("sample_ratio.test", &json!({"observed": [x, n - x], "ratio": [1, 1]}));
            check("sample_ratio.test", &json!({"observed": [x, n - x, 3], "ratio": [1, 2, 1]}));
            check("paired_proportions.mcnemar", &json!({"b": x, "c": n - x}));
            check("stratified.risk_difference", &json!({"strata": [[x, n, 1, 2], [0, 0, 0, 5]]}));
            check("stratified.exact_common_odds_ratio", &json!({"strata": [[x, n, 1, 2]]}));
            check("stratified.common_odds_ratio", &json!({"strata": [[x, n, n - x, n]]}));
            for method in
                ["exact_rate_ratio", "mid_p_rate_ratio", "score_rate_ratio", "scas_rate_difference", "poisson_test"]
            {
                check(&format!("rates.{method}"), &json!({"x1": x, "t1": 1e-6, "x0": 2, "t0": 1e6}));
            }
        }
    }
}

/// Answers at less common arguments (one-sided alternatives, levels next to 0 and 1, empty cells, ties, strata, weights) beside those
/// of the program or the arithmetic that each line names.
#[test]
fn less_common_arguments_are_answered_as_elsewhere() {
    let lines = include_str!("../data/less_common.jsonl");
    let (mut compared, mut wrong) = (0, Vec::new());
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let answer = call(line["method"].as_str().unwrap(), &line["args"]);
        let got = answer.as_ref().ok().and_then(|answer| answer.pointer(line["at"].as_str().unwrap())?.as_f64());
        let (expected, tolerance) = (line["value"].as_f64().unwrap(), line["rel_tol"].as_f64().unwrap());
        compared += 1;
        // A logarithm next to 0 has the error of the number itself.
        if !got.is_some_and(|got| (got - expected).abs() <= tolerance * expected.abs().max(1e-3) + 1e-12) {
            wrong.push(format!("{line}: {answer:?}"));
        }
    }
    assert!(compared > 600, "{compared}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
