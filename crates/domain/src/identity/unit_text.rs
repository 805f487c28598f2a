//! The text by which an agency's own system names a unit, for as long as one request lasts.

use std::fmt;

use thiserror::Error;

use super::real_identifier::{RealIdentifier, recognise};

/// Longest unit text.
const MAX_LENGTH: usize = 128;

/// Why a unit text is refused. The text itself is never part of the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnitTextError {
    /// Empty, too long, or with characters that two systems may write in two ways.
    #[error("a unit is 1 to 128 characters of A to Z, a to z, 0 to 9 and . _ : ~ + = / -")]
    Malformed,
    /// It looks like something that identifies a person outside the agency's own system.
    #[error("the unit looks like {0}; send a code that your system made for this purpose instead")]
    LooksLikeIdentifier(RealIdentifier),
}

/// A unit as the caller names it. It is turned into a [`super::Pseudonym`] at the border and never stored, logged, or printed.
#[derive(Clone, PartialEq, Eq)]
pub struct UnitText(String);

impl UnitText {
    /// Reads a unit text.
    ///
    /// # Errors
    /// When it has other characters than plain ASCII ones, is too long, or looks like a real identifier.
    pub fn new(text: &str) -> Result<Self, UnitTextError> {
        // A number of a person is one also behind the name of its scheme.
        let bare = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).map(|(_, rest)| rest);
        if let Some(kind) = recognise(text).or_else(|| bare.and_then(recognise)) {
            return Err(UnitTextError::LooksLikeIdentifier(kind));
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:~+=/-".contains(&b);
        if text.is_empty() || text.len() > MAX_LENGTH || !text.bytes().all(allowed) {
            return Err(UnitTextError::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The scheme in which the unit is named, when it is written in front with a colon: `web` of `web:7f3a`.
    ///
    /// The scheme is part of the name: `web:17` and `customer:17` are two units until somebody says that they are one person.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        self.0.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| is_scheme(scheme))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A name such as `web` or `customer`: 2 to 32 small letters, digits and hyphens that begin with a letter.
fn is_scheme(text: &str) -> bool {
    (2..=32).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl fmt::Debug for UnitText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnitText(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_codes_and_refuses_what_two_systems_write_in_two_ways() {
        for good in ["u1", "blackbox-17", "0198f1c2-7d3e-7000-8000-0123456789ab", "c2VjcmV0IGNvZGU=", "a/b+c~d"] {
            assert!(UnitText::new(good).is_ok(), "{good}");
        }
        let long = "x".repeat(129);
        for bad in ["", " a", "a b", "é", "a\u{200d}b", "１２", "<b>", "a\n", "${jndi:x}", "' OR 1=1 --", &long] {
            assert_eq!(UnitText::new(bad), Err(UnitTextError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn a_scheme_stands_in_front_and_hides_no_number_of_a_person() {
        assert_eq!(UnitText::new("customer:0198f1c2").unwrap().scheme(), Some("customer"));
        for none in ["0198f1c2", "C:17", "x:17", ":17", "9a:17"] {
            assert_eq!(UnitText::new(none).unwrap().scheme(), None, "{none}");
        }
        for hidden in ["customer:021-123-4567", "health:zzz0016"] {
            assert!(matches!(UnitText::new(hidden), Err(UnitTextError::LooksLikeIdentifier(_))), "{hidden}");
        }
    }

    #[test]
    fn never_prints_itself() {
        assert_eq!(format!("{:?}", UnitText::new("secret-code").unwrap()), "UnitText(..)");
    }
}
