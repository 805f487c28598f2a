//! For programs: bodies into domain values, answers into JSON.

pub(crate) mod assignments;
pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod bundle;
pub(crate) mod calendar;
pub(crate) mod description;
pub(crate) mod event_formats;
pub(crate) mod events;
pub(crate) mod flag_stream;
pub(crate) mod health;
pub(crate) mod identities;
pub(crate) mod links;
pub(crate) mod notes;
pub(crate) mod ofrep;
mod once;
pub(crate) mod opt_outs;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod spreadsheet;
pub(crate) mod trials;
