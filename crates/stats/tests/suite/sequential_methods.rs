//! The sequential methods by name, with arguments and results as JSON.

use fairtrial_stats::StatError;
use fairtrial_stats::method::call;
use serde_json::{Value, json};

fn refused(method: &str, args: &Value) -> String {
    match call(method, args) {
        Err(StatError::InvalidArgument { argument, .. }) => argument,
        Err(other) => other.code().to_owned(),
        Ok(value) => value.to_string(),
    }
}

fn close(value: &Value, expected: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() <= 1e-8 * expected.abs())
}

#[test]
fn exact_designs_are_reached_by_name() {
    let plan = json!({"looks": [[10, 10], [20, 20], [30, 30], [40, 40]], "alpha": 0.025,
        "spending": {"kind": "lan_demets_obrien_fleming"}});
    let design = call("exact_sequential.design", &plan).unwrap();
    assert!(close(&design["size"]["value"], 0.024_476_975_455_8));
    assert_eq!(design["looks"].as_array().unwrap().len(), 4);
    let with = |more: Value| {
        let mut args = plan.clone();
        for (name, value) in more.as_object().into_iter().flatten() {
            args[name] = value.clone();
        }
        args
    };
    let operating = call("exact_sequential.operating", &with(json!({"treatment": 0.6, "control": 0.3}))).unwrap();
    assert!(close(&operating["efficacy"], 0.747_918_126_341_1));
    let later = with(json!({"look": 2, "x1": 20, "x0": 9, "treatment": 0.6, "control": 0.3}));
    assert!(call("exact_sequential.conditional", &later).unwrap()["efficacy"].as_f64().unwrap() > 0.9);
    let analysis = with(json!({"look": 3, "treatment": 24, "control": 12}));
    let analysis = call("exact_sequential.analyse", &analysis).unwrap();
    assert_eq!(analysis["decision"], "efficacy");
    assert!(analysis["interval"]["lower"].as_f64().unwrap() > 0.0);
    assert_eq!(refused("exact_sequential.design", &with(json!({"alpah": 0.05}))), "alpah");
    assert_eq!(refused("exact_sequential.design", &with(json!({"alpha": 1.0}))), "alpha");
    assert_eq!(refused("exact_sequential.design", &with(json!({"looks": [[5, 5], [4, 6]]}))), "looks");
    assert_eq!(
        refused("exact_sequential.design", &with(json!({"looks": [[1_000_000_000_000_000_000_u64, 5]]}))),
        "too_large"
    );
    assert_eq!(refused("exact_sequential.design", &with(json!({"spending": {"kind": "pocock"}}))), "spending");
    assert_eq!(refused("exact_sequential.nothing", &plan), "method");
}

#[test]
fn group_sequential_designs_are_reached_by_name() {
    let spending = json!({"kind": "lan_demets_obrien_fleming"});
    let plan = json!({"information": [25.0, 50.0, 75.0], "alpha": 0.025,
        "efficacy": {"kind": "spending", "spending": spending}});
    let with = |more: Value| {
        let mut args = plan.clone();
        for (name, value) in more.as_object().into_iter().flatten() {
            args[name] = value.clone();
        }
        args
    };
    let looks = call("group_sequential.design", &plan).unwrap();
    assert!(close(&looks["looks"][1]["efficacy"], 2.511_427_481_269_5));
    let stagewise = call("group_sequential.stagewise", &with(json!({"look": 1, "z": 2.7}))).unwrap();
    assert!(close(&stagewise["p_value"], 0.003_513_552_191_86));
    let conditional = with(json!({"look": 0, "z": 1.0, "effect": 0.3}));
    assert!(close(&call("group_sequential.conditional", &conditional).unwrap()["power"], 0.654_334_192_1));
    for (method, more) in [
        ("operating", json!({"effect": 0.3})),
        ("effect_at_power", json!({"power": 0.8})),
        ("repeated", json!({"look": 0, "z": 2.1})),
        ("sequential_p_value", json!({"z": [1.5, 2.6]})),
        ("predictive_power", json!({"look": 0, "z": 1.0, "mean": 0.1, "standard_deviation": 0.2})),
        ("conditional_rejection_probability", json!({"look": 0, "z": 1.0})),
        ("sample_size_proportions", json!({"treatment": 0.4, "control": 0.25, "power": 0.8})),
        ("sample_size_means", json!({"effect": 0.3, "deviation": 1.0, "power": 0.8})),
    ] {
        let name = format!("group_sequential.{method}");
        assert!(call(&name, &with(more.clone())).unwrap().is_object(), "{method}");
        let mut surplus = with(more);
        surplus["surplus"] = json!(1);
        assert_eq!(refused(&name, &surplus), "surplus");
    }
    assert_eq!(refused("group_sequential.design", &with(json!({"information": []}))), "information");
    assert_eq!(refused("group_sequential.design", &with(json!({"information": [2.0, 1.0]}))), "information");
    let spent = json!({"spending": spending, "alpha": 0.025, "fraction": 0.5});
    assert!(close(&call("group_sequential.spending", &spent).unwrap()["spent"], 0.001_525_322_757_989));
    assert!(call("group_sequential.student_bound", &json!({"z": 2.0, "degrees_of_freedom": 30.0})).is_ok());
    let one_arm = json!({"units": [12, 24, 36], "lower": [0, 2, 5], "upper": [5, 7, 8], "p": 0.2});
    assert!(close(&call("group_sequential.single_arm", &one_arm).unwrap()["expected_units"], 30.114_258_515_741_5));
}

#[test]
fn permutation_and_anytime_methods_are_reached_by_name() {
    let trial = json!({"in_arm1": [1, 0, 1, 0, 1, 0, 1, 0], "alpha": 0.05, "side": "greater",
        "spending": {"kind": "lan_demets_pocock"}, "fractions": [1.0],
        "looks": [[5.0, 1.0, 6.0, 2.0, 7.0, 0.5, 8.0, null]]});
    let looks = call("permutation_sequential.compare_means", &trial).unwrap();
    assert_eq!(looks["looks"][0]["stops"], true);
    let mut wrong = trial;
    wrong["in_arm1"] = json!([2, 0, 1, 0, 1, 0, 1, 0]);
    assert_eq!(refused("permutation_sequential.compare_means", &wrong), "in_arm1");
    for (method, args) in [
        (
            "confidence_sequence.normal_mixture",
            json!({"v": 10.0, "optimal_at": 100.0, "alpha": 0.05, "side": "greater"}),
        ),
        ("confidence_sequence.beta_mixture", json!({"x": 3, "n": 9, "alpha": 0.05})),
        ("confidence_sequence.beta_mixture_difference", json!({"x1": 3, "n1": 9, "x0": 4, "n0": 8, "alpha": 0.05})),
        ("confidence_sequence.betting", json!({"values": [0.1, 0.5, 1.0], "alpha": 0.05})),
        (
            "confidence_sequence.asymptotic",
            json!({"estimate": 0.1, "standard_error": 0.02, "units": 500, "tightest_at": 1000, "alpha": 0.05}),
        ),
        ("safe_test.two_by_two", json!({"blocks": [[1, 0], [0, 0]]})),
        ("safe_test.z", json!({"z": 2.1, "effect": 0.3, "n1": 40, "n0": 50, "side": "greater"})),
        ("safe_test.t", json!({"t": 2.1, "effect": 0.3, "n1": 40, "n0": 50})),
        ("safe_test.logrank", json!({"events1": 2, "at_risk1": 18, "events0": 1, "at_risk0": 20, "ratio": 0.6})),
        ("safe_test.mixture_ratio", json!({"difference": 0.3, "variance": 0.02, "mixing": 0.01})),
        ("safe_test.linear_model", json!({"t": 2.5, "degrees_of_freedom": 58, "prior": 1.0, "design": 15.0})),
    ] {
        let result = call(method, &args);
        assert!(result.as_ref().is_ok_and(Value::is_object), "{method}: {result:?}");
        let mut surplus = args;
        surplus["surplus"] = json!(1);
        assert_eq!(refused(method, &surplus), "surplus", "{method}");
    }
}
