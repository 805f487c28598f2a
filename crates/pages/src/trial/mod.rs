//! Trials: the list, a new one, and one with its state, signatures and verbs.

mod amend;
mod change;
mod create;
mod list;
mod looks;
mod show;
mod state;
mod verb;
mod versions;
mod watch;

pub use amend::Amend;
pub use change::Change;
pub use create::Create;
pub use list::{List, Row};
pub use looks::{Look, Looks, Watching, corrections, crossing};
pub use show::{Happening, Lack, Progress, Show, Signature};
pub use state::tag;
pub(crate) use verb::button as verb_button;
pub use verb::needs_reason;
pub use versions::{Version, Versions};
pub use watch::Watch;
