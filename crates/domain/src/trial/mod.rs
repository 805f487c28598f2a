//! The life of a trial: its states, the verbs that move it, and whose signatures it needs.

mod gate;
mod notice;
mod roles;
mod signature;
pub(crate) mod state;

pub use gate::{AssignmentOutcome, Gate, Refusal, Standing, before_draw, group_of, read_attributes};
pub use notice::NoticeCode;
pub use roles::{PersonRole, Scope};
pub use signature::{Signature, missing_signatures, needed_roles};
pub use state::{State, Verb, VerbError};
