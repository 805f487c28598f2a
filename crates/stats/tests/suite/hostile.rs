//! Every method called with several arguments at once replaced by hostile ones: an answer in which every number is possible, or
//! a typed error; never a panic.

use std::time::{Duration, Instant};

use fairtrial_stats::method;
use serde_json::{Value, json};

use super::calls::sound_calls;

/// No argument may keep a processor busy for longer.
const LONGEST: Duration = Duration::from_secs(2);

/// How long this thread has been at work, where the system tells; else the time since the beginning.
fn worked(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// A generator that needs no library: the same numbers in every run (Steele, Lea and Flood 2014, SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % n as u64) as usize
    }

    /// What may stand in the place of a value: numbers at and beyond the edges, or something of another kind.
    fn hostile(&mut self, value: &Value) -> Value {
        if let Some(list) = value.as_array().filter(|list| !list.is_empty()) {
            let mut list = list.clone();
            match self.below(5) {
                0 => list.truncate(1),
                1 => list.push(list[0].clone()),
                2 => list.clear(),
                _ => {
                    let at = self.below(list.len());
                    list[at] = self.hostile(&list[at].clone());
                }
            }
            return json!(list);
        }
        let numbers = [
            json!(0),
            json!(1),
            json!(2),
            json!(7),
            json!(1000),
            json!(100_000_000_u64),
            json!(1_000_000_000_000_000_000_u64),
            json!(u64::MAX),
            json!(-1),
            json!(-0.5),
            json!(0.5),
            json!(0.999_999_999),
            json!(1e-12),
            json!(5e-324),
            json!(1e-300),
            json!(1e16),
            json!(1.797e308),
            json!(-1.797e308),
            json!(null),
            json!("NaN"),
            json!([]),
            json!({}),
            json!(true),
        ];
        numbers[self.below(numbers.len())].clone()
    }
}

/// What cannot be true of an answer.
fn impossible(answer: &Value, path: &str) -> Option<String> {
    match answer {
        Value::Object(fields) => {
            let end = |name: &str| fields.get(name).and_then(Value::as_f64);
            if let (Some(lower), Some(upper)) = (end("lower"), end("upper"))
                && lower > upper
            {
                return Some(format!("{path}: {lower} is above {upper}"));
            }
            fields.iter().find_map(|(key, value)| impossible(value, key))
        }
        Value::Array(list) => list.iter().find_map(|value| impossible(value, path)),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let probability = ["p_value", "power", "spent", "probability", "per_look"].contains(&path);
            let wrong = (probability && !(-1e-12..=1.0 + 1e-9).contains(&number))
                || (path == "ln_p" && number > 0.0)
                || (path == "standard_error" && number < 0.0);
            wrong.then(|| format!("{path} = {number}"))
        }
        _ => None,
    }
}

#[test]
fn hostile_arguments_are_answered_or_refused() {
    let (mut chance, began) = (Chance(20_261_126), Instant::now());
    let (mut answered, mut refused, mut failures) = (0, 0, Vec::new());
    for (name, arguments) in sound_calls() {
        let keys: Vec<&String> = arguments.as_object().unwrap().keys().collect();
        for _ in 0..60 {
            let mut changed = arguments.clone();
            for _ in 0..=chance.below(3) {
                let key = keys[chance.below(keys.len())];
                changed[key] = chance.hostile(&changed[key].clone());
            }
            let before = worked(began);
            let outcome = std::panic::catch_unwind(|| method::call(&name, &changed));
            let taken = worked(began).saturating_sub(before);
            if taken > LONGEST {
                failures.push(format!("{name} {changed}: takes {taken:?}"));
            }
            let wrong = match outcome {
                Err(_) => Some("panics".to_owned()),
                Ok(Err(error)) => {
                    refused += 1;
                    error.to_string().is_empty().then(|| "refuses without a reason".to_owned())
                }
                Ok(Ok(answer)) => {
                    answered += 1;
                    impossible(&answer, "")
                }
            };
            if let Some(wrong) = wrong {
                failures.push(format!("{name} {changed}: {wrong}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(answered > 300 && refused > 1_000, "{answered} answered and {refused} refused");
}
