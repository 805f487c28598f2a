//! For programs: bodies into domain values, answers into JSON.

pub(crate) mod description;
pub(crate) mod health;
