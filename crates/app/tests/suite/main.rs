//! The use cases on both databases.

mod demonstration;
mod stage;
