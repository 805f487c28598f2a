//! The life of a trial: its states, the verbs that move it, and whose signatures it needs.

mod alert;
mod amendment;
mod decision;
mod effects;
mod gate;
mod link;
mod message;
mod notice;
mod part;
mod roles;
mod signature;
pub(crate) mod state;
mod tier;

pub use alert::{AlertKind, AlertMatter, OVERDUE_NOTED, PAST_END_NOTED, RECEIVER_FAILS, RECEIVER_TESTED};
pub use amendment::{AMENDABLE, AmendmentClass, AmendmentEnd, DataSeen, Difference, classify, differences, document};
pub use decision::{Adoption, Decision, FOLLOW_UP_DAYS, follow_up_due};
pub use effects::Effects;
pub use gate::{AssignmentOutcome, Gate, Refusal, Standing, before_draw, group_of, read_attributes};
pub use link::{Authority, LinkId, LinkTerms};
pub use message::MessageKind;
pub use notice::NoticeCode;
pub use part::PlanPart;
pub use roles::{PersonRole, Scope, Scopes};
pub use signature::{Review, SignError, Signature, SignatureKind};
pub use state::{State, Verb, VerbError};
pub use tier::{Assessment, Tier, assess, needed_roles, not_ready};
