//! The first administrator of a new installation.

mod create;

pub use create::Create;
