//! Numbers as sentences that everybody can read.
//!
//! A binary outcome is told in people per 100: whole ones, or one decimal when the difference is below 2 in 100. Other
//! outcomes are told as averages, with no more digits than their interval supports.

mod headline;
mod number;

pub use headline::{
    Shortfall, Subject, comparison_sentence, failed, given_up, harmful, interval_phrase, invalid, keep_going,
    not_worse, succeeded, undecided,
};
pub use number::{Scale, decimals, grouped, plural, rounded_up};
