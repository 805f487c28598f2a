//! Forms as browsers send them.

use std::collections::BTreeMap;

use actix_multipart::Multipart;
use actix_web::{dev::Payload, http::header::HeaderMap};
use tokio::time::{Instant, timeout_at};

use super::{body, percent::decode_lines};
use crate::problem::{Code, Problem};

/// Most bytes of a form with a file in it.
const LARGEST: usize = 1024 * 1024 + 64 * 1024;

/// Most parts of such a form.
const MOST_PARTS: usize = 16;

/// The fields of a form; each is known by name to the row that reads it.
#[derive(Debug, Clone, Default)]
pub struct Form {
    fields: BTreeMap<&'static str, Vec<String>>,
    /// The one field that is a file, as it came.
    file: Vec<u8>,
}

impl Form {
    /// Reads the plain kind.
    ///
    /// # Errors
    /// When it has other fields than these or a wrong escape. A field that our page does not have was put there by
    /// somebody else.
    pub fn read(text: &str, known: &[&'static str]) -> Result<Self, Problem> {
        let mut form = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let malformed =
                || Problem::new(Code::MalformedRequest, "The form has an escape that does not make a text.");
            let name = decode_lines(&name.replace('+', " ")).ok_or_else(malformed)?;
            let value = decode_lines(&value.replace('+', " ")).ok_or_else(malformed)?;
            form.add(&name, value, known)?;
        }
        Ok(form)
    }

    /// Reads the kind with files in it. Names of files are not looked at. The field `file` may hold anything; what is in the others is
    /// text.
    ///
    /// # Errors
    /// As [`Self::read`], and when it is too large, has too many parts, or comes too slowly.
    pub async fn read_parts(
        headers: &HeaderMap,
        payload: Payload,
        known: &[&'static str],
        file: Option<&'static str>,
    ) -> Result<Self, Problem> {
        body::check_length(headers, LARGEST)?;
        let malformed = || Problem::new(Code::MalformedRequest, "The form's parts cannot be read.");
        let mut parts = Multipart::new(headers, payload);
        let mut form = Self::default();
        let (began, mut size, mut count) = (Instant::now(), 0, 0);
        loop {
            let next = timeout_at(began + body::patience(size), body::next_of(&mut parts)).await;
            let Some(part) = next.map_err(|_| body::too_slow())? else { return Ok(form) };
            let mut part = part.map_err(|_| malformed())?;
            count += 1;
            if count > MOST_PARTS {
                return Err(malformed());
            }
            let name = part.name().ok_or_else(malformed)?.to_owned();
            let mut bytes = Vec::new();
            while let Some(chunk) = timeout_at(began + body::patience(size), body::next_of(&mut part))
                .await
                .map_err(|_| body::too_slow())?
            {
                let chunk = chunk.map_err(|_| malformed())?;
                size += chunk.len();
                if size > LARGEST {
                    return Err(body::too_large(LARGEST));
                }
                bytes.extend_from_slice(&chunk);
            }
            if Some(name.as_str()) == file {
                if !form.file.is_empty() {
                    return Err(malformed());
                }
                form.file = bytes;
                continue;
            }
            let text = String::from_utf8(bytes).map_err(|_| malformed())?;
            form.add(&name, text, known)?;
        }
    }

    fn add(&mut self, name: &str, value: String, known: &[&'static str]) -> Result<(), Problem> {
        let name = known.iter().chain(&["csrf"]).find(|known| **known == name);
        let Some(name) = name else {
            return Err(Problem::new(Code::InvalidBody, "The form has a field that its page does not have."));
        };
        self.fields.entry(name).or_default().push(value);
        Ok(())
    }

    /// The value of a field; empty when it was not sent or was sent twice, which no page of ours does.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        match self.fields.get(name).map(Vec::as_slice) {
            Some([only]) => only,
            _ => "",
        }
    }

    /// All values of a field of which several can be chosen.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// What the field holds that was read as a file.
    #[must_use]
    pub fn file(&self) -> &[u8] {
        &self.file
    }

    pub(super) fn csrf(&self) -> &str {
        self.get("csrf")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_page_has_and_nothing_else() {
        let form = Form::read("name=a+b%0D%0A&scope=assign&scope=events%3Awrite&csrf=t", &["name", "scope"]).unwrap();
        assert_eq!((form.get("name"), form.csrf()), ("a b\r\n", "t"));
        assert_eq!(form.all("scope"), ["assign", "events:write"]);
        assert_eq!(form.get("missing"), "");
        // What is sent twice is not one answer.
        assert_eq!(form.get("scope"), "");
        for bad in ["agency_id=1", "name=%ff", "name=%00", "role[]=x"] {
            assert!(Form::read(bad, &["name"]).is_err(), "{bad}");
        }
    }
}
