//! The use cases on both databases.

mod demonstration;
mod frontline;
mod life;
mod people;
mod restart;
mod stage;
