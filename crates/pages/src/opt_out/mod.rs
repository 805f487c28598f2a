//! Opt-outs, written down for people who call, come in or write.

mod create;

pub use create::{CHANNELS, Create, Created, WHAT};
