//! Why a use case did not do what was asked.

use fairtrial_domain::Fault;
use fairtrial_store::StoreError;
use thiserror::Error;

/// Why not. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AppError {
    /// Nobody is signed in, or the key is not valid.
    #[error("sign in, or send a valid key")]
    Unauthenticated,
    /// Whoever asks may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or it belongs to another agency: the two look the same.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// What was sent is wrong, place by place.
    #[error("what was sent has {} that must be mended", faults(.0.len()))]
    Invalid(Vec<Fault>),
    /// What was asked does not fit how things stand.
    #[error("{detail}")]
    Conflict {
        /// Stable code.
        code: &'static str,
        /// What is in the way and what to do.
        detail: String,
    },
    /// Too many wrong attempts; try again later.
    #[error("too many attempts; try again in {seconds} seconds")]
    TooManyAttempts {
        /// Seconds to wait.
        seconds: i64,
    },
    /// More work is waiting than may wait; try again shortly.
    #[error("too much work is waiting; try again in a moment")]
    Busy,
    /// The database is not available.
    #[error("the database is not available; try again in a moment")]
    Unavailable(String),
    /// A fault of ours.
    #[error("something went wrong on our side")]
    Internal(String),
}

fn faults(n: usize) -> String {
    if n == 1 { "one fault".into() } else { format!("{n} faults") }
}

impl AppError {
    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    /// Whether it is nothing that the caller could mend: no room, no database, or a fault of ours.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_) | Self::Internal(_))
    }

    /// One fault in what was sent: its place, a stable code, and what is wrong in a clause.
    #[must_use]
    pub fn invalid(pointer: &str, code: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, detail)])
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Unavailable(why) | StoreError::Broken(why) => Self::Unavailable(why),
            StoreError::Exists => Self::conflict("already_exists", "something with this name exists already"),
            StoreError::Changed(why) => Self::Conflict { code: "changed_meanwhile", detail: why },
            StoreError::Damaged(why) | StoreError::Setup(why) => Self::Internal(why),
        }
    }
}
