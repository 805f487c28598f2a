//! Every method by name, called soundly once and then with every argument spoilt in turn: an answer or a typed error, never a
//! panic, a hang, or an answer to a question that was not asked.

use fairtrial_stats::{StatError, method};
use serde_json::{Value, json};

fn sound_calls() -> Vec<(&'static str, Value)> {
    let a = json!([1.1, 2.3, 2.9, 4.2, 3.8]);
    let b = json!([5.0, 5.2, 9.9, 4.4, 2.0, 7.1]);
    let clusters1 = json!([[1.0, 2.0, 3.0], [2.0, 4.0], [5.0, 1.0, 1.5, 2.5]]);
    let clusters0 = json!([[3.0, 2.0], [6.0, 4.0, 4.5], [2.0, 2.5, 8.0]]);
    let units = json!([1.0, 2.5, 3.0, 2.0, 4.0, 5.5, 1.0, 6.0]);
    let groups = json!([0, 0, 1, 1, 2, 2, 3, 3]);
    let (arm, periods) = (json!([1, 1, 0, 0, 1, 0, 1, 0]), json!([0, 1, 0, 1, 0, 1, 0, 1]));
    let wedge = json!([0, 0, 0, 1, 0, 1, 1, 1]);
    let ones = json!([1, 1, 1, 1, 1, 1, 1, 1]);
    let arms = json!([1, 1, 0, 0, 1, 0, 1, 0]);
    let (times, events) = (json!([3.0, 5.0, 1.0, 4.0, 6.0, 2.0, 5.0, 7.0]), json!([1, 0, 1, 1, 1, 1, 0, 1]));
    vec![
        ("means.welch", json!({"arm1": a, "arm0": b, "null_difference": 0.5, "side": "less", "level": 0.9})),
        ("means.student", json!({"arm1": {"n": 9, "mean": 2.0, "variance": 1.5}, "arm0": b})),
        ("means.ratio_of_means", json!({"arm1": a, "arm0": b, "null_ratio": 1.0})),
        ("means.fieller_set", json!({"arm1": a, "arm0": b, "level": 0.95})),
        ("means.blocked_difference", json!({"blocks1": clusters1, "blocks0": clusters0})),
        ("means.rank_sum", json!({"arm1": a, "arm0": b, "level": 0.9})),
        ("means.permutation_test", json!({"values": units, "arm": arm, "blocks": [0, 0, 0, 0, 1, 1, 1, 1]})),
        ("means.permutation_test", json!({"values": units, "arm": arm, "draws": 99, "seed": 7})),
        (
            "means.cuped",
            json!({"outcome1": a, "covariates1": [1, 2, 2, 4, 3], "outcome0": b, "covariates0": [4, 5, 9, 3, 2, 6]}),
        ),
        (
            "means.lin",
            json!({"outcome1": a, "covariates1": [[1, 2, 2, 4, 3]], "outcome0": b, "covariates0": [[4, 5, 9, 3, 2, 6]]}),
        ),
        (
            "means.ancova",
            json!({"outcome": units, "arm": arm, "covariates": [[3, 1, 4, 1, 5, 9, 2, 6]], "variance": "hc3"}),
        ),
        ("means.least_squares", json!({"outcome": units, "columns": [ones, arms], "coefficient": 1, "null": 0.0})),
        ("clusters.cluster_means_welch", json!({"arm1": clusters1, "arm0": clusters0, "null_difference": 0.0})),
        ("clusters.cluster_means_student", json!({"arm1": clusters1, "arm0": clusters0})),
        ("clusters.cluster_robust", json!({"arm1": clusters1, "arm0": clusters0, "variance": "cr3"})),
        ("clusters.cluster_variance", json!({"arm1": clusters1, "arm0": clusters0})),
        ("clusters.cluster_permutation", json!({"arm1": clusters1, "arm0": clusters0})),
        ("clusters.design_effect", json!({"mean_size": 20, "icc": 0.05, "size_variation": 0.6})),
        (
            "clusters.random_intercept",
            json!({"outcome": units, "cluster": groups, "columns": [ones, arms], "coefficient": 1,
            "degrees_of_freedom": "satterthwaite"}),
        ),
        (
            "clusters.cluster_robust_regression",
            json!({"outcome": units, "cluster": groups, "columns": [ones, arms],
            "coefficient": 1, "variance": "cr2"}),
        ),
        (
            "clusters.stepped_wedge",
            json!({"outcome": units, "cluster": groups, "period": periods, "new_version": wedge,
            "degrees_of_freedom": "satterthwaite"}),
        ),
        ("survival.kaplan_meier", json!({"times": times, "events": events, "at": [0.5, 3.0, 5.0], "scale": "log"})),
        ("survival.restricted_mean", json!({"times": times, "events": events, "horizon": 5.0})),
        ("survival.compare_restricted_means", json!({"times": times, "events": events, "arm": arm, "horizon": 5.0})),
        ("survival.logrank", json!({"times": times, "events": events, "arm": arm, "rho": 1.0, "stratum": periods})),
        ("survival.logrank_permutation", json!({"times": times, "events": events, "arm": arm})),
        ("survival.cox", json!({"times": times, "events": events, "arm": arm, "ties": "exact"})),
        ("survival.cox", json!({"times": times, "events": events, "arm": arm, "cluster": groups})),
        ("meta.pool", json!({"effects": [0.1, 0.3, -0.2], "variances": [0.02, 0.05, 0.01], "method": "paule_mandel"})),
        ("meta.pool", json!({"effects": [0.1, 0.3, -0.2], "variances": [0.02, 0.05, 0.01], "tolerance": 1e-9})),
        ("meta.heterogeneity", json!({"effects": [0.1, 0.3, -0.2], "variances": [0.02, 0.05, 0.01]})),
        ("meta.q_profile", json!({"effects": [0.1, 0.3, -0.2], "variances": [0.02, 0.05, 0.01]})),
        ("multiplicity.adjust", json!({"p": [0.01, 0.2, 0.03], "method": "hommel"})),
        (
            "multiplicity.graph",
            json!({"weights": [0.5, 0.5], "transitions": [[0, 1], [1, 0]], "p": [0.01, 0.04], "alpha": 0.05}),
        ),
        ("multiplicity.fixed_sequence", json!({"p": [0.01, 0.04], "alpha": 0.05})),
        (
            "multiplicity.dunnett_critical_value",
            json!({"arms": [10, 20], "control": 15, "degrees_of_freedom": 30, "alpha": 0.05}),
        ),
        ("multiplicity.dunnett_p_value", json!({"arms": [10, 20], "control": 15, "statistic": 2.5})),
        ("bayes.probability_best", json!({"x": [3, 8], "n": [20, 20], "prior": [0.5, 0.5]})),
        ("bayes.expected_loss", json!({"x": [3, 8], "n": [20, 20]})),
        ("bayes.credible_intervals", json!({"x": [3, 8], "n": [20, 20], "level": 0.9})),
        ("bayes.probability_difference_exceeds", json!({"x1": 3, "n1": 20, "x0": 8, "n0": 20, "margin": 0.1})),
        (
            "bayes.predictive_success",
            json!({"x1": 3, "n1": 20, "x0": 8, "n0": 20, "final1": 40, "final0": 40, "alpha": 0.025}),
        ),
        (
            "bayes.normal_posterior",
            json!({"estimate": 0.1, "standard_error": 0.2, "prior_mean": 0.0, "prior_variance": 1.0}),
        ),
        ("bayes.rate_probability_higher", json!({"x1": 3, "t1": 20.0, "x0": 8, "t0": 20.0, "prior_events": 0.5})),
        (
            "instrumental.take_up",
            json!({"outcome1": a, "take_up1": [1, 1, 0, 1, 1], "outcome0": b, "take_up0": [0, 0, 1, 0, 0, 0]}),
        ),
        (
            "instrumental.complier_average",
            json!({"outcome1": a, "take_up1": [1, 1, 0, 1, 1], "outcome0": b,
            "take_up0": [0, 0, 1, 0, 0, 0], "spread": "common"}),
        ),
        (
            "instrumental.anderson_rubin",
            json!({"outcome1": a, "take_up1": [1, 1, 0, 1, 1], "outcome0": b,
            "take_up0": [0, 0, 1, 0, 0, 0], "level": 0.8}),
        ),
        ("missing.attrition_test", json!({"missing1": 4, "assigned1": 50, "missing0": 9, "assigned0": 60})),
        (
            "missing.manski_bounds",
            json!({"observed1": 90, "missing1": 10, "mean1": 0.4, "observed0": 80, "missing0": 5,
            "mean0": 0.3, "smallest": 0.0, "largest": 1.0}),
        ),
        ("missing.imbens_manski", json!({"lower": 0.1, "upper": 0.2, "lower_error": 0.05, "upper_error": 0.06})),
        ("missing.lee_bounds", json!({"arm1": a, "missing1": 1, "arm0": b, "missing0": 3, "trimming": "whole_units"})),
        ("power.means_power", json!({"difference": 0.5, "sd1": 1.0, "sd0": 1.2, "n1": 30, "n0": 40, "alpha": 0.05})),
        ("power.means_needed", json!({"difference": 0.5, "sd1": 1.0, "power": 0.8, "ratio": 2.0, "attrition": 0.1})),
        ("power.means_detectable", json!({"sd1": 1.0, "n1": 30, "n0": 40, "power": 0.8})),
        (
            "power.proportions_power",
            json!({"p1": 0.4, "p0": 0.25, "n1": 100, "n0": 120, "null_difference": -0.1, "side": "greater"}),
        ),
        ("power.proportions_needed", json!({"p1": 0.4, "p0": 0.25, "power": 0.9})),
        ("power.proportions_detectable", json!({"p0": 0.25, "n1": 100, "n0": 120})),
        (
            "power.rates_power",
            json!({"rate1": 0.5, "rate0": 0.8, "exposure": 1.0, "dispersion": 0.4, "n1": 100, "n0": 100}),
        ),
        ("power.rates_needed", json!({"rate1": 0.5, "rate0": 0.8})),
        ("power.events_needed", json!({"hazard_ratio": 0.6})),
        ("power.events_power", json!({"hazard_ratio": 0.6, "events": 120, "ratio": 1.5})),
        (
            "power.survival_needed",
            json!({"hazard_ratio": 0.6, "hazard0": 0.1, "enrolment": 12, "follow_up": 12, "drop_out": 0.01}),
        ),
        (
            "power.clusters_power",
            json!({"difference": 0.35, "mean_size": 25, "icc": 0.05, "clusters1": 8, "clusters0": 9}),
        ),
        ("power.clusters_needed", json!({"difference": 0.35, "mean_size": 25, "icc": 0.05, "size_variation": 0.4})),
        (
            "power.clusters_detectable",
            json!({"mean_size": 25, "icc": 0.05, "clusters1": 8, "clusters0": 9, "power": 0.8}),
        ),
        (
            "power.stepped_wedge_power",
            json!({"effect": 0.15, "rollout": [[0, 1, 1], [0, 0, 1]], "units": 10, "between": 0.02, "within": 0.2}),
        ),
        (
            "power.stepped_wedge_variance",
            json!({"rollout": [[0, 1, 1], [0, 0, 1]], "units": 10, "between": 0.02, "within": 0.2}),
        ),
    ]
}

fn spoilt(value: &Value) -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!("text"),
        json!({}),
        json!([]),
        json!(-1),
        json!(0),
        json!(1),
        json!(2.5),
        json!(1e-300),
        json!(1e308),
        json!(-1e308),
        json!(1_000_000_000_000_000_000_u64),
        json!(true),
        json!([1e308, -1e308]),
        json!([0.5]),
        json!([[]]),
        json!([[1e308], [1e308]]),
        json!([1_000_000_000_000_000_000_u64, 3]),
    ];
    if let Some(list) = value.as_array() {
        let replaced = |entry: Value| json!(list.iter().map(|_| entry.clone()).collect::<Vec<Value>>());
        values.extend(
            [json!(null), json!(0), json!(1), json!(-3.5), json!(1e200), json!(1e-200), json!([0])].map(replaced),
        );
        values.push(json!(list[1..]));
        let mut first = list.clone();
        for entry in [json!(1e300), json!(-7), json!("x"), json!(1_000_000_000_000_u64), list[list.len() - 1].clone()] {
            first[0] = entry;
            values.push(json!(first));
        }
    }
    values
}

/// The paths of numbers that JSON cannot hold would be null; those that it can must not be absurd.
fn absurd(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Object(object) => object.iter().find_map(|(key, value)| absurd(value, &format!("{path}.{key}"))),
        Value::Array(list) => list.iter().find_map(|value| absurd(value, path)),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let probability = ["power", "probability", "share"].iter().any(|name| path.ends_with(name));
            let negative =
                ["standard_error", "degrees_of_freedom", "between", "variance"].iter().any(|name| path.ends_with(name));
            let wrong = (probability && !(-1.0..=1.0).contains(&number)) || (negative && number < 0.0);
            wrong.then(|| format!("{path} = {number}"))
        }
        _ => None,
    }
}

/// An estimate outside its own interval.
fn outside(answer: &Value) -> Option<String> {
    let (point, interval) = (answer["point"].as_f64()?, answer["interval"].as_object()?);
    let below = interval["lower"].as_f64().is_some_and(|lower| point < lower);
    let above = interval["upper"].as_f64().is_some_and(|upper| point > upper);
    (below || above).then(|| format!("the estimate lies outside its interval: {answer}"))
}

#[test]
fn sound_calls_are_answered_and_spoilt_ones_never_break() {
    let (mut answered, mut failures) = (0, Vec::new());
    for (name, arguments) in sound_calls() {
        let answer = method::call(name, &arguments).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!answer.is_null(), "{name} answers nothing");
        let object = arguments.as_object().unwrap();
        let mut with_extra = arguments.clone();
        with_extra["an_unknown_argument"] = json!(1);
        assert!(
            matches!(method::call(name, &with_extra), Err(StatError::InvalidArgument { argument, .. }) if argument == "an_unknown_argument"),
            "{name} takes an unknown argument"
        );
        for (key, value) in object {
            for other in spoilt(value) {
                let mut changed = arguments.clone();
                changed[key] = other.clone();
                let started = std::time::Instant::now();
                let outcome = std::panic::catch_unwind(|| method::call(name, &changed));
                let wrong = match &outcome {
                    Err(_) => Some("panics".to_owned()),
                    Ok(Ok(answer)) => {
                        answered += 1;
                        absurd(answer, "").or_else(|| outside(answer))
                    }
                    Ok(Err(_)) => None,
                };
                let slow = (started.elapsed().as_secs() >= 5).then(|| "takes too long".to_owned());
                if let Some(wrong) = wrong.or(slow) {
                    failures.push(format!("{name} with {key} = {other}: {wrong}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(answered > 500, "only {answered} spoilt calls were still sound");
}

#[test]
fn an_error_names_the_argument() {
    let cases = [
        ("means.welch", json!({"arm1": [1, 2], "arm0": [3, 4], "level": 1.0}), "level"),
        ("means.welch", json!({"arm1": [1, "2"], "arm0": [3, 4]}), "arm1"),
        ("multiplicity.adjust", json!({"p": [0.5, 1.5]}), "p"),
        ("power.means_needed", json!({"difference": 0.0, "sd1": 1.0}), "difference"),
        ("missing.attrition_test", json!({"missing1": 5, "assigned1": 4, "missing0": 1, "assigned0": 4}), "missing1"),
        ("bayes.probability_best", json!({"x": [3, 30], "n": [20, 20]}), "x"),
        ("clusters.design_effect", json!({"mean_size": 20, "icc": 1.5}), "icc"),
    ];
    for (name, arguments, expected) in cases {
        match method::call(name, &arguments) {
            Err(StatError::InvalidArgument { argument, .. }) => assert_eq!(argument, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
