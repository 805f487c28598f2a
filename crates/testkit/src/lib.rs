//! Sample trials, fixed clock, test databases, state as text. A development dependency only.

pub mod database;
pub mod size;
