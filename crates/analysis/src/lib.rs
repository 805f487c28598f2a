//! Locked protocol and evidence in, report and verdict out. Pure.
//!
//! **Architecture invariant:** a verdict depends on the locked protocol and the evidence alone. There is no clock, no
//! configuration and no caller's choice in between, so that anybody who holds the two gets the same verdict for ever.
//!
//! The way through: [`sample`] reads the evidence under the plan's missing policy, [`integrity`] asks whether it can be
//! read at all, [`comparison`] estimates, [`claims`] tests what the decision rule asks, [`verdict`] decides, and
//! [`words`] says it. [`analyse`] does all of it and returns the [`Report`].

pub mod adjusting;
mod analyse;
mod baseline;
pub mod bundle;
pub mod claims;
pub mod comparison;
mod cost;
mod course;
mod deal;
pub mod design;
mod equity;
pub mod explore;
mod flow;
mod got_it;
pub mod integrity;
pub mod looks;
mod missing_bounds;
pub mod monitor;
pub mod pooling;
pub mod preview;
pub mod reading;
pub mod redraw;
pub mod rehearse;
pub mod release;
pub mod report;
pub mod sample;
pub mod tabular;
mod together;
pub mod verdict;
pub mod words;

pub use analyse::analyse;
pub use fairtrial_stats::Guarantee;
pub use report::Report;
