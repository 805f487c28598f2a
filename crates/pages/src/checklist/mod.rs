//! The checklist of CONSORT 2025 for reports of trials, answered from the record of a trial: what is on record, and by name what
//! is not. Numbers come as released ones only.
//!
//! Sources: the items are those of Hopewell and others, CONSORT 2025 statement, PLOS Medicine 22(4): e1004587 (doi
//! 10.1371/journal.pmed.1004587), in our own words; for whole groups Campbell and others, BMJ 2012;345:e5661; for stepped wedges
//! Hemming and others, BMJ 2018;363:k1614.

mod answer;
mod before;
mod csv;
mod groups;
mod item;
mod methods;
mod record;
mod results;
mod show;

pub use self::csv::csv;
pub use answer::{Answer, Standing};
pub use item::{Checklist, Item};
pub use record::{Reader, Record};
pub use show::Show;
