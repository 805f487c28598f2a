//! The protocol id: SHA-256 of the canonical text.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::{document::Protocol, reader};
use crate::{canonical, fault::Fault, json};

/// `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProtocolId(Arc<str>);

/// Why a text is not a protocol id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a protocol id is sha256: and 64 hexadecimal digits")]
pub struct ProtocolIdError;

impl ProtocolId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first twelve digits, enough for people to compare.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(7..19).unwrap_or(&self.0)
    }

    fn of(canonical: &str) -> Self {
        Self(format!("sha256:{}", canonical::sha256_hex(canonical)).into())
    }
}

impl FromStr for ProtocolId {
    type Err = ProtocolIdError;
    fn from_str(text: &str) -> Result<Self, ProtocolIdError> {
        let digits = text.strip_prefix("sha256:").ok_or(ProtocolIdError)?;
        let right = digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if right { Ok(Self(text.into())) } else { Err(ProtocolIdError) }
    }
}

impl TryFrom<String> for ProtocolId {
    type Error = ProtocolIdError;
    fn try_from(text: String) -> Result<Self, ProtocolIdError> {
        text.parse()
    }
}

impl From<ProtocolId> for String {
    fn from(id: ProtocolId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for ProtocolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A protocol together with the exact text that its id stands for.
///
/// The only ways to get one are to read a document, so an id always belongs to what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedProtocol {
    protocol: Protocol,
    canonical: String,
    id: ProtocolId,
}

impl LockedProtocol {
    /// Reads a document as text.
    ///
    /// # Errors
    /// Every fault of the document at once.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Vec<Fault>> {
        let value = json::parse(bytes).map_err(|e| vec![Fault::new("", "not_json", e.to_string())])?;
        Self::from_value(&value)
    }

    /// Reads a document that is parsed already.
    ///
    /// # Errors
    /// Every fault of the document at once.
    pub fn from_value(value: &Value) -> Result<Self, Vec<Fault>> {
        let canonical = canonical::text(value);
        let protocol = reader::read(value);
        match (canonical, protocol) {
            (Ok(canonical), Ok(protocol)) => {
                let id = ProtocolId::of(&canonical);
                Ok(Self { protocol, canonical, id })
            }
            (canonical, protocol) => {
                let mut faults = canonical.err().unwrap_or_default();
                faults.extend(protocol.err().unwrap_or_default());
                Err(faults)
            }
        }
    }

    /// The protocol.
    #[must_use]
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// The canonical text.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &ProtocolId {
        &self.id
    }
}
