//! Watching a trial while people are in it: planned looks, giving up, and harm.

mod schedule;

pub use schedule::{Bound, bounds, design, fractions, one_sided_alpha, spending};
