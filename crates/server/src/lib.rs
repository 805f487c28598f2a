//! The only actix-web: configuration, routes, handlers and the `fairtrial` program.
//!
//! **Architecture invariant:** a handler parses into domain types, calls one use case and turns its answer into JSON or a
//! page. It decides nothing itself.

pub mod alerts;
pub mod command;
pub mod config;
pub mod problem;
pub mod routes;
pub mod server;
pub mod transport;

pub mod access;

mod api;
mod calendar_file;
mod pages;
