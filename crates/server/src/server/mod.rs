//! The running server.

mod ambient;
mod backup;
mod installation;
mod log;
mod metrics;
mod run;
mod state;
mod tail;
mod waiting;

pub use ambient::{SystemClock, SystemRandomness, system_ambient};
pub use backup::{Manifest, Restored, make as make_backup, restore as restore_backup};
pub use installation::{Installation, migrate, open, open_to_serve};
pub(crate) use installation::{database, in_full, present_master_key};
pub use log::{Log, start_log};
pub(crate) use metrics::Counts;
pub use metrics::Metrics;
pub use run::{Bound, bind};
pub use state::State;
pub(crate) use tail::{About, SeenCall, Tail, Verdict};
pub use waiting::open_when_there;
