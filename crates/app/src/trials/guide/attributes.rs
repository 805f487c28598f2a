//! What is asked of each person, typed one on a line: `district: north, south (balance)`.

use serde_json::{Value, json};

/// The words for purposes, and what the plan calls them.
const PURPOSES: [(&str, &str); 5] =
    [("in", "eligibility"), ("out", "exclusion"), ("balance", "stratum"), ("fair", "equity"), ("sharpen", "covariate")];

/// Reads the lines; each is a name, a colon, the values, and the purpose in round brackets.
pub(super) fn read(text: &str) -> Result<Vec<Value>, String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(one).collect()
}

fn one(line: &str) -> Result<Value, String> {
    let wrong = || {
        format!("write each line as \u{201c}district: north, south (balance)\u{201d}; this one is different: {line}")
    };
    let (name, rest) = line.split_once(':').ok_or_else(wrong)?;
    let (values, purpose) = rest.rsplit_once('(').ok_or_else(wrong)?;
    let (values, purpose) = (values.trim(), purpose.trim().trim_end_matches(')').trim());
    let known = PURPOSES.iter().find(|(word, _)| *word == purpose);
    let (_, purpose) = known.ok_or_else(|| {
        format!(
            "the purpose in brackets is one of in, out, balance, fair or sharpen, and not \u{201c}{purpose}\u{201d}"
        )
    })?;
    let name = name.trim();
    let between = values.split_once(" to ").map(|(from, to)| (from.trim(), to.trim()));
    Ok(match between {
        _ if values == "yes or no" => json!({"name": name, "type": "boolean", "purpose": purpose}),
        Some((from, to)) => match (from.parse::<i64>(), to.parse::<i64>()) {
            (Ok(from), Ok(to)) => {
                json!({"name": name, "type": "integer", "minimum": from, "maximum": to, "purpose": purpose})
            }
            _ => json!({"name": name, "type": "decimal", "minimum": from, "maximum": to, "purpose": purpose}),
        },
        None if values.is_empty() => return Err(wrong()),
        None => {
            let values: Vec<&str> = values.split(',').map(str::trim).collect();
            json!({"name": name, "type": "category", "values": values, "purpose": purpose})
        }
    })
}

/// The same lines again.
pub(super) fn lines(known: &[Value]) -> String {
    known.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn line(known: &Value) -> Option<String> {
    let text = |name: &str| known.get(name).and_then(Value::as_str);
    let limit = |name: &str| match known.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let values = match text("type")? {
        "boolean" => "yes or no".to_owned(),
        "category" => {
            let values = known.get("values")?.as_array()?;
            values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        _ => format!("{} to {}", limit("minimum")?, limit("maximum")?),
    };
    let purpose = text("purpose")?;
    let (word, _) = PURPOSES.iter().find(|(_, known)| *known == purpose)?;
    Some(format!("{}: {values} ({word})", text("name")?))
}

/// The names of those that balance the versions.
pub(super) fn strata(known: &[Value]) -> Value {
    let balances = |attribute: &&Value| attribute.get("purpose").and_then(Value::as_str) == Some("stratum");
    known.iter().filter(balances).filter_map(|attribute| attribute.get("name").cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_attributes_and_lines_again() {
        let text = "district: north, south (balance)\nage: 0 to 120 (in)\nscore: 0.5 to 9.5 (sharpen)\nin_crisis: yes or no (out)";
        let known = read(text).unwrap();
        assert_eq!(
            known[0],
            json!({"name": "district", "type": "category", "values": ["north", "south"], "purpose": "stratum"})
        );
        assert_eq!(
            known[1],
            json!({"name": "age", "type": "integer", "minimum": 0, "maximum": 120, "purpose": "eligibility"})
        );
        assert_eq!((lines(&known).as_str(), strata(&known)), (text, json!(["district"])));
        assert_eq!((read(" \n").unwrap(), lines(&[])), (vec![], String::new()));
        for wrong in ["district", "district: north", "district: (balance)", "district: north (because)"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
