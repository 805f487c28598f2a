//! Watching a trial while people are in it: planned looks, giving up, and harm.

mod after;
mod boundaries;
mod exact;
mod hold;
mod judge;
mod outlook;
mod schedule;
mod seen;
mod watch;

pub(crate) use after::after_looks;
pub use boundaries::{ArmPlace, Arrival, Boundaries, HarmPlace, RulePlace, arrivals, boundaries, boundaries_ahead};
pub use exact::{EXACT_LOOKS_TOTAL, LookSizes};
pub(crate) use exact::{ExactBound, ExactLooks};
pub use hold::{LATE, followed_up, hold, hold_all};
pub(crate) use hold::{final_bounds, held_at_the_end};
pub use judge::{Due, Judged, LookBounds, LookDecision, due, due_by_calendar, information, judge, look_bounds};
pub use outlook::{Outlook, outlook};
pub use schedule::{Bound, bounds, design, fractions, one_sided_alpha, spending};
pub use seen::{SeenArm, SeenOutcome, seen};
pub use watch::{
    WatchFinding, crossed_by_day, crossed_by_events, error_of_looks, is_watched_daily, watched_at_every_event,
};
