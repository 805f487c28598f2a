//! Plans and the life of trials.

pub mod life;
pub mod plan;
pub mod proof;
pub mod report;
pub mod view;
