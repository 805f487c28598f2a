//! The small tables, one file a noun. Functions take a connection and run inside the caller's transaction.

pub mod adoptions;
pub mod agencies;
pub mod agreements;
pub mod amendments;
pub mod api_keys;
pub mod audit;
mod audit_check;
pub mod batches;
pub mod comments;
pub mod conclusions;
pub mod declarations;
pub mod directory;
pub mod frozen_reports;
pub mod identities;
pub mod limits;
pub mod links;
pub mod log;
pub mod looks;
pub mod notes;
pub mod opt_outs;
pub mod origins;
pub mod people;
pub mod receipts;
pub mod replies;
pub mod sessions;
pub mod touches;
pub mod trials;
