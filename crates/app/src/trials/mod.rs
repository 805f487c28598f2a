//! Plans and the life of trials.

pub mod amend;
pub mod as_at;
pub mod bundle;
pub mod comments;
pub mod conclude;
pub mod data;
pub mod explore;
pub mod guide;
pub mod inbox;
pub mod life;
pub mod link;
pub mod plan;
pub mod privacy;
pub mod proof;
mod refuse;
pub mod rehearsal;
pub mod release;
pub mod report;
pub mod retention;
pub(crate) mod review;
pub mod reviews;
pub mod rules;
pub mod view;
