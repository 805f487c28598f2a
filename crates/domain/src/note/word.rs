//! Codes that callers choose from lists of their own: reasons, kinds, channels.

use std::fmt;

use thiserror::Error;

/// A short code such as `hearing` or `letter-unreadable`. It is a name from a list, never a sentence about a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeWord(String);

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a code is 1 to 64 characters of a to z, 0 to 9, '-', '_' and '.', starting with a letter")]
pub struct CodeWordError;

impl CodeWord {
    /// Reads a code.
    ///
    /// # Errors
    /// When the text has other characters than those of a code.
    pub fn new(text: &str) -> Result<Self, CodeWordError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if starts && text.len() <= 64 && text.bytes().all(allowed) && crate::identity::recognise(text).is_none() {
            Ok(Self(text.to_owned()))
        } else {
            Err(CodeWordError)
        }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CodeWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_no_sentence_and_no_identifier() {
        for good in ["hearing", "letter-unreadable", "care.language", "x9_1"] {
            assert!(CodeWord::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Hearing", "he is deaf", "9x", "021-123-4567", "zzz0016", &"x".repeat(65)] {
            assert_eq!(CodeWord::new(bad), Err(CodeWordError), "{bad}");
        }
    }
}
