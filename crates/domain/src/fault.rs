//! One thing that is wrong with a document that somebody handed in.

use serde::{Deserialize, Serialize};

/// A fault with its place, a stable code, what is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// JSON pointer (RFC 6901) of the place; empty for the document as a whole.
    pub pointer: String,
    /// Stable code for programs.
    pub code: String,
    /// What is wrong and what to do, in a sentence.
    pub detail: String,
}

impl Fault {
    /// A fault at a place.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }
}
