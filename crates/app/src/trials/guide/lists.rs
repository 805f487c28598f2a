//! Who is in and who is left out, typed one condition on a line: `age at least 18`, `district is north`.

use fairtrial_domain::eligibility::{Comparison, Rule};
use serde_json::{Value, json};

/// The words of a comparison, and what the plan calls it; a longer one stands before the shorter one that it begins with.
const WORDS: [(&str, &str); 7] = [
    (" is one of ", "one_of"),
    (" is not ", "not_equals"),
    (" is ", "equals"),
    (" at least ", "at_least"),
    (" at most ", "at_most"),
    (" below ", "less_than"),
    (" above ", "greater_than"),
];

/// Whether a rule is a plain list of conditions, as the lines can say it.
pub(super) fn is_list(rule: &Rule, joined: fn(&Rule) -> Option<&[Rule]>) -> bool {
    let plain = |rule: &Rule| matches!(rule, Rule::Attribute { comparison, .. } if !matches!(comparison, Comparison::OneOf(values) if values.is_empty()));
    joined(rule).is_some_and(|rules| rules.iter().all(plain))
}

/// The parts of a rule that must all hold.
pub(super) fn all(rule: &Rule) -> Option<&[Rule]> {
    match rule {
        Rule::All(rules) => Some(rules),
        _ => None,
    }
}

/// The parts of a rule of which one must hold.
pub(super) fn any(rule: &Rule) -> Option<&[Rule]> {
    match rule {
        Rule::Any(rules) => Some(rules),
        _ => None,
    }
}

/// The lines of a list in a plan.
pub(super) fn lines(rule: &Value) -> String {
    let rules = ["all", "any"].iter().find_map(|joined| rule.get(joined)).and_then(Value::as_array);
    rules.into_iter().flatten().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn line(rule: &Value) -> Option<String> {
    let name = rule.get("attribute")?.as_str()?;
    WORDS.iter().find_map(|(words, key)| {
        let value = rule.get(key)?;
        let shown = match value {
            Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
            one => shown(one),
        };
        Some(format!("{name}{words}{shown}"))
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Reads the lines into a list that is joined by `joined`, `all` or `any`; `known` are the plan's attributes.
pub(super) fn read(text: &str, joined: &str, known: &[Value]) -> Result<Value, String> {
    let rules = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| one(line, known));
    Ok(json!({ joined: rules.collect::<Result<Vec<_>, _>>()? }))
}

fn one(line: &str, known: &[Value]) -> Result<Value, String> {
    let found = WORDS.iter().find_map(|(words, key)| Some((line.split_once(words)?, *key)));
    let ((name, value), key) = found.ok_or_else(|| {
        format!("write each line as \u{201c}age at least 18\u{201d} or \u{201c}district is north\u{201d}; this one is different: {line}")
    })?;
    let (name, value) = (name.trim(), value.trim());
    let attribute = known.iter().find(|attribute| attribute.get("name").and_then(Value::as_str) == Some(name));
    let attribute = attribute.ok_or_else(|| {
        format!("\u{201c}{name}\u{201d} is not among what your system tells of each person; add it above")
    })?;
    let kind = attribute.get("type").and_then(Value::as_str).unwrap_or_default();
    let typed = |text: &str| -> Result<Value, String> {
        match kind {
            "boolean" if text == "yes" || text == "no" => Ok(json!(text == "yes")),
            "boolean" => Err(format!("\u{201c}{name}\u{201d} is yes or no, and not \u{201c}{text}\u{201d}")),
            "integer" => text
                .parse::<i64>()
                .map(Value::from)
                .map_err(|_| format!("\u{201c}{name}\u{201d} is a whole number, and not \u{201c}{text}\u{201d}")),
            _ => Ok(json!(text)),
        }
    };
    let value = match key {
        "one_of" => Value::Array(value.split(',').map(|text| typed(text.trim())).collect::<Result<_, _>>()?),
        _ => typed(value)?,
    };
    Ok(json!({"attribute": name, key: value}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Value> {
        vec![
            json!({"name": "age", "type": "integer"}),
            json!({"name": "district", "type": "category"}),
            json!({"name": "in_crisis", "type": "boolean"}),
            json!({"name": "score", "type": "decimal"}),
        ]
    }

    #[test]
    fn lines_become_rules_and_lines_again() {
        let text =
            "age at least 18\ndistrict is one of north, south\ndistrict is not east\nscore below 0.5\nin_crisis is no";
        let rule = read(text, "all", &known()).unwrap();
        assert_eq!(
            rule,
            json!({"all": [
                {"attribute": "age", "at_least": 18},
                {"attribute": "district", "one_of": ["north", "south"]},
                {"attribute": "district", "not_equals": "east"},
                {"attribute": "score", "less_than": "0.5"},
                {"attribute": "in_crisis", "equals": false},
            ]})
        );
        assert_eq!(lines(&rule), text);
        assert_eq!(
            (read(" \n", "any", &known()).unwrap(), lines(&json!({"any": []}))),
            (json!({"any": []}), String::new())
        );
    }

    #[test]
    fn what_cannot_be_read_says_what_is_wrong() {
        for (line, told) in [
            ("age", "write each line as"),
            ("height above 3", "is not among"),
            ("age at least old", "is a whole number"),
            ("in_crisis is perhaps", "is yes or no"),
        ] {
            let why = read(line, "all", &known()).unwrap_err();
            assert!(why.contains(told), "{why}");
        }
    }
}
