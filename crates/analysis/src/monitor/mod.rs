//! Watching a trial while people are in it: planned looks, giving up, and harm.

mod judge;
mod schedule;

pub use judge::{Due, Judged, LookBounds, LookDecision, due, judge, look_bounds};
pub use schedule::{Bound, bounds, design, fractions, one_sided_alpha, spending};
