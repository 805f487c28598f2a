//! What everybody may see without signing in: the register, and what a trial's letter leads to.
//!
//! **Architecture invariant:** nothing here takes an actor, and nothing here returns a number of people that has not passed
//! [`fairtrial_analysis::release`].

pub mod messages;
pub mod register;
pub mod removal;
pub mod result;
