//! Accounts, sessions, keys and agencies.

pub mod accounts;
pub mod agencies;
pub mod api_keys;
mod limits;
mod own_account;
mod password;
pub mod sessions;
pub mod setup;
