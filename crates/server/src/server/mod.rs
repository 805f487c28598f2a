//! The running server.

mod ambient;
mod installation;
mod log;
mod run;
mod state;

pub use ambient::system_ambient;
pub use installation::{Installation, migrate, open};
pub use log::start_log;
pub use run::{Bound, bind};
pub use state::State;
