//! Every method by name, called soundly once and then with every argument spoilt in turn: an answer or a typed error, never a
//! panic or an answer to a question that was not asked.

use fairtrial_stats::{StatError, method};
use serde_json::{Value, json};

use super::calls::sound_calls;

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
    // At a level near 0 only the centre of the interval is left, which need not be the estimate.
    interval["level"].as_f64().filter(|level| *level > 0.01)?;
    let below = interval["lower"].as_f64().is_some_and(|lower| point < lower);
    let above = interval["upper"].as_f64().is_some_and(|upper| point > upper);
    (below || above).then(|| format!("the estimate lies outside its interval: {answer}"))
}

#[test]
fn sound_calls_are_answered_and_spoilt_ones_never_break() {
    let (mut answered, mut failures) = (0, Vec::new());
    for (name, arguments) in sound_calls() {
        let object = arguments.as_object().unwrap();
        let mut with_extra = arguments.clone();
        with_extra["an_unknown_argument"] = json!(1);
        assert!(
            matches!(method::call(&name, &with_extra), Err(StatError::InvalidArgument { argument, .. }) if argument == "an_unknown_argument"),
            "{name} takes an unknown argument"
        );
        for (key, value) in object {
            for other in spoilt(value) {
                let mut changed = arguments.clone();
                changed[key] = other.clone();
                let outcome = std::panic::catch_unwind(|| method::call(&name, &changed));
                let wrong = match &outcome {
                    Err(_) => Some("panics".to_owned()),
                    Ok(Ok(answer)) => {
                        answered += 1;
                        absurd(answer, "").or_else(|| outside(answer))
                    }
                    Ok(Err(_)) => None,
                };
                if let Some(wrong) = wrong {
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
