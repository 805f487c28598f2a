//! What can go wrong when keeping things.

use thiserror::Error;

/// Why the store did not do what was asked. Nothing was kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// More work is waiting than may wait; try again shortly.
    #[error("too much work is waiting")]
    Busy,
    /// The database cannot be reached, or its disk is full or failing.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The disk or the file beneath the database fails. What is on it is not known any more, so nothing further is promised: the
    /// process must end, and the next one recovers what was kept.
    #[error("the disk beneath the database fails: {0}")]
    Broken(String),
    /// Something with this name exists already.
    #[error("it exists already")]
    Exists,
    /// What a row refers to is not there, or is not as the caller believed.
    #[error("it is not there any more, or has changed: {0}")]
    Changed(String),
    /// A stored value cannot be read back.
    #[error("a stored value cannot be read: {0}")]
    Damaged(String),
    /// The database address or schema is not usable.
    #[error("{0}")]
    Setup(String),
}

/// SQLite's own words for a disk without room.
const FULL: &str = "database or disk is full";

impl StoreError {
    /// Whether the same comes of it whenever it is tried: what was asked is at fault, or what is kept, and not the moment.
    pub(crate) fn lasts(&self) -> bool {
        matches!(self, Self::Exists | Self::Changed(_) | Self::Damaged(_))
    }

    /// What is told while the disk is full.
    pub(crate) fn full() -> Self {
        Self::Unavailable(FULL.into())
    }

    /// Whether it says that the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Unavailable(why) if why == FULL)
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Exists,
            Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, why) => Self::Changed(why.message().into()),
            // SQLite's own words; the library does not tell its numbers. A full disk is not among them: that passes.
            Error::DatabaseError(_, why)
                if ["disk I/O error", "database disk image is malformed"].contains(&why.message()) =>
            {
                Self::Broken(why.message().into())
            }
            Error::NotFound => Self::Changed("no such row".into()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}
