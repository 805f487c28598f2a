//! Reading an object field by field, keeping every fault instead of stopping at the first.

use fairtrial_domain::{Fault, canonical};
use serde_json::{Map, Value};

use crate::problem::{Code, Problem};

/// Whole numbers up to here have one way of being kept as a JSON number with a point.
const LARGEST_WITH_POINT: f64 = 9_007_199_254_740_992.0;

/// A whole number, not negative: JSON knows no difference between 3 and 3.0.
pub fn whole(value: &Value) -> Option<u64> {
    let with_point = || {
        let number =
            value.as_f64().filter(|number| (0.0..=LARGEST_WITH_POINT).contains(number) && number.fract() == 0.0)?;
        format!("{number:.0}").parse().ok()
    };
    value.as_u64().or_else(with_point)
}

/// An object whose fields are taken out one by one; what is left over at the end is not known here.
#[derive(Debug)]
pub struct Fields {
    map: Map<String, Value>,
    faults: Vec<Fault>,
    known: Vec<&'static str>,
}

impl Fields {
    /// Begins to read.
    ///
    /// # Errors
    /// When the document is not an object.
    pub fn new(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(map) => Ok(Self { map, faults: Vec::new(), known: Vec::new() }),
            _ => {
                let fault = Fault::new("", "wrong_type", "the body must be a JSON object");
                Err(Problem::with_errors(Code::InvalidBody, vec![fault]))
            }
        }
    }

    fn fault(&mut self, name: &str, code: &str, detail: impl Into<String>) {
        self.faults.push(Fault::new(format!("/{}", canonical::escape(name)), code, detail));
    }

    /// A field that may be absent or null.
    pub fn optional(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// A field that must be there.
    pub fn needed(&mut self, name: &'static str) -> Option<Value> {
        let value = self.optional(name);
        if value.is_none() {
            self.fault(name, "missing_field", "this field is needed");
        }
        value
    }

    /// Reads a value with a function whose error is a code and a sentence; the faults are kept.
    pub fn read<T>(
        &mut self,
        name: &'static str,
        value: Option<Value>,
        read: impl FnOnce(Value) -> Result<T, (&'static str, String)>,
    ) -> Option<T> {
        match read(value?) {
            Ok(value) => Some(value),
            Err((code, detail)) => {
                self.fault(name, code, detail);
                None
            }
        }
    }

    fn text_of(&mut self, name: &'static str, value: Option<Value>) -> Option<String> {
        self.read(name, value, |value| match value {
            Value::String(text) => Ok(text),
            _ => Err(("wrong_type", "must be a text".into())),
        })
    }

    /// A text that must be there.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let value = self.needed(name);
        self.text_of(name, value)
    }

    /// A text that may be absent.
    pub fn optional_text(&mut self, name: &'static str) -> Option<String> {
        let value = self.optional(name);
        self.text_of(name, value)
    }

    /// A yes or no that is no when absent.
    pub fn flag(&mut self, name: &'static str) -> bool {
        let value = self.optional(name);
        let read =
            self.read(name, value, |value| value.as_bool().ok_or(("wrong_type", "must be true or false".into())));
        read.unwrap_or(false)
    }

    /// An object that is empty when absent.
    pub fn object(&mut self, name: &'static str) -> Map<String, Value> {
        let value = self.optional(name);
        let read = self.read(name, value, |value| match value {
            Value::Object(map) => Ok(map),
            _ => Err(("wrong_type", "must be an object".into())),
        });
        read.unwrap_or_default()
    }

    /// A list that must be there.
    pub fn list(&mut self, name: &'static str) -> Option<Vec<Value>> {
        let value = self.needed(name);
        self.read(name, value, |value| match value {
            Value::Array(items) => Ok(items),
            _ => Err(("wrong_type", "must be a list".into())),
        })
    }

    /// Ends the reading with what was built from the fields.
    ///
    /// # Errors
    /// Every fault found, and every field that nobody asked for.
    pub fn finish<T>(mut self, built: Option<T>) -> Result<T, Problem> {
        for name in std::mem::take(&mut self.map).keys() {
            let known = self.known.join(", ");
            self.fault(name, "unknown_field", format!("this field is not known here; known are: {known}"));
        }
        match built {
            Some(built) if self.faults.is_empty() => Ok(built),
            _ => Err(Problem::with_errors(Code::InvalidBody, self.faults)),
        }
    }
}

/// Reads a text that must be one of some words.
///
/// # Errors
/// A code and the words that would fit.
pub fn one_of<'a>(value: &Value, words: &[&'a str]) -> Result<&'a str, (&'static str, String)> {
    let found = value.as_str().and_then(|text| words.iter().find(|word| **word == text));
    found.copied().ok_or_else(|| ("out_of_range", format!("must be one of: {}", words.join(", "))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_fault_is_found_with_its_place() {
        let mut fields = Fields::new(json!({"unit": 7, "dry_run": "yes", "a/b": 1, "cluster": null})).unwrap();
        assert_eq!(fields.text("unit"), None);
        assert_eq!(fields.optional_text("cluster"), None);
        assert!(!fields.flag("dry_run"));
        assert_eq!(fields.text("kind"), None);
        let problem = fields.finish(Some(())).unwrap_err();
        let found: Vec<(&str, &str)> = problem.errors.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        let wanted = [
            ("/unit", "wrong_type"),
            ("/dry_run", "wrong_type"),
            ("/kind", "missing_field"),
            ("/a~1b", "unknown_field"),
        ];
        assert_eq!(found, wanted);
        assert_eq!(problem.code.status(), 400);
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        for (value, wanted) in [
            (json!(3), Some(3)),
            (json!(3.0), Some(3)),
            (json!(u64::MAX), Some(u64::MAX)),
            (json!(9_007_199_254_740_992.0), Some(9_007_199_254_740_992)),
            (json!(1e17), None),
            (json!(3.5), None),
            (json!(-1), None),
            (json!(-1.0), None),
            (json!("3"), None),
        ] {
            assert_eq!(whole(&value), wanted, "{value}");
        }
    }

    #[test]
    fn a_whole_object_passes() {
        let mut fields =
            Fields::new(json!({"unit": "u-1", "attributes": {"region": "north"}, "dry_run": true})).unwrap();
        assert_eq!(fields.text("unit").as_deref(), Some("u-1"));
        assert_eq!(fields.object("attributes").len(), 1);
        assert!(fields.flag("dry_run"));
        assert!(fields.finish(Some(())).is_ok());
        assert!(Fields::new(json!([])).is_err());
    }
}
