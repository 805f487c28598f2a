//! What the app shows of a version, typed one thing on a line: `heading: Please pay by 30 June`; or as JSON.

use serde_json::{Map, Value};

/// The lines of a payload; one that holds more than short texts is shown as JSON.
pub(super) fn lines(payload: &Value) -> String {
    let plain = |(name, value): (&String, &Value)| match value {
        Value::String(text) if !text.contains('\n') && !name.contains(':') && text.trim() == text => {
            Some(format!("{name}: {text}"))
        }
        _ => None,
    };
    let fields = payload.as_object().into_iter().flatten();
    let lines: Option<Vec<String>> = fields.map(plain).collect();
    lines.map_or_else(|| serde_json::to_string_pretty(payload).unwrap_or_default(), |lines| lines.join("\n"))
}

/// Reads lines, or JSON where the text begins with a brace.
pub(super) fn read(text: &str) -> Result<Value, String> {
    if text.starts_with('{') {
        return fairtrial_domain::json::parse(text.as_bytes()).map_err(|error| error.to_string());
    }
    let mut payload = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let wrong = || {
            format!("write each line as \u{201c}heading: Please pay by 30 June\u{201d}; this one is different: {line}")
        };
        let (name, shown) = line.split_once(':').ok_or_else(wrong)?;
        let name = name.trim();
        if name.is_empty() {
            return Err(wrong());
        }
        if payload.insert(name.to_owned(), Value::String(shown.trim().to_owned())).is_some() {
            return Err(format!("\u{201c}{name}\u{201d} stands twice"));
        }
    }
    Ok(Value::Object(payload))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_become_a_payload_and_lines_again() {
        let text = "heading: Please pay by 30 June\nlink: https://pay.example/now";
        let payload = json!({"heading": "Please pay by 30 June", "link": "https://pay.example/now"});
        assert_eq!((read(text), lines(&payload).as_str()), (Ok(payload), text));
        let nested = json!({"colours": ["red"], "heading": "two\nlines"});
        assert_eq!(read(&lines(&nested)), Ok(nested), "what is no line is JSON");
        assert_eq!((read(""), lines(&json!({})).as_str()), (Ok(json!({})), ""));
        for wrong in ["heading", ": text", "a: 1\na: 2", "{\"a\": 1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
