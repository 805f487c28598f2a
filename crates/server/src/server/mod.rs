//! The running server.

mod log;
mod run;
mod state;

pub use log::start_log;
pub use run::{Bound, bind};
pub use state::State;
