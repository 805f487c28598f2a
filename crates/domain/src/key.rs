//! Short names that appear in addresses and documents.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be 1 to 64 characters of a to z, 0 to 9, '-', '_' and '.', starting with a letter or digit")]
pub struct KeyError;

/// Whether a text can stand in an address without escaping, on every client: some do not percent-encode.
fn is_key(text: &str) -> bool {
    let first = text.bytes().next();
    text.len() <= 64
        && first.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'))
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads a key; see [`KeyError`] for what is allowed.
            ///
            /// # Errors
            /// When the text is not a key.
            pub fn new(text: &str) -> Result<Self, KeyError> {
                if is_key(text) { Ok(Self(text.into())) } else { Err(KeyError) }
            }

            /// The key as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = KeyError;
            fn try_from(text: String) -> Result<Self, KeyError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> Self {
                key.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

key!(
    /// Name of a trial, unique in the installation.
    TrialKey
);
key!(
    /// Name of an agency, the tenant.
    AgencyKey
);
key!(
    /// Name of an arm, unique in its trial.
    ArmKey
);
key!(
    /// Name of an outcome, unique in its trial.
    OutcomeKey
);
key!(
    /// Name of a place in a service where a version is chosen.
    TouchpointKey
);
key!(
    /// Name of a set of trials that exclude each other.
    LayerKey
);
key!(
    /// Name of a cluster in a trial's roster.
    ClusterKey
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_need_no_escaping_in_an_address() {
        for good in ["a", "open-door", "paid-28d", "9x", "a.b_c"] {
            assert_eq!(TrialKey::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "A", "a b", "a/b", "ā", "a%2f", &"x".repeat(65)] {
            assert_eq!(TrialKey::new(bad), Err(KeyError), "{bad}");
        }
    }
}
