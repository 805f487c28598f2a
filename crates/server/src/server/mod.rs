//! The running server.

mod ambient;
mod installation;
mod log;
mod metrics;
mod run;
mod state;

pub use ambient::{SystemClock, SystemRandomness, system_ambient};
pub(crate) use installation::in_full;
pub use installation::{Installation, migrate, open, open_with};
pub use log::start_log;
pub(crate) use metrics::Counts;
pub use metrics::Metrics;
pub use run::{Bound, bind};
pub use state::State;
