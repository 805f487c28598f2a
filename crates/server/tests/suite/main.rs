//! The server and its command line, driven from outside.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says what it expected by failing")]

mod audit;
mod audited;
mod backup;
mod batches;
mod browser;
mod client;
mod command;
mod concealment;
mod contract;
mod corpus;
mod damage;
mod drain;
mod durability;
mod events;
mod faces;
mod faults;
mod frontline;
mod guide;
mod identities;
mod journey;
mod links;
mod management;
mod migrating;
mod notes;
mod ofrep;
mod overload;
mod plan;
mod register;
mod rights;
mod running;
mod screens;
mod stats;
mod transport;
mod verbs;
mod waiting;
