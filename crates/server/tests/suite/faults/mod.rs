//! Servers that are killed, cut off and run out of disk under load, judged by a ledger of what they had promised.
//!
//! The callers write every answer down before they count on it. In the end, what is stored must be exactly what was promised:
//! nothing missing, nothing doubled, nobody moved, and the tallies what anybody counts from the rows. Here the faults are few,
//! so that they take seconds; `scripts/soak` runs the same program for long.

pub(crate) mod house;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod proxy;
pub(crate) mod steady;
pub(crate) mod stories;
pub(crate) mod verdict;
pub(crate) mod wire;
