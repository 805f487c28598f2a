//! Coming in.

mod sign_in;

pub use sign_in::{Refused, SignIn};
