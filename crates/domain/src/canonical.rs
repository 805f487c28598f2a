//! The canonical text of a JSON document: what is hashed when a plan is locked.
//!
//! RFC 8785 (JSON Canonicalization Scheme), restricted to whole numbers: a plan holds decimals as text, so that no two
//! programs can print a number differently.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::fault::Fault;

/// Largest whole number that every JSON reader keeps exactly (2^53 - 1).
const MAX_SAFE: i64 = 9_007_199_254_740_991;

/// The canonical text of a document.
///
/// # Errors
/// Each number that is not whole or not within ±(2^53 - 1), with its place.
///
/// ```
/// let document = serde_json::json!({"b": 1, "a": "Māori"});
/// assert_eq!(fairtrial_domain::canonical::text(&document).unwrap(), r#"{"a":"Māori","b":1}"#);
/// ```
pub fn text(value: &Value) -> Result<String, Vec<Fault>> {
    let mut out = String::new();
    let mut faults = Vec::new();
    write(value, "", &mut out, &mut faults);
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

/// SHA-256 of a text as lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// SHA-256 of bytes as lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
    let mut out = String::with_capacity(bytes.len() * 2);
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    out
}

/// The same, written to a place of the caller's that has two digits for each byte.
pub fn hex_in<'a>(bytes: &[u8], digits: &'a mut [u8]) -> &'a str {
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = if half < 10 { b'0' + half } else { b'a' + half - 10 };
        }
    }
    // Digits are always text.
    std::str::from_utf8(digits).unwrap_or_default()
}

fn write(value: &Value, pointer: &str, out: &mut String, faults: &mut Vec<Fault>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => match n.as_i64().filter(|n| (-MAX_SAFE..=MAX_SAFE).contains(n)) {
            Some(whole) => {
                let _ = write!(out, "{whole}");
            }
            None => faults.push(Fault::new(
                pointer,
                "not_a_whole_number",
                "numbers in a plan are whole and below 2^53; write a decimal as text, such as \"0.03\"",
            )),
        },
        // serde_json escapes exactly what RFC 8785 asks for: the quote, the backslash and control characters, the
        // latter in short form where one exists and as lower-case \u00xx otherwise.
        Value::String(s) => out.push_str(&Value::String(s.clone()).to_string()),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, &format!("{pointer}/{index}"), out, faults);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, name) in names.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(name.clone()).to_string());
                out.push(':');
                if let Some(item) = map.get(name) {
                    write(item, &format!("{pointer}/{}", escape(name)), out, faults);
                }
            }
            out.push('}');
        }
    }
}

/// A name as a token of a JSON pointer (RFC 6901).
#[must_use]
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_names_by_utf16_units_and_keeps_order_of_lists() {
        // U+1F600 sorts before U+FB33 in UTF-16 (its first unit is D83D) though after it by code point: RFC 8785, 3.2.3.
        let document = serde_json::json!({"\u{fb33}": 1, "\u{1f600}": 2, "a": [2, 1], "": null});
        assert_eq!(text(&document).unwrap(), "{\"\":null,\"a\":[2,1],\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn escapes_as_the_standard_says() {
        let document = serde_json::json!("\u{0}\u{1}\u{8}\t\n\u{c}\r\"\\/\u{7f}€");
        assert_eq!(text(&document).unwrap(), "\"\\u0000\\u0001\\b\\t\\n\\f\\r\\\"\\\\/\u{7f}€\"");
    }

    #[test]
    fn refuses_numbers_that_programs_print_differently() {
        let faults = text(&serde_json::json!({"a": 0.5, "b": [9_007_199_254_740_992_i64, 7]})).unwrap_err();
        assert_eq!(faults.iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(), ["/a", "/b/0"]);
    }
}
