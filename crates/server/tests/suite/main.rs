//! The server and its command line, driven from outside.

mod client;
mod command;
mod running;
mod stats;
mod transport;
