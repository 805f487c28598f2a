//! The store on both of its databases: every story runs on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod agreement;
mod alerts;
mod assigning;
mod audit;
mod correcting;
mod full_disk;
mod guards;
mod history;
mod installation;
mod limits;
mod long_reader;
mod migrations;
mod notes;
mod order;
mod plans;
mod races;
mod receipts;
mod recording;
mod small_tables;
mod spooling;
mod tampering;
mod trials;
mod writer;
