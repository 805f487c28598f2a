//! The only diesel: keeps and returns domain values on SQLite and PostgreSQL.
//!
//! **Architecture invariant:** one query text serves both databases, through [`DbConnection`]. What does not compile on it
//! (upserts, inserts of many rows, row locks) stands in `dialect.rs` and the two hot paths of `writer`, and nowhere else.
//!
//! **Architecture invariant:** every write goes through one bounded queue ([`Store::write`], [`Store::assign`],
//! [`Store::record`]) and is answered after its commit. A full queue refuses; it never grows. Only events may be answered
//! before, when they are on the disk of a [`Spool`], and only while the database is away.

pub mod backup;
mod ballast;
pub mod condition;
mod connection;
mod dialect;
mod error;
mod migrate;
mod origin;
mod records;
mod schema;
mod spool;
mod statement;
mod store;
mod writer;

pub use ballast::{Ballast, DiskRoom};
pub use connection::{DatabaseUrl, DbConnection};
pub use error::StoreError;
pub use origin::on_behalf_of;
pub use records::{
    adoptions, agencies, agreements, alerts, amendments, api_keys, audit, batches, comments, conclusions, declarations,
    deletions, directory, frozen_reports, identities, limits, links, log, log_check, looks, messages, notes, opt_outs,
    origins, outcome_files, people, receipts, receivers, red_checks, reminders, replies, sessions, touches, trials,
    unmaskings,
};
pub use spool::Spool;
pub use store::{Kept, Store};
pub use writer::{
    AssignAnswer, AssignRequest, BurdenCap, Drawing, Limits, Load, Placed, RecordAnswer, RecordRequest, Recorded,
    Unfit, WriterSettings, assign_within, forget_waiting, record_within, waiting_since,
};
