//! Locked protocol and evidence in, report and verdict out. Pure.
//!
//! **Architecture invariant:** a verdict depends on the locked protocol and the evidence alone. There is no clock, no
//! configuration and no caller's choice in between, so that anybody who holds the two gets the same verdict for ever.

pub mod report;

pub use report::Report;
