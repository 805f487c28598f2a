//! The use cases on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod alerts;
mod allocation;
mod always;
mod analysed;
mod as_at;
mod attention;
mod changes;
mod connect;
mod contact_centre;
mod correcting;
mod declared;
mod demonstration;
mod four_eyes;
mod frontline;
mod full_disk;
mod grid;
mod kept_fold;
mod learned;
mod life;
mod links;
mod looks;
mod numbers;
mod one_cut;
mod one_place;
mod outcome_files;
mod people;
mod refused;
mod restart;
mod retention;
mod reviews;
mod same_person;
mod stage;
mod together;
mod walk;
mod wishes;
