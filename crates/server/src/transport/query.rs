//! The part of an address after the question mark.

use std::collections::BTreeMap;

use super::percent::decode;
use crate::problem::{Code, Problem};

/// The query's parameters, each of which a row of the route table names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// When it has other parameters than these, one twice, or a wrong escape. Names that are not known are not repeated:
    /// somebody may have put a key there.
    pub fn read(text: &str, known: &[&'static str]) -> Result<Self, Problem> {
        let mut read = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let malformed =
                || Problem::new(Code::MalformedRequest, "A percent sign in the query does not make a text.");
            let name = decode(&name.replace('+', " ")).ok_or_else(malformed)?;
            let value = decode(&value.replace('+', " ")).ok_or_else(malformed)?;
            let Some(name) = known.iter().find(|known| **known == name) else {
                return Err(Problem::new(Code::UnknownParameter, expected(known)));
            };
            if read.insert(*name, value).is_some() {
                return Err(Problem::new(Code::MalformedRequest, format!("The parameter {name} stands twice.")));
            }
        }
        Ok(Self(read))
    }

    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether a parameter says yes.
    ///
    /// # Errors
    /// When it is there and neither `true` nor `false`.
    pub fn is_true(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::new(Code::MalformedRequest, format!("{name} is true or false."))),
        }
    }
}

fn expected(known: &[&'static str]) -> String {
    if known.is_empty() { "There are none here.".into() } else { format!("Known are: {}.", known.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_known_parameter_once() {
        let query = Query::read("day=2026-11-23&dry_run=true", &["day", "dry_run"]).unwrap();
        assert_eq!((query.get("day"), query.is_true("dry_run").unwrap()), (Some("2026-11-23"), true));
        assert_eq!(Query::read("", &["day"]).unwrap(), Query::default());
        for (bad, code) in [
            ("day=1&day=2", Code::MalformedRequest),
            ("day=1&d%61y=2", Code::MalformedRequest),
            ("day=%ff", Code::MalformedRequest),
            ("day[]=1", Code::UnknownParameter),
            ("key=secret-key", Code::UnknownParameter),
        ] {
            let problem = Query::read(bad, &["day"]).unwrap_err();
            assert_eq!(problem.code, code, "{bad}");
            assert!(!problem.detail.contains("secret"));
        }
        assert!(Query::read("dry_run=maybe", &["dry_run"]).unwrap().is_true("dry_run").is_err());
    }
}
