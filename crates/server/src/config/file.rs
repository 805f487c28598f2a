//! `fairtrial.toml`.

use std::{collections::BTreeMap, io::ErrorKind, path::Path};

use toml::{Table, Value};

use super::sources::{ConfigError, SETTINGS};

/// The file that is read when no other is named.
pub(super) const DEFAULT: &str = "fairtrial.toml";

/// Reads a file of settings. A file that was named must exist; the one that is read by default need not.
pub(super) fn read(path: &Path, must_exist: bool) -> Result<BTreeMap<&'static str, String>, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => return Ok(BTreeMap::new()),
        Err(error) => return Err(ConfigError::new(path.display().to_string(), format!("cannot be read: {error}"))),
    };
    parse(&text).map_err(|(place, what)| ConfigError::new(format!("{}{place}", path.display()), what))
}

/// Reads the text of such a file; an error has a place to be added to the file's name.
fn parse(text: &str) -> Result<BTreeMap<&'static str, String>, (String, String)> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        // The library's own text repeats the line, which may hold a password.
        (String::new(), format!("is not TOML: {}", error.message()))
    })?;
    let mut found = BTreeMap::new();
    for (name, value) in table {
        let place = format!(": {name}");
        let Some(setting) = SETTINGS.iter().find(|setting| setting.file_name() == name) else {
            let known: Vec<String> = SETTINGS.iter().map(|setting| setting.file_name()).collect();
            return Err((place, format!("is no setting; known are: {}", known.join(", "))));
        };
        let text = match value {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            _ => return Err((place, "must be a text or a whole number".into())),
        };
        found.insert(setting.name, text);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_texts_and_numbers() {
        let read = parse("listen = \"127.0.0.1:0\"\nworkers = 3\ndatabase_url = \"sqlite:x.db\"").unwrap();
        assert_eq!(read["listen"], "127.0.0.1:0");
        assert_eq!(read["workers"], "3");
        assert_eq!(read["database-url"], "sqlite:x.db");
    }

    #[test]
    fn refuses_what_it_does_not_know_without_repeating_values() {
        for (text, place) in [("listn = \"x\"", ": listn"), ("listen = [1]", ": listen"), ("data = 'secret", "")] {
            let (at, what) = parse(text).unwrap_err();
            assert_eq!(at, place);
            assert!(!what.contains("secret"), "{what}");
        }
    }
}
