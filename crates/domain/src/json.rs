//! JSON read strictly: no duplicate keys, no NUL characters, no deep nesting, nothing after the end.
//!
//! Databases differ in what they do with such input (one stores a NUL, the other refuses it), and a duplicate key makes
//! two readers see two documents. So they are refused at the door, in one place.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 16;

/// Why a text is not acceptable JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct JsonError(String);

/// Reads one JSON document.
///
/// # Errors
/// When the text is not JSON, holds a duplicate key or a NUL character, nests deeper than [`MAX_DEPTH`], or goes on
/// after the end. The message never repeats a value, which may be a person's data.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut reader).map_err(|e| JsonError(without_values(&e)))?;
    reader.end().map_err(|_| JsonError("there is more text after the end of the JSON document".into()))?;
    Ok(value)
}

/// serde_json's own texts for wrong syntax name a place and no data; others are ours.
fn without_values(error: &serde_json::Error) -> String {
    if error.is_data() || error.is_syntax() || error.is_eof() {
        error.to_string()
    } else {
        "the text could not be read".into()
    }
}

struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Value, E> {
        Number::from_f64(v).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Value, E> {
        if v.contains('\0') {
            return Err(E::custom("a text holds a NUL character"));
        }
        Ok(Value::String(v.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            match access.next_element_seed(self.deeper()?)? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if key.contains('\0') {
                return Err(A::Error::custom("a name holds a NUL character"));
            }
            if map.contains_key(&key) {
                return Err(A::Error::custom("the same name stands twice in one object"));
            }
            let value = access.next_value_seed(self.deeper()?)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ordinary_documents() {
        assert_eq!(parse(br#"{"a":[1,2.5,"x",null,true]}"#).unwrap(), serde_json::json!({"a":[1,2.5,"x",null,true]}));
    }

    #[test]
    fn refuses_what_two_readers_could_see_differently() {
        for bad in [
            &b""[..],
            b"{",
            b"{\"a\":1,\"a\":2}",
            b"{\"x\":{\"a\":1,\"a\":1}}",
            b"\"\\u0000\"",
            b"{\"\\u0000\":1}",
            b"1 2",
            b"{} x",
            b"NaN",
            b"1e400",
            b"\xff",
            b"\xef\xbb\xbf{}",
            b"\"\\ud800\"",
            b"{'a':1}",
            b"[1,]",
        ] {
            assert!(parse(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn refuses_deep_nesting_without_using_the_stack() {
        let at = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(at(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(at(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
