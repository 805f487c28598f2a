//! Every page rendered with an empty, a typical and a worst sample, then read as a browser and a person would.
#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expected by failing")]

mod checklist;
mod contrast;
mod language;
mod markup;
mod privacy;
mod released;
mod sample;
mod snapshot;
mod structure;
mod template;
mod verdict;
mod workbook;
