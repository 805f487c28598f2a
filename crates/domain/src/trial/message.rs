//! What anybody may send about a trial.

use super::state::words;

words!(
    /// What a message about a trial is.
    MessageKind {
        /// Somebody wants to know something.
        Question = "question",
        /// Somebody is not content with what was done.
        Complaint = "complaint",
    }
);
